"""The demo: a world planted through the doors, its days lived, a second start that adds nothing."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bellwether import demo, planting
from bellwether.errors import CannotReset, NotADemo
from bellwether.settings import Settings
from service import answer
from service.ports import House
from storage import outbox, ticks
from storage.views import Filter
from tests.bellwether.conftest import Run
from tests.builders import customers

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SMALL = demo.Size(customers=6, days=20, seed=42)


def lived(settings: Settings, house: House, size: demo.Size = SMALL) -> None:
    here = demo.made(size, demo.last_day(settings, NOW))
    demo.plant(house, size, here, NOW, lambda _: None)
    demo.replay(settings, house, here, NOW, lambda _: None)
    demo.finish(house, size, here, NOW)


def standing(house: House) -> dict[str, object]:
    with house.database.reading() as tx:
        messages = outbox.counts(tx)
        last = ticks.last_tick(tx, "rescore")
    rows, total = answer.customers(house, Filter(limit=500))
    return {
        "customers": total,
        "scores": {row.key: (row.score, row.band, row.as_of) for row in rows},
        "messages": messages,
        "last": last,
    }


def test_the_days_are_lived_by_the_daily_job_up_to_yesterday(
    settings: Settings, house: House
) -> None:
    lived(settings, house)

    found = standing(house)
    scores = found["scores"]
    assert isinstance(scores, dict)
    assert found["customers"] == 6
    assert scores["acme"][2] == date(2026, 11, 19)
    assert found["last"] == datetime(2026, 11, 20, tzinfo=UTC)
    assert demo.stands(house) == SMALL.mark(date(2026, 11, 19))


def test_living_the_days_twice_adds_nothing(settings: Settings, house: House) -> None:
    lived(settings, house)
    before = standing(house)

    lived(settings, house)

    assert standing(house) == before


def test_an_interrupted_demo_is_taken_up_again(settings: Settings, house: House) -> None:
    here = demo.made(SMALL, demo.last_day(settings, NOW))
    demo.plant(house, SMALL, here, NOW, lambda _: None)

    unfinished = demo.stands(house)
    lived(settings, house)

    assert unfinished is None
    assert standing(house)["customers"] == 6


def test_a_house_with_customers_of_its_own_is_left_alone(house: House) -> None:
    customers(house.database, "real")

    with pytest.raises(NotADemo, match="1 customers"):
        planting.standing(house)


def test_starting_over_deletes_a_file_and_refuses_a_server(tmp_path: Path) -> None:
    file = Settings.read({"BELLWETHER_HOME": str(tmp_path)})
    server = Settings.read({"DATABASE_URL": "postgresql://u:p@h/d"})
    (tmp_path / "bellwether.db").touch()
    (tmp_path / "sandbox").mkdir()

    demo.reset(file)

    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CannotReset):
        demo.reset(server)


def test_the_last_day_is_the_one_the_last_due_job_describes() -> None:
    berlin = Settings.read({"BELLWETHER_TIMEZONE": "Europe/Berlin"})
    early = datetime(2026, 11, 20, 4, 59, tzinfo=UTC)
    late = datetime(2026, 11, 20, 5, tzinfo=UTC)

    assert demo.last_day(berlin, early) == date(2026, 11, 18)
    assert demo.last_day(berlin, late) == date(2026, 11, 19)


def test_the_command_prepares_everything_and_a_second_one_adds_nothing(run: Run) -> None:
    first = run("demo", "--customers", "5", "--days", "20", "--no-serve")
    card = run("health", "acme", "--json")
    second = run("demo", "--customers", "5", "--days", "20", "--no-serve")

    assert first.code == 0
    assert json.loads(card.out)["name"] == "Acme Corp"
    assert "nothing was added" in " ".join(second.err.split())


def test_the_demo_never_speaks_to_a_real_workspace(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-real")
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")

    said = run("demo", "--customers", "2", "--days", "16", "--no-serve")

    assert said.code == 0
    assert "stays in its sandbox" in " ".join(said.err.split())


def test_seeding_plants_and_scores_nothing(run: Run) -> None:
    first = run("seed", "--customers", "3", "--days", "10", "--until", "2026-01-31")
    again = run("seed", "--customers", "3", "--days", "10", "--until", "2026-01-31")

    assert first.out.startswith("3 customers")
    assert again.out.startswith("0 customers, 0 events, 0 tickets and 0 invoices")
    assert "No scores yet" in run("health").out
