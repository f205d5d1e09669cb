"""The kill switch: nothing leaves the house while it is on. Deciding goes on (rule 15)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.ports import House
from storage import audit, switches
from storage.database import Transaction

SWITCH: Final = "pause"
ON: Final = "on"
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class Paused:
    """Who stopped all delivery, and when."""

    by: str
    at: datetime


def pause(house: House, by: str, *, now: datetime) -> None:
    """Stop every delivery; a running one stops before its next message."""
    _turn(house, ON, by, now)


def resume(house: House, by: str, *, now: datetime) -> None:
    """Let deliveries go on; what became stale meanwhile is dropped at its turn, with the reason."""
    _turn(house, OFF, by, now)


def paused(house: House) -> Paused | None:
    """Return who paused delivery and when, or None while it runs."""
    with house.database.reading() as tx:
        return paused_in(tx)


def paused_in(tx: Transaction) -> Paused | None:
    """Return the same inside a transaction that is already open."""
    found = switches.switch(tx, SWITCH)
    return Paused(found.by, found.at) if found is not None and found.value == ON else None


def _turn(house: House, value: str, by: str, now: datetime) -> None:
    with house.database.transaction() as tx:
        switches.set_switch(tx, SWITCH, value, by, now)
        audit.append(tx, by, "pause" if value == ON else "resume", "delivery", {}, now)
