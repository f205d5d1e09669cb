"""The JSON this door speaks: camelCase, plain numbers, ISO days and instants."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

JsonScalar = str | int | float | bool | None


class Shape(BaseModel):
    """A JSON object of ours."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


class CustomerRow(Shape):
    """A customer in the list, with the score last stored. `healthScore` is null before it."""

    id: str
    name: str
    segment: str | None
    created_at: datetime
    health_score: float | None
    band: str
    trend: str
    csm: str | None
    arr: float | None
    renewal_date: date | None


class DriverShape(Shape):
    """One reason for the score: `points` gained or lost against the earlier score."""

    factor: str
    title: str
    points: float
    cause: str
    sentence: str


class MeasureShape(Shape):
    """What a factor was computed from. `status`: known, not_applicable, no_data or stale."""

    status: str
    words: str
    effective_weight: float
    contribution: float
    raw: dict[str, JsonScalar]


class OverrideShape(Shape):
    """What a person said over a score. `kind`: set, floor or ceiling; `until` is its last day."""

    kind: str
    value: float
    author: str
    until: date
    reason: str


class PulseShape(Shape):
    """How a CSM feels about a customer. `mood`: good, neutral or worried."""

    mood: str
    note: str
    author: str
    until: date


class HistoryPoint(Shape):
    """A stored score. `healthScore` is what people were shown, `computedScore` what was computed.

    `recomputed` is true where another model made it later, of a day that was scored before.
    """

    as_of: date
    health_score: float
    computed_score: float
    band: str
    coverage: float
    model: str
    version: int
    trend: str
    recomputed: bool


class Health(Shape):
    """A customer's health, computed now. `factors` are 0 to 100 each; `coverage` in percent.

    `healthScore` is what people are shown: where somebody set an `override`, the score under it.
    """

    id: str
    name: str
    segment: str | None
    health_score: float
    band: str
    trend: str
    coverage: float
    as_of: date
    model: str
    factors: dict[str, float]
    weights: dict[str, float]
    measures: dict[str, MeasureShape]
    drivers: list[DriverShape]
    computed_score: float
    override: OverrideShape | None
    pulse: PulseShape | None


class EventReceipt(Shape):
    """What became of an event. `status`: accepted, duplicate, or quarantined with a `reason`."""

    id: str
    customer_id: str
    type: str
    occurred_at: datetime
    status: str
    reason: str | None = None


class EventResult(Shape):
    """What became of one event of many: what is not known is left out.

    `status`: accepted, duplicate, conflict, quarantined or rejected; the last three with a
    `reason`.
    """

    status: str
    customer: str | None = None
    id: str | None = None
    reason: str | None = None


class ParcelReceipt(Shape):
    """What became of many events: how many of each, and each in the order it was sent."""

    accepted: int
    duplicate: int
    conflict: int
    quarantined: int
    rejected: int
    results: list[EventResult]


class CustomerReceipt(Shape):
    """What became of a customer. `replayedEvents` had been waiting for it in quarantine."""

    id: str
    status: str
    replayed_events: int


class BounceReceipt(Shape):
    """What became of mail that came back, by count.

    `hard`: nobody has the address; `failed`: it did not arrive; `delayed`: it is still tried;
    `known`: the report was here before; `unmatched`: it speaks of no mail of ours.
    """

    reports: int
    hard: int
    failed: int
    delayed: int
    complaints: int
    known: int
    unmatched: int


class Fault(Shape):
    """Why not, in a sentence."""

    detail: str


class FieldFault(Shape):
    """One broken field: where it stands, what is wrong."""

    loc: list[str]
    msg: str
    type: str


class FieldFaults(Shape):
    """Why not, field by field."""

    detail: list[FieldFault]
