"""What the routes find in the app: the house, the clock, and Slack's door."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import Depends, Request

from service.ports import Clock, House


class Answer(Protocol):
    """What Slack's door answers: a status, headers and a body."""

    @property
    def status(self) -> int:
        """Answer the HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Answer the HTTP headers."""
        ...

    @property
    def body(self) -> bytes:
        """Answer the body as it goes out."""
        ...


SlackDoor = Callable[[str, Mapping[str, str], bytes], Answer]


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def _now(request: Request) -> datetime:
    clock: Clock = request.app.state.clock
    return clock.now()


InHouse = Annotated[House, Depends(_house)]
Now = Annotated[datetime, Depends(_now)]
