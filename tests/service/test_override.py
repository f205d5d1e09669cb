"""What people say stands over the score at once, starts nothing, and its end is announced."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from service import answer
from service.errors import DraftInvalid
from service.override import Author, announce_ends, clear_override, set_override, set_pulse
from service.ports import House
from service.rescore import rescore
from storage import audit
from storage.outbox import messages_of
from storage.plays import open_plays, plays_of, transitions_on
from storage.snapshots import currents
from tests.service.daily import BEGIN, CROSSING, FULL, customers, days, work

CARLA = Author("Carla", "carla@ours.example")
# Acme has been silent for so long that nothing but its features is left: at 50.
SILENT = FULL + timedelta(days=29)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def run(house: House, day: date, *, decide: bool = True, **more: Any) -> None:
    now = morning(day + timedelta(days=1))
    report = rescore(house, day, now=now, decide=decide, **more)
    assert report.failures == ()


def say(house: House, today: date, value: int | Decimal, **more: Any) -> None:
    given: dict[str, Any] = {
        "kind": "set",
        "value": Decimal(value),
        "reason": "They renewed by phone",
        "until": today + timedelta(days=3),
        "author": CARLA,
    }
    set_override(house, "acme", **given | more, now=morning(today))


def shown(house: House, today: date) -> tuple[Decimal, str]:
    card = answer.card(house, "acme", now=morning(today))
    assert card.score is not None
    return card.score.value, card.score.band


def crossings(house: House, first: date, last: date) -> list[str]:
    with house.database.reading() as tx:
        rows = transitions_on(tx, house.model.name, first - timedelta(days=1), last)
    return [row.kind for row in rows if row.customer_id == acme(house)]


def acme(house: House) -> int:
    return answer.card(house, "acme", now=morning(BEGIN)).customer.id


@pytest.fixture
def quiet(house: House) -> House:
    """Let Acme be well for two months and then silent; the neighbour goes on."""
    customers(house, "acme", "globex", contactEmail="bob@acme.example", csmEmail=CARLA.email)
    work(house, "acme", days(BEGIN, FULL - timedelta(days=1)))
    work(house, "globex", days(BEGIN, SILENT + timedelta(days=30)))
    run(house, SILENT - timedelta(days=1), decide=False)
    run(house, SILENT)
    return house


def test_what_is_said_is_shown_at_once_and_the_computed_score_beside_it(quiet: House) -> None:
    today = SILENT + timedelta(days=1)
    before, _ = shown(quiet, today)

    say(quiet, today, 90)

    card = answer.card(quiet, "acme", now=morning(today))
    view = answer.health(quiet, "acme", today=today)
    assert shown(quiet, today) == (Decimal("90.00"), "healthy")
    assert card.computed is not None
    assert card.computed.value == before
    assert card.override is not None
    assert card.override.author == "Carla"
    assert view.score.value == Decimal("90.00")
    assert view.computed.value < 90
    with quiet.database.reading() as tx:
        row = currents(tx, [acme(quiet)])[acme(quiet)]
        (entry,) = audit.recent(tx, subject=f"customer/{acme(quiet)}")
    assert (row.score, row.band, row.change_7) == (Decimal("90.00"), "healthy", None)
    assert (entry.actor, entry.action) == (CARLA.email, "override")


def test_neither_its_beginning_nor_its_end_is_a_transition_or_starts_a_play(quiet: House) -> None:
    first = SILENT + timedelta(days=1)
    say(quiet, first, 90)

    for later in range(8):
        run(quiet, first + timedelta(days=later))

    last = first + timedelta(days=7)
    assert set(crossings(quiet, first, last)) == {"baseline"}
    assert shown(quiet, last + timedelta(days=1))[1] != "healthy"
    with quiet.database.reading() as tx:
        assert open_plays(tx, [acme(quiet)]).get(acme(quiet), ()) == ()


def test_a_play_for_a_worse_band_than_is_shown_closes_and_says_who_said_so(house: House) -> None:
    customers(house, "acme", "globex", contactEmail="bob@acme.example")
    work(house, "acme", days(BEGIN, FULL - timedelta(days=1)))
    work(house, "globex", days(BEGIN, SILENT))
    run(house, CROSSING - timedelta(days=1))
    run(house, CROSSING)
    with house.database.reading() as tx:
        (play,) = open_plays(tx, [acme(house)])[acme(house)]
    today = CROSSING + timedelta(days=1)

    say(house, today, 90)
    run(house, today)

    with house.database.reading() as tx:
        assert open_plays(tx, [acme(house)]).get(acme(house), ()) == ()
        (closed,) = plays_of(tx, acme(house))
    assert closed.id == play.id
    assert closed.reason is not None
    assert "for Carla said so: They renewed by phone." in closed.reason


@pytest.mark.parametrize(("said_before", "holds"), [(0, 5), (1, 0)], ids=["begins", "ends"])
def test_a_floor_that_lifts_nothing_hides_no_fall_of_the_day_it_begins_or_ends(
    house: House, said_before: int, holds: int
) -> None:
    customers(house, "acme", "globex", contactEmail="bob@acme.example")
    work(house, "acme", days(BEGIN, FULL - timedelta(days=1)))
    work(house, "globex", days(BEGIN, SILENT))
    run(house, CROSSING - timedelta(days=2))
    today = CROSSING - timedelta(days=said_before)
    if not said_before:
        run(house, CROSSING - timedelta(days=1))

    say(house, today, 1, kind="floor", until=today + timedelta(days=holds))
    if said_before:
        run(house, CROSSING - timedelta(days=1))
    run(house, CROSSING)

    assert crossings(house, CROSSING, CROSSING) == ["worsened"]
    with house.database.reading() as tx:
        assert len(open_plays(tx, [acme(house)])[acme(house)]) == 1


def test_while_it_holds_the_computed_score_goes_on_and_drivers_add_up(quiet: House) -> None:
    first = SILENT + timedelta(days=1)
    say(quiet, first, 90, until=first + timedelta(days=20))
    run(quiet, first)
    run(quiet, first + timedelta(days=1))

    card = answer.card(quiet, "acme", now=morning(first + timedelta(days=2)))

    assert card.score is not None
    assert sum(factor.contribution for factor in card.score.factors) == card.score.value
    assert "override" in {driver.cause for driver in card.drivers}


def test_a_floor_lets_a_better_score_through(quiet: House) -> None:
    today = SILENT + timedelta(days=1)
    own, band = shown(quiet, today)

    say(quiet, today, 1, kind="floor")

    assert shown(quiet, today) == (own, band)


def test_cleared_it_is_gone_at_once_and_the_past_keeps_what_it_showed(quiet: House) -> None:
    today = SILENT + timedelta(days=1)
    own = shown(quiet, today)
    say(quiet, today, 90)
    run(quiet, today)
    tomorrow = today + timedelta(days=1)

    ended = clear_override(quiet, "acme", author=CARLA, now=morning(tomorrow))

    assert ended
    assert shown(quiet, tomorrow)[0] <= own[0]
    (kept,) = answer.history_of(quiet, "acme", first=today, last=today)
    assert kept.score == Decimal("90.00")
    with quiet.database.reading() as tx:
        assert currents(tx, [acme(quiet)])[acme(quiet)].score == shown(quiet, tomorrow)[0]
    assert not clear_override(quiet, "acme", author=CARLA, now=morning(tomorrow))


def told_days(house: House, first: date, last: date) -> list[Decimal]:
    return [point.score for point in answer.history_of(house, "acme", first=first, last=last)]


def test_it_holds_for_the_score_of_its_last_day_and_not_of_the_next(quiet: House) -> None:
    first = SILENT + timedelta(days=1)
    say(quiet, first, 90, until=first + timedelta(days=1))

    for ahead in range(3):
        run(quiet, first + timedelta(days=ahead))

    scores = told_days(quiet, first, first + timedelta(days=2))
    assert scores[:2] == [Decimal("90.00")] * 2
    assert scores[2] < Decimal(90)


def test_of_two_the_newer_holds_and_the_older_never_comes_back(quiet: House) -> None:
    """The older one was said for longer: it is over all the same, and nobody hears of its end."""
    first = SILENT + timedelta(days=1)
    say(quiet, first, 90, until=first + timedelta(days=30))
    say(quiet, first, 20, kind="ceiling", until=first)

    run(quiet, first)
    run(quiet, first + timedelta(days=1))

    scores = told_days(quiet, first, first + timedelta(days=1))
    assert scores[0] == Decimal("20.00")
    assert Decimal(20) < scores[1] < Decimal(90)
    after = first + timedelta(days=40)
    assert announce_ends(quiet, as_of=after, now=morning(after)) <= 1


def test_its_end_is_announced_once_to_author_and_csm(quiet: House) -> None:
    first = SILENT + timedelta(days=1)
    say(quiet, first, 90, until=first, author=Author("Ben", "ben@ours.example"))
    set_pulse(
        quiet,
        "acme",
        mood="worried",
        note="Champion left",
        until=first,
        author=CARLA,
        now=morning(first),
    )
    run(quiet, first)
    with quiet.database.reading() as tx:
        assert [one for one in messages_of(tx, acme(quiet)) if "override" in one.key] == []

    run(quiet, first + timedelta(days=1))
    told = announce_ends(
        quiet, as_of=first + timedelta(days=2), now=morning(first + timedelta(days=3))
    )

    with quiet.database.reading() as tx:
        notes = [one for one in messages_of(tx, acme(quiet)) if "/ended/" in one.key]
    assert told == 0
    assert sorted((one.key.split("/")[0], one.recipient) for one in notes) == [
        ("override", "member:ben@ours.example"),
        ("override", "member:carla@ours.example"),
        ("pulse", "member:carla@ours.example"),
    ]
    assert "set to 90 by Ben" in next(one.body["text"] for one in notes if "override" in one.key)


def test_a_pulse_stands_beside_the_score_and_changes_nothing(quiet: House) -> None:
    today = SILENT + timedelta(days=1)
    own = shown(quiet, today)

    set_pulse(quiet, "acme", mood="worried", note="Champion left", author=CARLA, now=morning(today))

    card = answer.card(quiet, "acme", now=morning(today))
    assert card.pulse is not None
    assert (card.pulse.mood, card.pulse.author) == ("worried", "Carla")
    assert shown(quiet, today) == own


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": Decimal(101)},
        {"value": Decimal("60.001")},
        {"value": Decimal("NaN")},
        {"value": Decimal("1e40")},
        {"reason": "  "},
        {"until": SILENT},
        {"until": SILENT + timedelta(days=900)},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(quiet: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(DraftInvalid) as refused:
        say(quiet, SILENT + timedelta(days=1), **{"value": 60} | wrong)

    assert next(iter(wrong)) in str(refused.value)
