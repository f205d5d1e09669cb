"""The clocks: real time flows, replayed time is set."""

from datetime import UTC, datetime, timedelta

import pytest

from bellwether.clock import ReplayClock, SystemClock

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_the_machine_s_clock_is_aware_and_moves() -> None:
    clock = SystemClock()

    first = clock.now()
    clock.sleep(0.01)

    assert first.tzinfo is UTC
    assert clock.now() > first


def test_a_replayed_clock_stands_until_it_is_set_and_sleeps_at_once() -> None:
    clock = ReplayClock(NOON)

    clock.sleep(90)
    slept = clock.now()
    clock.set(NOON - timedelta(days=1))

    assert slept == NOON + timedelta(seconds=90)
    assert clock.now() == NOON - timedelta(days=1)


def test_a_clock_is_never_set_to_a_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        ReplayClock(datetime(2026, 11, 20))  # noqa: DTZ001
