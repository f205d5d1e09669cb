"""The steps of a play: in order, due when they should be, and waiting for a yes."""

from datetime import date, timedelta

import pytest

from playbooks.play import business_days_after, plan
from tests.classic import classic as shipped
from tests.playbooks.lives import morning


def test_the_mail_waits_for_a_yes_while_the_alert_goes_at_once() -> None:
    playbook = shipped()[0]

    steps = plan(playbook, morning(0), automatic=False)

    assert [(each.step.kind, each.state) for each in steps] == [
        ("slack_alert", "done"),
        ("email", "waiting_approval"),
        ("task", "to_do"),
    ]


def test_an_automatic_house_still_asks_where_the_playbook_does() -> None:
    playbook = shipped()[0]

    steps = plan(playbook, morning(0), automatic=True)

    assert steps[1].state == "waiting_approval"


@pytest.mark.parametrize(("automatic", "state"), [(True, "scheduled"), (False, "waiting_approval")])
def test_only_an_automatic_house_lets_mail_leave_unasked(*, automatic: bool, state: str) -> None:
    playbook = shipped()[0]
    mail = playbook.then[1].model_copy(update={"approval": False})
    eager = playbook.model_copy(update={"then": (playbook.then[0], mail)})

    steps = plan(eager, morning(0), automatic=automatic)

    assert steps[1].state == state


@pytest.mark.parametrize(
    ("days", "due"),
    [(0, date(2026, 11, 20)), (1, date(2026, 11, 23)), (5, date(2026, 11, 27))],
)
def test_business_days_pass_over_the_weekend(days: int, due: date) -> None:
    friday = date(2026, 11, 20)

    assert business_days_after(friday, days) == due


def test_a_task_is_due_so_many_business_days_from_now() -> None:
    now = morning(0)  # a Tuesday

    task = plan(shipped()[0], now, automatic=False)[2]

    assert task.due_at == now + timedelta(days=7)
