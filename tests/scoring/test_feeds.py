"""When a feed counts as stopped, and when it is only quiet."""

from datetime import date, timedelta

from scoring.feeds import FeedDays, feed_state

AS_OF = date(2026, 11, 19)


def spoken(*days_ago: int, customers: int = 20, first_day: date | None = None) -> FeedDays:
    days = {AS_OF - timedelta(days=day): 5 for day in days_ago}
    return FeedDays("events:login", days, customers, first_day)


def test_a_feed_nobody_ever_used_never_was() -> None:
    state = feed_state(spoken(), AS_OF)

    assert state.status == "never"


def test_a_daily_feed_is_live_over_a_long_weekend_and_stopped_after() -> None:
    weekend = feed_state(spoken(*range(2, 40)), AS_OF)
    outage = feed_state(spoken(*range(3, 40)), AS_OF)

    assert weekend.status == "live"
    assert outage.status == "stopped"
    assert outage.last_day == AS_OF - timedelta(days=3)


def test_a_weekly_feed_is_given_two_weeks() -> None:
    patient = feed_state(spoken(14, 21, 28, 35), AS_OF)
    stopped = feed_state(spoken(15, 22, 29, 36), AS_OF)

    assert patient.status == "live"
    assert stopped.status == "stopped"


def test_a_survey_is_given_five_weeks_after_its_first_wave() -> None:
    def wave(ended: int) -> FeedDays:
        days = {AS_OF - timedelta(days=day): 5 for day in (ended, ended + 1, ended + 2)}
        return FeedDays("surveys:nps", days, customers=20)

    assert feed_state(wave(35), AS_OF).status == "live"
    assert feed_state(wave(36), AS_OF).status == "stopped"


def test_the_silence_of_two_customers_is_their_own() -> None:
    state = feed_state(spoken(*range(30, 60), customers=2), AS_OF)

    assert state.status == "live"


def test_what_came_later_is_not_looked_at() -> None:
    days = spoken(*range(40))

    then = feed_state(days, AS_OF - timedelta(days=20))

    assert then.last_day == AS_OF - timedelta(days=20)


def test_a_feed_silent_longer_than_we_look_back_has_stopped_without_a_last_day() -> None:
    state = feed_state(spoken(first_day=date(2025, 1, 1)), AS_OF)

    assert (state.status, state.last_day) == ("stopped", None)


def test_days_without_customers_are_no_days() -> None:
    feed = FeedDays("tickets", {AS_OF: 0}, customers=0)

    assert feed_state(feed, AS_OF).status == "never"
