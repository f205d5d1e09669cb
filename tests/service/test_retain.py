"""What is old is forgotten in time, and nothing that scores are made of (rule 19)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from playbooks.playbook import Playbook
from service import answer
from service.ingest import accept_events
from service.ports import House, Keep
from service.retain import retain
from storage import audit, outbox, plays, ticks
from storage.activity import daily_counts, last_touch
from tests.service.stage import Story, acme, morning

YEAR = timedelta(days=365)
NOW = morning(0) + 3 * YEAR


def keeping(house: House, **times: timedelta) -> House:
    return replace(house, keep=Keep(**times))


def login(house: House, at: datetime, number: int, key: str = "acme") -> str:
    item = (key, {"id": f"e{number}", "type": "login", "occurredAt": at.isoformat()})
    (outcome,) = accept_events(house, "api", [item], now=NOW)
    return outcome.status


def told(house: House) -> Story:
    """Let a customer fall and recover, three years ago."""
    story = Story(house, acme(house))
    story.days_at(72, 41, 90)
    return story


def test_nothing_is_forgotten_where_all_is_kept_for_ever(house: House) -> None:
    acme(house)
    login(house, NOW - 3 * YEAR, 1)

    gone = retain(house, now=NOW)

    assert not any(gone.values())
    assert login(house, NOW - 3 * YEAR, 1) == "duplicate"


def test_old_events_go_and_the_sums_scores_are_made_of_stay(house: House) -> None:
    customer = acme(house)
    old, young = NOW - 2 * YEAR, NOW - timedelta(days=40)
    for number in range(3):
        login(house, old, number)
    login(house, young, 9)
    before = answer.health(house, "acme", today=old.date())

    gone_by: list[int] = []
    gone = retain(keeping(house, events=YEAR), now=NOW, progress=gone_by.append)

    with house.database.reading() as tx:
        counts = daily_counts(tx, customer.id, old.date(), young.date())
    assert gone["events"] == gone_by[-1] == 3
    assert sum(each.count for each in counts) == 4
    assert answer.health(house, "acme", today=old.date()).score == before.score


def test_an_event_whose_id_was_forgotten_is_not_counted_once_more(house: House) -> None:
    acme(house)
    old = NOW - 2 * YEAR
    login(house, old, 1)
    retain(keeping(house, events=YEAR), now=NOW)

    assert login(house, old, 1) == "quarantined"
    assert login(house, NOW - timedelta(days=300), 2) == "accepted"


def test_when_somebody_was_last_here_is_remembered_by_the_day(house: House) -> None:
    customer = acme(house)
    old = NOW - 2 * YEAR
    login(house, old, 1)

    retain(keeping(house, events=YEAR), now=NOW)

    with house.database.reading() as tx:
        assert last_touch(tx, customer.id) == datetime.combine(old.date(), datetime.min.time(), UTC)


def test_closed_plays_go_with_their_messages_and_open_ones_stay(house: House) -> None:
    story = told(house)
    other = Story(house, acme(house, "open"), story.watch)
    other.days_at(72, 41)

    gone = retain(keeping(house, messages=YEAR), now=NOW)

    with house.database.reading() as tx:
        assert plays.plays_of(tx, story.customer.id) == ()
        assert outbox.messages_of(tx, story.customer.id) == ()
        assert [one.state for one in plays.plays_of(tx, other.customer.id)] == ["open"]
    assert gone["plays"] == 1


def test_a_play_is_kept_as_long_as_a_cool_down_looks_back(house: House) -> None:
    story = told(house)
    playbooks = tuple(replace_guard(each, cool_down_days=365) for each in house.playbooks)
    patient = replace(keeping(house, messages=timedelta(days=30)), playbooks=playbooks)

    gone = retain(patient, now=morning(0) + timedelta(days=370))

    with house.database.reading() as tx:
        assert len(plays.plays_of(tx, story.customer.id)) == 1
    assert gone["plays"] == 0


def replace_guard(playbook: Playbook, **changed: int) -> Playbook:
    guards = playbook.guards.model_copy(update=changed)
    return playbook.model_copy(update={"guards": guards})


def test_what_a_run_needs_to_know_of_the_last_one_stays(house: House) -> None:
    moments = [NOW - YEAR, NOW - YEAR + timedelta(days=1)]
    with house.database.transaction() as tx:
        for moment in moments:
            ticks.claim_tick(tx, "rescore", moment, moment, timedelta(minutes=2))
            ticks.finish_tick(tx, "rescore", moment, moment)

    gone = retain(house, now=NOW)

    with house.database.reading() as tx:
        assert ticks.last_tick(tx, "rescore") == moments[1]
    assert gone["ticks"] == 1


def test_the_audit_says_what_was_forgotten_and_is_itself_forgotten_in_time(house: House) -> None:
    acme(house)
    login(house, NOW - 2 * YEAR, 1)
    with house.database.transaction() as tx:
        audit.append(tx, "olga", "pause", "everything", {}, NOW - 2 * YEAR)

    gone = retain(keeping(house, events=YEAR, audit=YEAR), now=NOW)

    with house.database.reading() as tx:
        (entry,) = audit.recent(tx, 10)
    assert (gone["audit"], entry.action) == (1, "retain")
    assert entry.details["events"] == 1
