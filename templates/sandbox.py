"""Jinja for templates an operator may write: sandboxed, strict, and metered.

What is not on a list here is not there: few filters, few methods, no big arithmetic.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, TypeVar, cast

from jinja2 import BaseLoader, StrictUndefined, Template, nodes, pass_context, pass_eval_context
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context, Macro, markup_join, str_join
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from templates.filters import FILTERS as OURS
from templates.limits import LimitMet, budget, metered

# Texts and sequences longer than this are no part of a letter; arithmetic needs no more digits.
LONGEST = 100_000
LARGEST = 10**15
# So many texts of playbooks stay compiled; compiling one takes ten times as long as filling it in.
REMEMBERED = 1_000

TEXT_FILTERS = ("upper", "lower", "capitalize", "title", "trim", "escape", "e", "int", "float")
OTHER_FILTERS = (
    "abs", "default", "d", "length", "count", "first", "last", "list", "min", "max", "map",
    "select", "reject", "selectattr", "rejectattr", "reverse", "sort", "unique", "items",
)  # fmt: skip
METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({"upper", "lower", "title", "capitalize", "strip", "startswith", "endswith"}),
    dict: frozenset({"items", "keys", "values", "get"}),
}
NodeT = TypeVar("NodeT", bound=nodes.Node)


class Sandbox(SandboxedEnvironment):
    """An environment in which a template can read what it was given, and little else."""

    intercepted_binops: ClassVar[frozenset[str]] = frozenset({"+", "*", "**", "%"})  # type: ignore[misc]  # Jinja reads it from the class

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(".html")),
            finalize=paid,
            optimized=False,  # folding constants at load would run them outside the budget
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals = {"range": short_range, "namespace": self.globals["namespace"]}
        self.filters = {name: _of_text(FILTERS[name]) for name in TEXT_FILTERS}
        self.filters |= {name: FILTERS[name] for name in OTHER_FILTERS}
        self.filters |= {"join": joined, **OURS}
        self.pay_step = pay_step
        self.pay_concat = concatenated

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None,
        defer_init: bool = False,  # noqa: FBT001, FBT002 - Jinja's signature
    ) -> str:  # fmt: skip
        return super()._generate(_Meter().visit(source), name, filename, defer_init)

    def wrap_str_format(self, value: object) -> Callable[..., str] | None:
        """Leave `str.format` as any other method that is on no list: refused."""
        del value
        return None

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Tell whether a template may read this: values yes, methods only those on the list."""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        if not callable(value) or isinstance(value, Macro | BlockReference):
            return True
        return any(isinstance(obj, kind) and attr in names for kind, names in METHODS.items())

    def call(self, context: Context, obj: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - Jinja's signature
        """Call a macro, a block or a permitted method, for one step."""
        budget().step()
        return super().call(context, obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja's signature
        """Do the sums of a letter, and refuse those that would fill the memory."""
        del context
        return _within(_SUMS[operator](left, right))


class _Meter(NodeTransformer):
    """Puts a payment into every loop and macro, and a bound on every `~`."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - Jinja's naming
        return self._paying(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:  # noqa: N802 - Jinja's naming
        return self._paying(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802 - Jinja's naming
        self.generic_visit(node)
        joiner = nodes.EnvironmentAttribute("pay_concat", lineno=node.lineno)
        return nodes.Call(joiner, node.nodes, [], None, None, lineno=node.lineno)

    def _paying(self, node: NodeT) -> NodeT:
        self.generic_visit(node)
        step = nodes.EnvironmentAttribute("pay_step")
        payment = nodes.ExprStmt(nodes.Call(step, [], [], None, None))
        body = cast("nodes.For", node).body
        body.insert(0, payment.set_lineno(node.lineno, override=True))
        return node


def render(environment: Sandbox, name: str, context: Mapping[str, object]) -> str:
    """Render one template within one budget."""
    with metered():
        template = environment.get_template(name)
        return "".join(template.generate(**context))


def render_text(environment: Sandbox, text: str, context: Mapping[str, object]) -> str:
    """Render a template given as its text, within one budget."""
    with metered():
        return "".join(_compiled(environment, text).generate(**context))


@lru_cache(maxsize=REMEMBERED)
def _compiled(environment: Sandbox, text: str) -> Template:
    """Compile a text once: playbooks say the same to many customers, each with their own values."""
    return environment.from_string(text)


@pass_context
def paid(context: Context, value: object) -> object:
    """Let out what a template prints, at the price of its length; pages of data it may not print.

    Taking the context keeps Jinja from printing constants at load time, outside any budget.
    """
    del context
    text = _scalar(value)
    budget().write(len(text))
    return value if isinstance(value, Markup) else text


@pass_eval_context
def concatenated(eval_ctx: EvalContext, *parts: object) -> str:
    """Join as `a ~ b` does, refused when it grows too long."""
    _within_length(sum(len(_scalar(part)) for part in parts))
    return markup_join(parts) if eval_ctx.autoescape else str_join(parts)


@pass_eval_context
def joined(eval_ctx: EvalContext, values: Iterable[object], separator: str = "") -> str:
    """Do `values|join(', ')`, refused when it grows too long."""
    parts: list[object] = []
    length = 0
    for value in values:
        length += len(_scalar(value)) + len(separator)
        _within_length(length)
        parts += [separator, value]
    return markup_join(parts[1:]) if eval_ctx.autoescape else str_join(parts[1:])


def short_range(*bounds: int) -> range:
    """Count as `range(…)` does, as long as the budget for steps."""
    values = range(*bounds)
    if values.stop - values.start > LONGEST or values.start - values.stop > LONGEST:
        raise LimitMet("counts too far")
    return values


def _of_text(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Feed a filter of Jinja's texts and numbers only, never whole lists."""
    if hasattr(inner, "jinja_pass_arg"):

        @pass_eval_context
        def with_context(context: EvalContext, value: object, *rest: object) -> object:
            _scalar(value)
            return inner(context, value, *rest)

        return with_context

    def plain(value: object, *rest: object) -> object:
        _scalar(value)
        return inner(value, *rest)

    return plain


def pay_step() -> str:
    """Pay for one pass of a loop or macro."""
    budget().step()
    return ""


def _scalar(value: object) -> str:
    """Answer the text of a text, number or date; anything else has no business in a letter."""
    if isinstance(value, StrictUndefined):
        return str(value)  # raises, naming what is undefined
    if isinstance(value, str | bool | int | float | Decimal | date | Markup):
        return str(value)
    raise LimitMet(f"prints a whole {type(value).__name__}; join or loop over it instead")


def _power(base: object, exponent: object) -> object:
    if not (_number(base) and _number(exponent)):
        raise LimitMet("raises something else than numbers to a power")
    if abs(cast("float", exponent)) > 15 or abs(cast("float", base)) > 1_000_000:  # noqa: PLR2004 - any letter's sums are smaller
        raise LimitMet("computes a number that is too large")
    return operator.pow(cast("float", base), cast("float", exponent))


def _product(left: object, right: object) -> object:
    if not (_number(left) and _number(right)):
        raise LimitMet("multiplies something else than numbers")
    return operator.mul(cast("float", left), cast("float", right))


def _sum(left: object, right: object) -> object:
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        _within_length(len(left) + len(right))
    return operator.add(cast("float", left), cast("float", right))


def _remainder(left: object, right: object) -> object:
    if not (_number(left) and _number(right)):
        raise LimitMet("formats with %; print the values one by one instead")
    return operator.mod(cast("float", left), cast("float", right))


_SUMS: Mapping[str, Callable[[object, object], object]] = {
    "+": _sum, "*": _product, "**": _power, "%": _remainder,
}  # fmt: skip


def _number(value: object) -> bool:
    return isinstance(value, int | float | Decimal)


def _within(value: object) -> object:
    if isinstance(value, int | float | Decimal) and not -LARGEST <= value <= LARGEST:
        raise LimitMet("computes a number that is too large")
    return value


def _within_length(length: int) -> None:
    if length > LONGEST:
        raise LimitMet(f"makes a text or list longer than {LONGEST:,}")
    budget().write(length)
