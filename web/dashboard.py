"""The dashboard: everybody in one list, filtered and sorted by the address alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from service import answer
from service.answer import BandCount, PortfolioView
from service.errors import UnknownCustomer
from service.ports import House
from storage.views import CurrentRow, Filter, Sort, segments
from templates.render import page
from web.api import clean, known_form
from web.dossier import dossier
from web.state import InHouse, Now

router = APIRouter(include_in_schema=False)

HOME = "/api/dashboard"
PAGE = 50
SPREAD = 1000
MOVERS = 4
# Column titles, what each sorts by, and whether it holds figures.
COLUMNS: tuple[tuple[str, Sort | None, str], ...] = (
    ("Customer", "name", ""), ("Health", "score", ""), ("Trend", None, ""),
    ("7 days", "change", "figure"), ("30 days", None, "figure"),
    ("Segment", "segment", ""), ("CSM", "csm", ""), ("ARR", "arr", "figure"),
    ("Renewal", "renewal", "figure"), ("As of", None, "figure"),
)  # fmt: skip
SORTS: Mapping[str, Sort] = {sort: sort for _, sort, _ in COLUMNS if sort}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, ready to be written."""

    link: str
    name: str
    key: str
    status: str
    score: object
    band: str
    tone: str
    trend: str | None
    change_7: object
    change_30: object
    segment: str | None
    csm: str | None
    arr: object
    renewal_on: object
    as_of: object


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, in its own words, so that links can say it again."""

    q: str | None
    segment: str | None
    band: str | None
    sort: Sort
    order: str
    page: int

    @property
    def narrowed(self) -> bool:
        """Whether anybody is left out."""
        return bool(self.q or self.segment or self.band)

    def link(self, **changed: object) -> str:
        """Answer the address of the same list with something changed; page 1 unless said."""
        said: dict[str, object] = {
            "q": self.q, "segment": self.segment, "band": self.band,
            "sort": self.sort, "order": self.order,
        } | changed  # fmt: skip
        usual = {"sort": "score", "order": "asc"}
        words = {name: value for name, value in said.items() if value and value != usual.get(name)}
        return f"{HOME}?{urlencode(words)}" if words else HOME


@router.get("/dashboard")
def redirect() -> RedirectResponse:
    """Lead to the dashboard's address."""
    return RedirectResponse(HOME, 307)


