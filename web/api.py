"""The read API: who there is, and how each is doing now."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic.alias_generators import to_camel

from scoring.explain import factor_words
from scoring.override import Override, measured
from scoring.score import FactorScore
from service import answer
from service.answer import HealthView
from service.errors import DraftInvalid, UnknownCustomer
from service.past_lines import lines_of
from service.said import own_value
from service.written import clean_key
from storage.said import PulseRow
from storage.snapshots import Snapshot
from storage.views import CurrentRow, Filter, Sort
from web.shapes import (
    CustomerRow,
    DriverShape,
    Fault,
    Health,
    HistoryPoint,
    MeasureShape,
    OverrideShape,
    PulseShape,
)
from web.state import InHouse, Now

router = APIRouter(prefix="/api", tags=["customers"])

MOST = 500
YEAR = timedelta(days=365)
EARLIEST = date(1971, 1, 1)
UNSCORED = "unknown"
Key = Annotated[str, Path(description="The customer's key in your own systems")]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Fault}}

SortBy = Literal[
    "name", "healthScore", "band", "segment", "csm", "arr", "renewalDate", "createdAt", "change7",
    "score", "renewal", "created",
]  # fmt: skip
# The API's own field names, and the short ones storage knows.
SORTS: Mapping[SortBy, Sort] = {
    "name": "name", "healthScore": "score", "band": "band", "segment": "segment", "csm": "csm",
    "arr": "arr", "renewalDate": "renewal", "createdAt": "created", "change7": "change",
    "score": "score", "renewal": "renewal", "created": "created",
}  # fmt: skip


@router.get("/customers", summary="List customers with their scores")
def list_customers(
    *,
    response: Response,
    house: InHouse,
    q: Annotated[str | None, Query(max_length=200, description="Part of a name or key")] = None,
    segment: Annotated[
        str | None, Query(max_length=200, description="Exactly this segment")
    ] = None,
    band: Annotated[str | None, Query(max_length=60, description="`healthy`, `at-risk`, …")] = None,
    min_score: Annotated[
        float | None, Query(alias="minScore", ge=0, le=100, description="This score or more")
    ] = None,
    max_score: Annotated[
        float | None, Query(alias="maxScore", ge=0, le=100, description="This score or less")
    ] = None,
    sort: Annotated[SortBy, Query(description="What has no value comes last")] = "name",
    order: Annotated[Literal["asc", "desc"], Query(description="Up or down")] = "asc",
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many at most")] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31, description="How many to skip")] = 0,
) -> list[CustomerRow]:
    """List customers. How many fit in all stands in the `X-Total-Count` header."""
    chosen = Filter(
        q=clean(q),
        segment=clean(segment),
        band=clean(band),
        min_score=decimal(min_score),
        max_score=decimal(max_score),
        sort=SORTS[sort],
        descending=order == "desc",
        limit=limit,
        offset=offset,
    )
    rows, total = answer.customers(house, chosen)
    response.headers["X-Total-Count"] = str(total)
    return [listed(row) for row in rows]


@router.get(
    "/customers/{id:path}/health", summary="Compute a customer's health now", responses=NOT_FOUND
)
def read_health(id: Key, house: InHouse, now: Now) -> Health:  # noqa: A002 - the name in the path is the API's
    """Compute the health of the customer with this key, as of today (UTC)."""
    return health(answer.health(house, known_form(id), today=now.astimezone(UTC).date()))


@router.get(
    "/customers/{id:path}/history", summary="Read a customer's stored scores", responses=NOT_FOUND
)
def read_history(
    *,
    id: Key,  # noqa: A002 - the name in the path is the API's
    house: InHouse,
    now: Now,
    model: Annotated[
        str | None,
        Query(max_length=100, description="Only this model's: `six-signal`, `six-signal@2`"),
    ] = None,
    first: Annotated[
        date | None, Query(alias="from", ge=EARLIEST, description="A year before `to` if unsaid")
    ] = None,
    last: Annotated[
        date | None, Query(alias="to", ge=EARLIEST, description="Today if unsaid")
    ] = None,
) -> list[HistoryPoint]:
    """List stored scores, oldest first: what people were shown on each day.

    With `model`, list what that model made of the days, also where it recomputed them later.
    """
    end = last or now.astimezone(UTC).date()
    lines = lines_of(house, known_form(id), first=first or end - YEAR, last=end)
    lived = [_point(one, recomputed=False) for one in lines.lived]
    wanted = clean(model)
    if wanted is None:
        return lived
    others = [_point(one, recomputed=True) for _, found in lines.recomputed for one in found]
    chosen = [one for one in [*lived, *others] if wanted in {one.model, _identity(one)}]
    return sorted(chosen, key=lambda one: (one.as_of, one.version))


def _identity(point: HistoryPoint) -> str:
    return f"{point.model}@{point.version}"


def known_form(key: str) -> str:
    """Answer the key, or raise UnknownCustomer for text that cannot be any customer's key."""
    try:
        return clean_key(key)
    except DraftInvalid:
        raise UnknownCustomer(key) from None


