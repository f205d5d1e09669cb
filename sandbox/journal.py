"""The journal: an append-only file of JSON lines that several processes share.

Writers take a lock, read what others appended, decide, and append. A line torn by a killed
process is cut off by the next writer; readers never look past the last whole line.
"""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """One file, followed: `apply` is called once for every entry, in the order of the file."""

    def __init__(
        self, path: Path, apply: Callable[[Entry], None], reset: Callable[[], None]
    ) -> None:
        self._path = path
        self._apply = apply
        self._reset = reset
        self._offset = 0
        self._identity: tuple[int, int] | None = None
        self._thread_lock = threading.RLock()
        self._handle: int | None = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the state still, with everything in it that was written so far."""
        with self._thread_lock:
            if self._handle is not None or not self._path.exists():
                yield
                return
            with self._open(os.O_RDONLY, fcntl.LOCK_SH) as handle:
                self._follow(handle)
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the state, alone among all processes, so that `append` may be called."""
        with self._thread_lock:
            if self._handle is not None:
                yield
                return
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._open(os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX) as handle:
                self._follow(handle)
                os.ftruncate(handle, self._offset)
                self._handle = handle
                try:
                    yield
                finally:
                    self._handle = None

    def append(self, entry: Entry) -> None:
        """Write one entry and apply it; only inside `writing`."""
        if self._handle is None:
            message = "append is for inside writing()"
            raise RuntimeError(message)
        line = json.dumps(entry, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        os.lseek(self._handle, self._offset, os.SEEK_SET)
        written = os.write(self._handle, line)
        while written < len(line):
            written += os.write(self._handle, line[written:])
        self._offset += len(line)
        self._apply(entry)

    @contextmanager
    def _open(self, flags: int, lock: int) -> Iterator[int]:
        handle = os.open(self._path, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, lock)
            yield handle
        finally:
            os.close(handle)

    def _follow(self, handle: int) -> None:
        status = os.fstat(handle)
        identity = (status.st_dev, status.st_ino)
        if identity != self._identity or status.st_size < self._offset:
            self._reset()
            self._identity, self._offset = identity, 0
        if status.st_size == self._offset:
            return
        os.lseek(handle, self._offset, os.SEEK_SET)
        with os.fdopen(os.dup(handle), "rb") as stream:
            fresh = stream.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._apply(json.loads(line))
