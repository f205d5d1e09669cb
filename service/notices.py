"""Notes to the operator: once a day for each kind of trouble, however often it happens."""

from datetime import datetime
from zoneinfo import ZoneInfo

from service.ports import House
from service.words import FRESH, OPERATOR_NOTE, SLACK
from storage.outbox import NewMessage


def operator_note(house: House, trouble: str, text: str, now: datetime) -> NewMessage:
    """Return the note; its key holds the local day, so the same trouble is told once a day.

    `trouble` is the kind ("slack/channel_not_found"), `text` a sentence with the way out.
    """
    return NewMessage(
        key=f"operator/{trouble}/{_local_day(house.zone, now)}",
        channel=SLACK,
        recipient=house.operator_to,
        body={"view": OPERATOR_NOTE, "trouble": trouble, "text": text},
        play_id=None,
        step_id=None,
        customer_id=None,
        due_at=now,
        expires_at=now + FRESH,
        verb="post",
        root_key=None,
    )


def _local_day(zone: ZoneInfo, now: datetime) -> str:
    return now.astimezone(zone).date().isoformat()