@router.get(HOME)
def dashboard(
    *,
    request: Request,
    house: InHouse,
    q: Annotated[str | None, Query(max_length=200)] = None,
    segment: Annotated[str | None, Query(max_length=200)] = None,
    band: Annotated[str | None, Query(max_length=60)] = None,
    sort: str = "score",
    order: str = "asc",
    page_number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """Show the list. Words the address got wrong fall back to the usual order."""
    asked = Asked(
        q=clean(q), segment=clean(segment), band=clean(band),
        sort=SORTS.get(sort, "score"),
        order="desc" if order == "desc" else "asc",
        page=page_number,
    )  # fmt: skip
    return _html(request, "dashboard.html", _listing(house, asked))


@router.get(HOME + "/customers/{id:path}")
def customer(
    id: str,  # noqa: A002 - the name in the path is the API's
    request: Request,
    house: InHouse,
    now: Now,
) -> HTMLResponse:
    """Show one customer; a page that says so when nobody has the key."""
    try:
        context = dossier(house, known_form(id), now)
    except UnknownCustomer as fault:
        return _html(request, "missing.html", {"key": fault.key}, 404)
    return _html(request, "customer.html", context)


def _html(
    request: Request, name: str, context: Mapping[str, object], status: int = 200
) -> HTMLResponse:
    mounted: Sequence[str] = request.app.state.mounted
    inbox = next((path for path in mounted if path == "/inbox"), None)
    words = page(name, {"active": "customers", "inbox": inbox, **context})
    return HTMLResponse(words, status)


def _listing(house: House, asked: Asked) -> dict[str, object]:
    portfolio = answer.portfolio(house)
    rows, total = answer.customers(house, _filter(asked))
    with house.database.reading() as tx:
        known_segments = segments(tx)
    pages = max(1, -(-total // PAGE))
    first = (asked.page - 1) * PAGE + 1
    return {
        "portfolio": portfolio,
        "spread": _spread(portfolio),
        "as_of": portfolio.as_of,
        "movers": () if asked.narrowed or asked.page > 1 else _movers(portfolio),
        "filter": asked,
        "filtered": asked.narrowed,
        "sort": asked.sort,
        "order": asked.order,
        "columns": [_column(asked, *column) for column in COLUMNS],
        "count_links": _count_links(portfolio.counts, asked),
        "segments": known_segments,
        "rows": [_row(house, row) for row in rows],
        "everybody": answer.customers(house, Filter(limit=1))[1],
        "total": total,
        "first": first,
        "last": min(first + PAGE - 1, total),
        "page": asked.page,
        "pages": pages,
        "previous": asked.link(page=asked.page - 1) if asked.page > 1 else None,
        "next": asked.link(page=asked.page + 1) if asked.page < pages else None,
    }


def _filter(asked: Asked) -> Filter:
    return Filter(
        q=asked.q,
        segment=asked.segment,
        band=asked.band,
        min_score=None,
        max_score=None,
        sort=asked.sort,
        descending=asked.order == "desc",
        limit=PAGE,
        offset=(asked.page - 1) * PAGE,
    )


def _column(asked: Asked, title: str, sort: Sort | None, kind: str) -> dict[str, object]:
    """Describe a column's head: clicking sorts by it, clicking again turns the order."""
    here = sort is not None and sort == asked.sort
    turned = "desc" if here and asked.order == "asc" else "asc"
    direction = {"asc": "ascending", "desc": "descending"}[asked.order] if here else "none"
    link = asked.link(sort=sort, order=turned) if sort else None
    return {"title": title, "sort": sort, "kind": kind, "direction": direction, "link": link}


def _count_links(counts: Sequence[BandCount], asked: Asked) -> dict[str, str]:
    links = {count.band: asked.link(band=count.band) for count in counts}
    return links | {"": asked.link(band=None)}


def _spread(portfolio: PortfolioView) -> list[dict[str, object]]:
    """Lay the bands side by side along one bar of SPREAD units."""
    parts: list[dict[str, object]] = []
    at = 0.0
    for count in portfolio.counts:
        width = SPREAD * count.customers / (portfolio.total or 1)
        parts.append({"tone": count.tone, "x": round(at, 2), "width": round(width, 2)})
        at += width
    return parts


def _movers(portfolio: PortfolioView) -> list[dict[str, object]]:
    """Answer who fell and who rose furthest in a week, when anybody did."""
    moved = (("Fell most in 7 days", portfolio.fallen), ("Rose most in 7 days", portfolio.risen))
    return [
        {
            "title": title,
            "rows": [
                {"link": customer_link(row.key), "name": row.name, "change": row.change_7}
                for row in rows[:MOVERS]
            ],
        }
        for title, rows in moved
        if rows
    ]


def _row(house: House, row: CurrentRow) -> Row:
    band = row.band or "unknown"
    return Row(
        link=customer_link(row.key),
        name=row.name,
        key=row.key,
        status=row.status,
        score=row.score,
        band=band,
        tone=house.tone(band),
        trend=row.trend,
        change_7=row.change_7,
        change_30=row.change_30,
        segment=row.segment,
        csm=row.csm_name or row.csm_email,
        arr=row.arr,
        renewal_on=row.renewal_on,
        as_of=row.as_of,
    )


def customer_link(key: str) -> str:
    """Answer the address of a customer's page, whatever characters the key has."""
    return f"{HOME}/customers/{quote(key, safe='')}"
