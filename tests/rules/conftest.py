"""The houses, doors and stages of the other rooms, for the rules that touch several of them."""

from tests.bot.conftest import clock, stage
from tests.delivery.conftest import free_port, office
from tests.service.conftest import falling, house
from tests.web.conftest import app, client, scored, writer

__all__ = [
    "app",
    "client",
    "clock",
    "falling",
    "free_port",
    "house",
    "office",
    "scored",
    "stage",
    "writer",
]
