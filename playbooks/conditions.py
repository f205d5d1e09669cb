"""Only if: what must also be true of the customer; one class a kind, its docstring its manual."""

from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Final, Literal, Self, assert_never

from pydantic import BeforeValidator, Field, model_validator

from playbooks.situation import Situation
from playbooks.written import Several, Written, as_several

Percent = Annotated[Decimal, Field(ge=0, le=100)]
Amount = Annotated[Decimal, Field(ge=0)]
NOBODY: Final = "nobody"


class Always(Written):
    """True of everybody. What a playbook without `only_if` has."""

    kind: Literal["always"] = "always"


class InSegment(Written):
    """The customer's segment is one of these. A customer without a segment is in none."""

    kind: Literal["segment"]
    is_: Several = Field(alias="is")


class OnPlan(Written):
    """The customer's plan is one of these."""

    kind: Literal["plan"]
    is_: Several = Field(alias="is")


class InLifecycle(Written):
    """The customer's lifecycle stage is one of these."""

    kind: Literal["lifecycle"]
    is_: Several = Field(alias="is")


class InBand(Written):
    """The customer's band today is one of these."""

    kind: Literal["band"]
    is_: Several = Field(alias="is")


class HasTrend(Written):
    """The score's trend is one of improving, declining, stable."""

    kind: Literal["trend"]
    is_: Annotated[
        tuple[Literal["improving", "declining", "stable"], ...],
        BeforeValidator(as_several, json_schema_input_type=str | list[str]),
        Field(min_length=1),
    ] = Field(alias="is")


class _Between(Written):
    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least, at_most or both")
        return self


class Coverage(_Between):
    """At least (or at most) so many percent of the model's weight are known."""

    kind: Literal["coverage"]


class Arr(_Between):
    """The customer's yearly revenue is within these bounds. An unknown one is within none."""

    kind: Literal["arr"]


class ScoreIs(_Between):
    """The score today is within these bounds, 0 to 100."""

    kind: Literal["score"]


class LastTouch(Written):
    """One of us wrote to the customer, or took an alert of theirs, so many `days` ago or longer.

    `at_least` so many days ago (also when it never happened), or `at_most` so many.
    """

    kind: Literal["last_touch"]
    at_least: Annotated[int, Field(ge=0, le=3650)] | None = None
    at_most: Annotated[int, Field(ge=0, le=3650)] | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("needs at_least, at_most or both")
        return self


class FactorIs(_Between):
    """One factor of the model, named by `factor`, is within these bounds, 0 to 100.

    A factor that is not known today is within none.
    """

    kind: Literal["factor"]
    factor: Annotated[str, Field(min_length=1, max_length=100)]


class Tagged(Written):
    """The customer has at least one of these tags."""

    kind: Literal["tag"]
    is_: Several = Field(alias="is")


class HasCsm(Written):
    """Who looks after the customer is one of these, by e-mail address in any case.

    `nobody` stands for a customer without a CSM.
    """

    kind: Literal["csm"]
    is_: Several = Field(alias="is")


class AllOf(Written):
    """Every one of these conditions holds."""

    kind: Literal["all"]
    of: Annotated[tuple["Condition", ...], Field(min_length=1)]


class AnyOf(Written):
    """At least one of these conditions holds."""

    kind: Literal["any"]
    of: Annotated[tuple["Condition", ...], Field(min_length=1)]


class Not(Written):
    """The condition does not hold."""

    kind: Literal["not"]
    of: "Condition"


Condition = Annotated[
    Always
    | InSegment
    | OnPlan
    | InLifecycle
    | InBand
    | HasTrend
    | Coverage
    | Arr
    | ScoreIs
    | LastTouch
    | FactorIs
    | Tagged
    | HasCsm
    | AllOf
    | AnyOf
    | Not,
    Field(discriminator="kind"),
]


