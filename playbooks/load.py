"""From YAML text to a playbook, or to every fault in it at once."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from pydantic import ValidationError

from playbooks.conditions import strange_factors
from playbooks.errors import PlaybookInvalid
from playbooks.playbook import Playbook
from playbooks.steps import Stop
from playbooks.triggers import FactorCrosses, RecordArrives, Schedule, bands_named, rank
from scoring.document import read
from scoring.errors import Fault
from scoring.faults import faults
from scoring.model import HealthModel

SHIPPED = (
    "new-at-risk", "churn-risk", "critical-save", "fast-drop", "gone-quiet", "payment-and-usage",
    "renewal-at-risk", "thriving-growth", "healthy-nurture", "recovered",
)  # fmt: skip


def parse(text: str, where: str) -> Playbook:
    """Return the playbook written in `text`; `where` names the file in errors.

    Raises PlaybookInvalid with every fault: line, place, what was found, what is allowed.
    """
    document = read(text)
    if document.faults:
        raise PlaybookInvalid(where, document.faults)
    try:
        return Playbook.model_validate(document.data)
    except ValidationError as error:
        raise PlaybookInvalid(where, faults(error, document, Playbook)) from None


def check(playbook: Playbook, model: HealthModel, where: str) -> None:
    """Refuse a playbook that could never start: by bands or factors the model does not have.

    One whose plays could never end is refused too: no second play would begin beside the first.
    """
    faults_found = (
        *_strange_bands(playbook, model),
        *_strange_factors(playbook, model),
        *_endless(playbook),
    )
    if faults_found:
        raise PlaybookInvalid(where, faults_found)


def _strange_bands(playbook: Playbook, model: HealthModel) -> Iterator[Fault]:
    named = bands_named(playbook.when)
    if named and all(rank(model, band) is None for band in named):
        yield _strange("when.bands", named, "band", [band.name for band in model.bands], model)


def _strange_factors(playbook: Playbook, model: HealthModel) -> Iterator[Fault]:
    known = [measured.name for measured in model.measured()]
    when = playbook.when
    if isinstance(when, FactorCrosses) and when.factor not in known:
        yield _strange("when.factor", [when.factor], "factor", known, model)
    strange = strange_factors(playbook.only_if, known)
    if strange:
        yield _strange("only_if.factor", strange, "factor", known, model)


def _endless(playbook: Playbook) -> Iterator[Fault]:
    """Tell of a play that neither its customer's getting better nor a step of its own ends."""
    when = playbook.when
    ends = isinstance(when, RecordArrives) and when.record == "invoice_overdue"
    if not isinstance(when, Schedule | RecordArrives) or ends:
        return
    if not any(isinstance(step, Stop) for step in playbook.then):
        allowed = f"a step of kind stop at the end; nothing else ends a play begun by {when.kind}"
        yield Fault(line=1, where="then", found="no stop", allowed=allowed)


def _strange(
    where: str, found: Sequence[str], noun: str, allowed: Sequence[str], model: HealthModel
) -> Fault:
    near = get_close_matches(found[0], allowed, n=1)
    return Fault(
        line=1,
        where=where,
        found=", ".join(f"'{name}'" for name in found),
        allowed=f"a {noun} of {model.identity}: {', '.join(allowed)}",
        nearest=near[0] if near else None,
    )


@cache
def shipped() -> tuple[Playbook, ...]:
    """Return the playbooks that come with the product."""
    library = files("playbooks").joinpath("library")
    return tuple(
        parse(library.joinpath(f"{name}.yaml").read_text("utf-8"), f"playbooks/library/{name}.yaml")
        for name in SHIPPED
    )
