"""An operator edits their folder while the service runs: good edits are taken in, bad ones told."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bellwether import house as building
from bellwether.clock import ReplayClock
from bellwether.library import Library
from bellwether.settings import Settings
from service.ports import House
from storage import outbox
from templates.render import mail
from tests.classic import FOLDER

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Desk:
    """A running service's view of its operator's folders."""

    opened: House
    library: Library
    clock: ReplayClock
    playbooks: Path
    templates: Path

    def tick(self) -> House:
        return self.library.house(self.opened, self.clock)

    def titles(self) -> dict[str, str]:
        return {book.name: book.title for book in self.tick().playbooks}

    def told(self) -> list[str]:
        with self.opened.database.reading() as tx:
            found = [outbox.message_by_key(tx, key) for key in _keys(self)]
        return [str(one.body["text"]) for one in found if one is not None]


def _keys(desk: Desk) -> list[str]:
    with desk.opened.database.transaction() as tx:
        claimed = outbox.claim(tx, NOW + timedelta(days=2), timedelta(minutes=5), 50)
        outbox.give_back(tx, [one.id for one in claimed], NOW)
    return [one.key for one in claimed]


@contextmanager
def desk(database_url: str, home: Path) -> Iterator[Desk]:
    playbooks, templates = home / "playbooks", home / "templates"
    playbooks.mkdir()
    (templates / "email" / "outreach_at_risk").mkdir(parents=True)
    settings = Settings.read(
        {
            "DATABASE_URL": database_url,
            "BELLWETHER_HOME": str(home),
            "BELLWETHER_PLAYBOOKS": str(playbooks),
            "BELLWETHER_TEMPLATES": str(templates),
            "BELLWETHER_SECRET": "a secret of the tests, and a long one",
        }
    )
    with building.opened(settings) as opened, closing(Library(settings, opened)) as library:
        yield Desk(opened, library, ReplayClock(NOW), playbooks, templates)


OWN = (FOLDER / "churn-risk.yaml").read_text(encoding="utf-8")


def test_an_operators_playbook_takes_the_place_of_the_shipped_one_without_a_restart(
    database_url: str, tmp_path: Path
) -> None:
    with desk(database_url, tmp_path) as there:
        assert there.titles()["churn-risk"] == "Churn risk"

        (there.playbooks / "mine.yaml").write_text(OWN.replace("title: Churn risk", "title: Ours"))
        assert there.titles()["churn-risk"] == "Ours"

        (there.playbooks / "mine.yaml").unlink()
        assert there.titles()["churn-risk"] == "Churn risk"
        assert there.told() == []


def test_a_bad_edit_leaves_the_last_good_one_running_and_tells_the_operator_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    with desk(sqlite_url, tmp_path) as there:
        good = OWN.replace("title: Churn risk", "title: Ours")
        (there.playbooks / "mine.yaml").write_text(good)
        there.tick()

        (there.playbooks / "mine.yaml").write_text(good.replace("kind: email", "kind: emial"))
        for _ in range(3):
            assert there.titles()["churn-risk"] == "Ours"

        (told,) = there.told()
        assert "the last good ones stay in use" in told
        assert "mine.yaml: line " in told
        assert "did you mean 'email'?" in told


def test_words_of_slack_that_are_no_template_are_a_bad_edit_too(
    sqlite_url: str, tmp_path: Path
) -> None:
    with desk(sqlite_url, tmp_path) as there:
        broken = OWN.replace("title: Speak with", "title: Speak {{ with")
        (there.playbooks / "mine.yaml").write_text(broken)

        assert there.titles()["churn-risk"] == "Churn risk"
        assert len(there.told()) == 1


def test_a_broken_template_leaves_the_last_good_words_in_use(
    sqlite_url: str, tmp_path: Path
) -> None:
    with desk(sqlite_url, tmp_path) as there:
        subject = there.templates / "email" / "outreach_at_risk" / "subject.txt"
        subject.write_text("Hello {{ customer.name }}\n")
        assert _subject(there.tick()) == "Hello Acme"

        subject.write_text("Hello {{ customer.name\n")
        assert _subject(there.tick()) == "Hello Acme"
        (told,) = there.told()
        assert "outreach_at_risk/subject.txt: line 1" in told

        subject.write_text("Good day {{ customer.name }}\n")
        assert _subject(there.tick()) == "Good day Acme"


def test_who_was_given_the_house_once_finds_the_last_good_words_in_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    with desk(sqlite_url, tmp_path) as there:
        # As Slack's buttons hold it, by which mails are begun and reworded.
        given = there.library.worded(there.opened)
        shipped = _subject(given)
        subject = there.templates / "email" / "outreach_at_risk" / "subject.txt"

        subject.write_text("Hello {{ customer.name }}\n")
        there.tick()
        assert _subject(given) == "Hello Acme"

        subject.write_text("Hello {{ customer.name\n")
        there.tick()
        assert _subject(given) == "Hello Acme"

        subject.unlink()
        there.tick()
        assert _subject(given) == shipped


def test_a_file_that_an_editor_has_open_keeps_no_words_out_of_use(
    sqlite_url: str, tmp_path: Path
) -> None:
    with desk(sqlite_url, tmp_path) as there:
        folder = there.templates / "email" / "outreach_at_risk"
        (folder / ".#subject.txt").symlink_to("anna@desk.4711:1763")
        (folder / "subject.txt").write_text("Hello {{ customer.name }}\n")

        assert _subject(there.tick()) == "Hello Acme"
        assert there.told() == []


def _subject(house: House) -> str:
    context: dict[str, object] = {
        "customer": {"name": "Acme", "key": "acme"},
        "contact": {"name": "Anna", "email": "anna@acme.example"},
        "sender": {"name": "Sam", "email": "sam@us.example"},
        "fell": [],
        "unsubscribe_url": "https://us.example/u/token",
    }
    return mail("outreach_at_risk", context, house.mail.templates).subject
