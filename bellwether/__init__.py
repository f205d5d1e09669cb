"""The composition root: settings, clock, wiring, schedule, command line."""

__version__ = "0.1.0"
