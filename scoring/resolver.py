"""Which model a customer is scored by: rules in their order, and a default for all others."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from scoring.document import read
from scoring.errors import Fault, ModelInvalid, NoModel
from scoring.faults import faults, misspelt
from scoring.figures import CustomerFacts
from scoring.model import HealthModel
from scoring.written import Name, Whole, Word, Written


def _listed(value: object) -> object:
    """Let one word stand for a list of one, the way people write it."""
    return [value] if isinstance(value, str) else value


Choice = Annotated[tuple[Word, ...], BeforeValidator(_listed), Field(max_length=100)]


class Rule(Written):
    """A model for some customers: those to whom everything said here applies.

    `segment`, `plan` and `lifecycle` are a word or a list of words, of which one must fit; `tag`
    fits when the customer has one of them. `younger_than` is in days since the customer began.
    """

    model: Name
    segment: Choice = ()
    plan: Choice = ()
    lifecycle: Choice = ()
    tag: Choice = ()
    younger_than: Annotated[Whole, Field(ge=1, le=3660)] | None = None

    @model_validator(mode="after")
    def _says_for_whom(self) -> Self:
        if not (self.segment or self.plan or self.lifecycle or self.tag or self.younger_than):
            raise ValueError("a rule with segment, plan, lifecycle, tag or younger_than")
        return self


class Resolver(Written):
    """The first rule that fits decides; a customer whom none fits has the default."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=100)] = ()
    default: Name

    def names(self) -> tuple[str, ...]:
        """Return every model that may be picked, the default last, each once."""
        return tuple(dict.fromkeys([*(rule.model for rule in self.rules), self.default]))


def parse_resolver(text: str, where: str) -> Resolver:
    """Return the resolver the YAML text describes; raises `ModelInvalid` with every fault."""
    document = read(text)
    if document.faults:
        raise ModelInvalid(where, document.faults)
    try:
        return Resolver.model_validate(document.data)
    except ValidationError as error:
        raise ModelInvalid(where, faults(error, document, Resolver)) from None


def unknown_picks(text: str, resolver: Resolver, known: Sequence[str]) -> tuple[Fault, ...]:
    """Return a fault for every place of the resolver's text that names a model not at hand."""
    document, names = read(text), sorted(set(known))
    rules = [(("rules", number, "model"), one.model) for number, one in enumerate(resolver.rules)]
    return tuple(
        misspelt(document.line(path), path, name, names)
        for path, name in (*rules, (("default",), resolver.default))
        if name not in names
    )


def fits(rule: Rule, facts: CustomerFacts, as_of: date) -> bool:
    """Tell whether everything the rule says applies to this customer on that day."""
    stated = ((rule.segment, facts.segment), (rule.plan, facts.plan))
    words = (*stated, (rule.lifecycle, facts.lifecycle))
    age = (as_of - facts.created_on).days
    return (
        all(not allowed or word in allowed for allowed, word in words)
        and (not rule.tag or not set(rule.tag).isdisjoint(facts.tags))
        and (rule.younger_than is None or age < rule.younger_than)
    )


def resolved(
    resolver: Resolver, models: Sequence[HealthModel], facts: CustomerFacts, as_of: date
) -> HealthModel:
    """Return the customer's model on that day.

    Of several versions of one name the newest that is valid on the day is taken. A rule whose
    model is not valid on the day is passed over; raises `NoModel` when even the default is not.
    """
    fitting = [rule.model for rule in resolver.rules if fits(rule, facts, as_of)]
    for name in (*fitting, resolver.default):
        valid = [model for model in models if model.name == name and is_valid(model, as_of)]
        if valid:
            return max(valid, key=lambda model: model.version)
    raise NoModel(resolver.default, as_of)


def is_valid(model: HealthModel, day: date) -> bool:
    """Tell whether the model may be used on that day; both its dates are included."""
    begun = model.valid_from is None or model.valid_from <= day
    return begun and (model.valid_until is None or day <= model.valid_until)
