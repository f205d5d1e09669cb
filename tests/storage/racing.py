"""Several threads through one gate at once, each doing the same; their answers in one list."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def race(work: Callable[[int], T], runners: int = 6) -> list[T]:
    """Run `work(number)` in all threads at once; the first exception is raised here."""
    gate = threading.Barrier(runners)
    answers: list[T] = []
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            gate.wait()
            answers.append(work(number))
        except BaseException as fault:  # noqa: BLE001 - raised again in the test's own thread
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return answers
