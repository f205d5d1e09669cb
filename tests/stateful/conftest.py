"""The house of the services' own tests, on each of the two databases."""

from tests.service.conftest import house

__all__ = ["house"]
