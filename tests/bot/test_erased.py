"""An old button of somebody who was erased: it is nobody else's, and says that it is over."""

from decimal import Decimal

from bot.deeds import ERASED
from sandbox.state import Message
from service import catalog, privacy
from storage import customers, plays
from tests.bot.stage import CSM, FALLEN, Stage, actions, second_click, words


def fallen_anew(stage: Stage) -> int:
    """Let others come after Acme was erased, and fall as it did; return their play."""
    newcomer = {"id": "new", "name": "Newcomer", "contactEmail": "new@theirs.example"}
    list(catalog.upsert(stage.house, [newcomer], now=stage.clock.now()))
    with stage.house.database.transaction() as tx:
        customer = customers.customer_by_key(tx, "new")
        assert customer is not None
        play = plays.open_play(
            tx, customer_id=customer.id, playbook="new-at-risk", version="new-at-risk@1",
            episode="1", opened_at=stage.clock.now(), trigger_as_of=FALLEN, band="at-risk",
            score=Decimal(50), root_key=None,
        )  # fmt: skip
        assert play is not None
        plays.add_step(
            tx, play_id=play.id, name="outreach", kind="email", occurrence=1,
            state="waiting_approval", due_at=stage.clock.now(), body={"mail": {}},
        )  # fmt: skip
    return play.id


def test_rule_16_the_button_of_an_erased_customer_does_nothing_to_who_came_after(
    stage: Stage, alert: Message
) -> None:
    privacy.erase(stage.house, "c0", by="ann", now=stage.clock.now())
    later = fallen_anew(stage)

    for action in ("acknowledge", "approve"):
        second_click(stage, alert, CSM, action)

    with stage.house.database.reading() as tx:
        play = plays.play(tx, later)
        (step,) = plays.steps_of(tx, later)
    assert play is not None
    assert play.acknowledged_by is None
    assert step.state == "waiting_approval"
    assert stage.told(CSM) == ["This alert no longer exists.", "This mail no longer exists."]
    # What Slack still showed of them went at the click.
    assert words(stage.shown()).strip() == ERASED
    assert actions(stage.shown()) == []