def holds(condition: Condition, situation: Situation) -> bool:  # noqa: PLR0911 - an answer a kind
    """Return whether the condition is true of this customer today."""
    match condition:
        case Always():
            return True
        case InSegment() | OnPlan() | InLifecycle() | InBand() | HasTrend():
            return _word(condition, situation) in condition.is_
        case Coverage() | Arr() | FactorIs() | ScoreIs():
            return _within(condition, _amount(condition, situation))
        case LastTouch():
            return _touched(condition, situation)
        case Tagged():
            return not set(condition.is_).isdisjoint(situation.facts.tags)
        case HasCsm():
            csm = (situation.csm or NOBODY).casefold()
            return csm in {each.casefold() for each in condition.is_}
        case AllOf():
            return all(holds(each, situation) for each in condition.of)
        case AnyOf():
            return any(holds(each, situation) for each in condition.of)
        case Not():
            return not holds(condition.of, situation)
        case _:
            assert_never(condition)


def words(condition: Condition) -> str:  # noqa: PLR0911 - an answer a kind
    """Return the condition as a person would say it ("segment is enterprise or smb")."""
    match condition:
        case Always():
            return "always"
        case InSegment() | OnPlan() | InLifecycle() | InBand() | HasTrend() | Tagged() | HasCsm():
            return f"{condition.kind} is {' or '.join(condition.is_)}"
        case Coverage() | Arr() | ScoreIs():
            return f"{condition.kind} is {_bounds(condition)}"
        case LastTouch():
            return f"the last touch is {_bounds(condition)} days ago"
        case FactorIs():
            return f"factor {condition.factor} is {_bounds(condition)}"
        case AllOf():
            return " and ".join(words(each) for each in condition.of)
        case AnyOf():
            return "(" + " or ".join(words(each) for each in condition.of) + ")"
        case Not():
            return f"not {words(condition.of)}"
        case _:
            assert_never(condition)


def strange_factors(condition: Condition, known: Collection[str]) -> tuple[str, ...]:
    """Return the factors a condition speaks of that are none of the known, in the author's order.

    In an `any` it is enough that one of several is known: one playbook may serve several models.
    """
    match condition:
        case FactorIs(factor=name):
            return () if name in known else (name,)
        case AllOf():
            return tuple(name for each in condition.of for name in strange_factors(each, known))
        case AnyOf():
            found = [strange_factors(each, known) for each in condition.of]
            return () if () in found else tuple(name for each in found for name in each)
        case Not():
            return strange_factors(condition.of, known)
        case _:
            return ()


def _word(
    condition: InSegment | OnPlan | InLifecycle | InBand | HasTrend, situation: Situation
) -> str | None:
    match condition:
        case InSegment():
            return situation.facts.segment
        case OnPlan():
            return situation.facts.plan
        case InLifecycle():
            return situation.facts.lifecycle
        case InBand():
            return situation.current.band
        case HasTrend():
            return situation.trend
        case _:
            assert_never(condition)


def asks_for_touch(condition: Condition) -> bool:
    """Return whether a condition, however deep, asks when the customer was last spoken with."""
    match condition:
        case LastTouch():
            return True
        case AllOf() | AnyOf():
            return any(asks_for_touch(each) for each in condition.of)
        case Not():
            return asks_for_touch(condition.of)
        case _:
            return False


def _touched(condition: LastTouch, situation: Situation) -> bool:
    """Never is longer ago than any number of days."""
    if situation.last_touch is None:
        return condition.at_most is None
    days = (situation.current.as_of - situation.last_touch).days
    over = condition.at_least is None or days >= condition.at_least
    return over and (condition.at_most is None or days <= condition.at_most)


def _amount(condition: Coverage | Arr | FactorIs | ScoreIs, situation: Situation) -> Decimal | None:
    match condition:
        case ScoreIs():
            return situation.current.value
        case Coverage():
            return situation.current.coverage
        case Arr():
            return situation.facts.arr
        case FactorIs():
            return situation.factor(condition.factor)
        case _:
            assert_never(condition)


def _within(bounds: _Between, value: Decimal | None) -> bool:
    if value is None:
        return False
    over = bounds.at_least is None or value >= bounds.at_least
    return over and (bounds.at_most is None or value <= bounds.at_most)


def _bounds(bounds: _Between | LastTouch) -> str:
    said = ("at least", bounds.at_least), ("at most", bounds.at_most)
    return " and ".join(f"{word} {value}" for word, value in said if value is not None)
