"""A process of its own for each measurement, forked from one that did nothing but import.

A fresh interpreter would take most of a short run to load its modules, which is not what is
measured; what a run leaves in memory never reaches the next.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

Figures = dict[str, Any]


def fresh(work: Callable[..., Figures], *given: object) -> Figures:
    """Return what `work` answers in a process of its own; both are told by their names."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.measure"])
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_told, args=(sending, work, given))
    process.start()
    sending.close()
    try:
        figures: Figures = receiving.recv()
    except EOFError:
        process.join()
        raise SystemExit(f"measuring {given} failed") from None
    process.join()
    return figures


def _told(sending: Connection, work: Callable[..., Figures], given: tuple[object, ...]) -> None:
    sending.send(work(*given))
    sending.close()