def clean(words: str | None) -> str | None:
    """Answer a filter's words without what no stored text holds; None when nothing is left."""
    return words.replace("\0", "").strip() or None if words else None


def decimal(number: float | None) -> Decimal | None:
    """Answer the number as the sender wrote it, exact."""
    return None if number is None else Decimal(str(number))


def listed(row: CurrentRow) -> CustomerRow:
    """Answer a row of the list as JSON; the day a customer began is given as its first instant."""
    return CustomerRow(
        id=row.key,
        name=row.name,
        segment=row.segment,
        created_at=datetime.combine(row.created_on, time(), UTC),
        health_score=None if row.score is None else float(row.score),
        band=row.band or UNSCORED,
        trend=row.trend or "stable",
        csm=row.csm_name or row.csm_email,
        arr=None if row.arr is None else float(row.arr),
        renewal_date=row.renewal_on,
    )


def health(view: HealthView) -> Health:
    """Answer a computed health as JSON."""
    score = view.score
    return Health(
        id=view.customer.key,
        name=view.customer.name,
        segment=view.customer.segment,
        health_score=float(score.value),
        band=score.band,
        trend=view.trend,
        coverage=float(score.coverage),
        as_of=score.as_of,
        model=score.identity,
        factors={
            to_camel(factor.name): round(float(factor.value), 2) for factor in measured(score)
        },
        weights={to_camel(factor.name): float(factor.weight) for factor in measured(score)},
        measures={to_camel(factor.name): _measure(factor) for factor in measured(score)},
        drivers=[
            DriverShape(
                factor=to_camel(driver.factor),
                title=driver.title,
                points=float(driver.points),
                cause=driver.cause,
                sentence=driver.sentence,
            )
            for driver in view.drivers
        ],
        computed_score=float(view.computed.value),
        override=_override(view.override),
        pulse=_pulse(view.pulse),
    )


def _override(said: Override | None) -> OverrideShape | None:
    if said is None:
        return None
    return OverrideShape(
        kind=said.kind,
        value=float(said.value),
        author=said.author,
        until=said.until,
        reason=said.reason,
    )


def _pulse(said: PulseRow | None) -> PulseShape | None:
    if said is None:
        return None
    return PulseShape(mood=said.mood, note=said.note, author=said.author, until=said.until)


def _point(snapshot: Snapshot, *, recomputed: bool) -> HistoryPoint:
    return HistoryPoint(
        as_of=snapshot.as_of,
        health_score=float(snapshot.score),
        computed_score=float(own_value(snapshot)),
        band=snapshot.band,
        coverage=float(snapshot.coverage),
        model=snapshot.model.partition("@")[0],
        version=snapshot.version,
        trend=snapshot.trend,
        recomputed=recomputed,
    )


def _measure(factor: FactorScore) -> MeasureShape:
    return MeasureShape(
        status=factor.status,
        words=factor_words(factor),
        effective_weight=float(factor.effective_weight),
        contribution=float(factor.contribution),
        raw={to_camel(name): value for name, value in factor.raw.items()},
    )
