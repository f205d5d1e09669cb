"""How customers stood before a day, in columns: the score before, and who needs a closer look."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, and_, case, select, union

from scoring.columns.block import Facts, Words
from storage.columnar import MISSING, Ints, int_columns, ordinal, whole
from storage.snapshots import DAYS_NEAR
from storage.tables import current, customer, model, snapshot
from storage.tables_acts import decision, play, transition
from storage.tables_said import override, snapshot_revision

# A decision to wait is looked at again for a week.
WAITS: Final = timedelta(days=7)
# No name of the list.
UNLISTED: Final = -2


@dataclass(frozen=True, slots=True)
class Series:
    """Which scores are compared: of one version of a model, with its bands in their order."""

    model: str
    version: int
    bands: Sequence[str]
    trends: Sequence[str]


class OpenPlay(NamedTuple):
    """What tells whether a play might end; `digest` names the playbook it is pinned to."""

    customer_id: int
    playbook: str
    digest: str | None
    band: str
    score: Decimal


class Between(NamedTuple):
    """The day scored before, and the day that is scored now."""

    eve: date
    day: date


@dataclass(frozen=True, slots=True)
class Standings:
    """Customers as they stood, ascending by id; who is not there was never enrolled.

    Days are ordinals, points hundredths, and MISSING what is not known. `ours` tells whose newest
    score is of the series, `same_model` whose is of any version of the model; of others nothing
    that is told of a score is true. `score_7` and `score_30` are of a week and a month before.
    """

    ids: Ints
    created_on: Ints
    active_since: Ints
    renewal_on: Ints
    seats: Ints
    same_model: NDArray[np.bool_]
    ours: NDArray[np.bool_]
    as_of: Ints
    score: Ints
    band: Ints
    trend: Ints
    band_since: Ints
    score_7: Ints
    score_30: Ints

    def some(self, places: NDArray[np.intp]) -> "Standings":
        """Return the customers at these places."""
        return Standings(*(getattr(self, each.name)[places] for each in fields(self)))


def standings(tx: Connection, ids: Sequence[int], series: Series, day: date) -> Standings:
    """Read how these customers, given ascending, stood before the day."""
    people = int_columns(tx, _people(tx, ids))
    mine = np.isin(people["id"], np.array(ids, np.int64), assume_unique=True)
    columns = {name: column[mine] for name, column in people.items()}
    known = columns.pop("id")
    columns |= _beside(known, int_columns(tx, _newest(tx, ids, series)))
    same_model = columns.pop("number") == 1
    ours = same_model & (columns.pop("version") == series.version)
    return Standings(
        ids=known,
        same_model=same_model,
        ours=ours,
        score_7=_score_near(tx, known, series, day - timedelta(days=7)),
        score_30=_score_near(tx, known, series, day - timedelta(days=30)),
        **columns,
    )


def changes(tx: Connection, ids: Ints) -> tuple[Ints, Ints]:
    """Return the changes over a week and a month that these newest scores tell, in hundredths."""
    score = current.c
    found = int_columns(
        tx,
        select(
            whole(score.customer_id, "owner"),
            whole(cents(tx, score.change_7), "week"),
            whole(cents(tx, score.change_30), "month"),
        ).where(score.customer_id.between(int(ids[0]), int(ids[-1]))),
    )
    beside = _beside(ids, found)
    return beside["week"], beside["month"]


def facts(tx: Connection, standing: Standings, *, people: bool) -> Facts:
    """Answer what scoring knows of them; of their words only where it asks."""
    created = standing.created_on.astype(np.int32)
    if not people or not len(standing.ids):
        return Facts(created)
    rows = customer.c
    statement = select(rows.id, rows.segment, rows.plan).where(
        rows.id.between(int(standing.ids[0]), int(standing.ids[-1]))
    )
    said = {row.id: (row.segment, row.plan) for row in tx.execute(statement)}
    both = [said.get(one, (None, None)) for one in standing.ids.tolist()]
    seats = np.where(standing.seats == MISSING, -1, standing.seats)
    segments, plans = [one for one, _ in both], [one for _, one in both]
    return Facts(created, _words(segments), _words(plans), seats)


def watched(tx: Connection, ids: Sequence[int], series: Series, between: Between) -> Ints:
    """Return, of the customers from the first to the last, those no column tells all about.

    They have a start that was put off, a word of a person over their score, a score before that
    was corrected, a score between the two days, or a step between bands on this day.
    """
    first, last = ids[0], ids[-1]
    (eve, day), number = between, number_of(series)
    month = day - timedelta(days=30 + DAYS_NEAR)
    decisions, words = decision.c, override.c
    said, steps, scored = snapshot_revision.c, transition.c, snapshot.c
    looked: list[tuple[ColumnElement[int], ColumnElement[bool]]] = [
        (
            decisions.customer_id,
            and_(decisions.outcome == "deferred", decisions.as_of >= day - WAITS),
        ),
        (said.customer_id, and_(said.model_id == number, said.as_of == eve)),
        (
            steps.customer_id,
            and_(
                steps.as_of == day,
                steps.model_id == number,
                steps.kind.in_(("worsened", "improved")),
            ),
        ),
    ]
    missed = [eve + timedelta(days=n) for n in range(1, (day - eve).days)]
    if missed:
        looked.append(
            (scored.customer_id, and_(scored.model_id == number, scored.as_of.in_(missed)))
        )
    # Small tables apart from the large ones: on a distributed PostgreSQL they lie elsewhere.
    arms = [select(owner).where(owner.between(first, last), holds) for owner, holds in looked]
    found = [
        select(words.customer_id).where(
            words.customer_id.between(first, last), words.until >= month
        ),
        union(*arms),
    ]
    owners = [
        int_columns(tx, select(whole(each.subquery().c.customer_id, "owner")))["owner"]
        for each in found
    ]
    return np.unique(np.concatenate(owners))


def open_plays(tx: Connection, first: int, last: int) -> list[OpenPlay]:
    """Return the open plays of the customers from the first to the last."""
    rows = play.c
    statement = select(
        rows.customer_id, rows.playbook, rows.body_digest, rows.band, rows.score
    ).where(rows.customer_id.between(first, last), rows.state == "open")
    return [OpenPlay(*row) for row in tx.execute(statement)]


def _people(tx: Connection, ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    who = customer.c
    return (
        select(
            whole(who.id, "id"),
            whole(ordinal(tx, who.created_on), "created_on"),
            whole(ordinal(tx, who.active_since), "active_since"),
            whole(ordinal(tx, who.renewal_on), "renewal_on"),
            whole(who.seats, "seats"),
        )
        .where(who.id.between(ids[0], ids[-1]))
        .order_by(who.id)
    )


def _newest(tx: Connection, ids: Sequence[int], series: Series) -> Select[*tuple[Any, ...]]:
    score = current.c
    return select(
        whole(score.customer_id, "owner"),
        whole(case((score.model_id == number_of(series), 1), else_=0), "number"),
        whole(score.version, "version"),
        whole(ordinal(tx, score.as_of), "as_of"),
        whole(cents(tx, score.score), "score"),
        whole(place_in(score.band, series.bands), "band"),
        whole(place_in(score.trend, series.trends), "trend"),
        whole(ordinal(tx, score.band_since), "band_since"),
    ).where(score.customer_id.between(ids[0], ids[-1]))


def _beside(ids: Ints, found: dict[str, Ints]) -> dict[str, Ints]:
    """Answer the columns with a row for each of the ids, MISSING where nothing was found."""
    owners = found.pop("owner")
    places = np.minimum(np.searchsorted(ids, owners), max(len(ids) - 1, 0))
    mine = ids[places] == owners if len(ids) else np.zeros(len(owners), np.bool_)
    beside = {name: np.full(len(ids), MISSING, np.int64) for name in found}
    for name, column in found.items():
        beside[name][places[mine]] = column[mine]
    return beside


def _score_near(tx: Connection, ids: Ints, series: Series, day: date) -> Ints:
    """Answer each one's score on the day or up to three days before it."""
    column = np.full(len(ids), MISSING, np.int64)
    if not len(ids):
        return column
    rows = snapshot.c
    days = [day - timedelta(days=back) for back in range(DAYS_NEAR + 1)]
    found = int_columns(
        tx,
        select(
            whole(rows.customer_id, "owner"),
            whole(ordinal(tx, rows.as_of), "as_of"),
            whole(cents(tx, rows.score), "score"),
        ).where(
            _of(tx, rows.customer_id, ids),
            rows.model_id == number_of(series),
            rows.as_of.in_(days),
            rows.version == series.version,
        ),
    )
    # Of several the newest comes last, and stays.
    order = np.argsort(found["as_of"], kind="stable")
    owners, scores = found["owner"][order], found["score"][order]
    places = np.minimum(np.searchsorted(ids, owners), len(ids) - 1)
    mine = ids[places] == owners
    column[places[mine]] = scores[mine]
    return column


def _of(tx: Connection, owner: ColumnElement[int], ids: Ints) -> ColumnElement[bool]:
    first, last = int(ids[0]), int(ids[-1])
    if tx.dialect.name == "postgresql":
        return owner.between(first, last)
    return owner.in_(select(customer.c.id).where(customer.c.id.between(first, last)))


def cents(tx: Connection, points: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return points of two decimals as hundredths; SQLite keeps them so."""
    return points * 100 if tx.dialect.name == "postgresql" else points


def place_in(word: ColumnElement[str], words: Sequence[str]) -> ColumnElement[Any]:
    """Return the place of a word in the list, UNLISTED where it is not there."""
    places = [(word == one, place) for place, one in enumerate(words)]
    return case(*places, else_=UNLISTED)


def number_of(series: Series) -> ColumnElement[int]:
    """Return the number of the series' model; NULL where it never scored anybody."""
    return select(model.c.id).where(model.c.name == series.model).scalar_subquery()


def _words(texts: Sequence[str | None]) -> Words:
    words = tuple(dict.fromkeys(texts))
    places = {word: place for place, word in enumerate(words)}
    return Words(np.array([places[one] for one in texts], np.int32), words)
