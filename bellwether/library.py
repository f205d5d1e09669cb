"""The operator's folders, looked at on every tick: what changed is taken in, or told to be wrong.

A file that cannot be understood leaves everything as it was good last, and the operator is told
once for each content, with file, line, what was found and what is allowed.
"""

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from bellwether.errors import Unreadable
from bellwether.house import all_playbooks
from bellwether.models import ENDINGS
from bellwether.settings import Settings
from bellwether.tidings import tell
from playbooks.errors import PlaybookError
from playbooks.playbook import Playbook
from service.ports import Clock, House
from templates.check import check_words, faults_of

logger = logging.getLogger(__name__)

LONGEST_NOTE: Final = 1500
TROUBLE: Final = "operators-folder"


class Library:
    """What the operator's folders hold; `house` answers the house with the newest good of it."""

    def __init__(self, settings: Settings, house: House) -> None:
        self._settings = settings
        self._playbooks: tuple[Playbook, ...] = house.playbooks
        self._seen: dict[str, str] = {"playbooks": "", "templates": ""}
        self._kept = tempfile.TemporaryDirectory(prefix="bellwether-words-")
        # A link to the last good words, so that whoever was given it once always finds those.
        self._templates = Path(self._kept.name) / "good"
        if house.mail.templates is not None:
            self._use(house.mail.templates.absolute())

    def house(self, house: House, clock: Clock) -> House:
        """Look at the folders; return the house with what is good in them."""
        self._look_at_playbooks(house, clock)
        self._look_at_templates(house, clock)
        return replace(self.worded(house), playbooks=self._playbooks)

    def worded(self, house: House) -> House:
        """Return the house whose mails are made of the last good words, whatever is edited."""
        if house.mail.templates is None:
            return house
        return replace(house, mail=replace(house.mail, templates=self._templates))

    def close(self) -> None:
        """Throw away the copies of good words."""
        self._kept.cleanup()

    def _look_at_playbooks(self, house: House, clock: Clock) -> None:
        if not self._changed("playbooks", self._settings.playbooks, ENDINGS):
            return
        try:
            books = all_playbooks(self._settings, *house.known_models)
            check_words({book.identity: book.texts() for book in books})
        except (PlaybookError, Unreadable, ValueError) as fault:
            self._told(house, "playbooks", str(fault), clock)
        else:
            self._playbooks = books
            logger.info("playbooks in use: %s", ", ".join(book.identity for book in books))

    def _look_at_templates(self, house: House, clock: Clock) -> None:
        folder = self._settings.templates
        if folder is None or not self._changed("templates", folder, None):
            return
        # The copy is what is judged: the folder may be saved to while we look.
        copy = Path(tempfile.mkdtemp(dir=self._kept.name))
        try:
            # Editors mark what they have open by links that lead nowhere.
            shutil.copytree(folder, copy, dirs_exist_ok=True, ignore_dangling_symlinks=True)
        except OSError as fault:
            faults = [f"they could not be read ({type(fault).__name__}); saving them tries again"]
        else:
            faults = list(faults_of(copy))
        if faults:
            self._told(house, "templates", "\n".join(faults), clock)
            return
        self._use(copy)

    def _use(self, folder: Path) -> None:
        fresh = self._templates.with_name("next")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder, target_is_directory=True)
        fresh.replace(self._templates)

    def _changed(self, what: str, folder: Path | None, endings: Collection[str] | None) -> bool:
        """Tell whether a folder holds something else than when it was last looked at."""
        digest = _digest(folder, endings) if folder is not None else ""
        before, self._seen[what] = self._seen[what], digest
        return digest != before

    def _told(self, house: House, what: str, fault: str, clock: Clock) -> None:
        words = f"Your {what} have a mistake, so the last good ones stay in use.\n{fault}"
        logger.error("the operator's %s have a mistake; the last good ones stay in use", what)
        tell(house, f"{TROUBLE}/{self._seen[what][:16]}", words[:LONGEST_NOTE], clock)


def _digest(folder: Path, endings: Collection[str] | None) -> str:
    """Return what stands for the content of a folder's files; it differs when any of them does."""
    found = hashlib.sha256()
    for path in _files(folder, endings):
        found.update(f"{path.relative_to(folder)}\0".encode())
        try:
            found.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            found.update(b"unreadable")
    return found.hexdigest()


def _files(folder: Path, endings: Collection[str] | None) -> Iterator[Path]:
    try:
        paths = sorted(folder.rglob("*"))
    except OSError:
        return
    for path in paths:
        if path.is_file() and (endings is None or path.suffix in endings):
            yield path
