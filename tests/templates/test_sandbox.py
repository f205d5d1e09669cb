"""Rule 26: an operator's template can spoil one message, quickly, and nothing else."""

import time
from pathlib import Path

import pytest

from templates.errors import TemplateFailed
from templates.render import mail, words

ACME = {"name": "Acme", "seats": 3}
BOLTRA = {"name": "Boltra", "seats": 5}

GREEDY = {
    "repeated text": "{{ 'a' * 10**10 }}",
    "repeated list": "{{ ([0] * 10**9)|length }}",
    "centred": "{{ 'a'.center(10**9) }}",
    "justified": "{{ 'a'.ljust(10**9) }}",
    "centred by filter": "{{ 'a'|center(10**9) }}",
    "tower of powers": "{{ 10**10**8 }}",
    "formatted": "{{ '{:>1000000000}'.format(1) }}",
    "percent formatted": "{{ '%1000000000d' % 1 }}",
    "long range": "{% for i in range(10**9) %}{% endfor %}",
    "nested loops": (
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}"
    ),
    "endless recursion": "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "bounded recursion": (
        "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}"
    ),
    "doubling by tilde": (
        "{% set ns = namespace(x='ab') %}"
        "{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"
    ),
    "doubling by plus": (
        "{% set ns = namespace(x='ab') %}"
        "{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"
    ),
    "doubling by capture": (
        "{% set ns = namespace(x='ab') %}"
        "{% for i in range(60) %}{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}{% endfor %}"
    ),
    "doubling by join": (
        "{% set ns = namespace(x='ab') %}"
        "{% for i in range(60) %}{% set ns.x = [ns.x, ns.x]|join %}{% endfor %}"
    ),
    "nested lists printed": (
        "{% set ns = namespace(x=[1]) %}"
        "{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x|upper }}"
    ),
    "lorem": "{{ lipsum(10**7) }}",
    "a long output": "{% for i in range(40000) %}" + "x" * 2000 + "{% endfor %}",
}
SLY = {
    "attributes": "{{ ''.__class__.__mro__ }}",
    "globals of a macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "environment": "{{ self._TemplateReference__context.environment }}",
    "a date's method": "{{ customer.day.strftime('%999999999d') }}",
    "a file": "{% include '/etc/passwd' %}",
    "a file above": "{% include '../pyproject.toml' %}",
}


def attempt(folder: Path, source: str) -> str:
    own = folder / "email" / "own"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("Hello")
    (own / "body.txt").write_text(source)
    (own / "body.html").write_text("<p>Hello</p>")
    return mail("own", {"customer": {"name": "Acme", "seats": 3}}, folder).text


@pytest.mark.parametrize("trick", [*GREEDY, *SLY])
def test_a_template_that_wants_too_much_fails_at_once_and_says_so(
    tmp_path: Path, trick: str
) -> None:
    began = time.monotonic()

    with pytest.raises(TemplateFailed, match=r"email/own/body\.txt"):
        attempt(tmp_path, (GREEDY | SLY)[trick])

    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ customer.name|upper }} has {{ customer.seats * 2 + 1 }} seats", "ACME has 7 seats"),
        ("{% for n in range(3) %}{{ loop.index }}{% if not loop.last %}, {% endif %}{% endfor %}",
         "1, 2, 3"),
        ("{{ ['b', 'a']|sort|join(' and ') }}", "a and b"),
        ("{{ 'at ' ~ customer.name ~ '!' }}", "at Acme!"),
        ("{% macro hi(x) %}Hi {{ x }}{% endmacro %}{{ hi(customer.name.lower()) }}", "Hi acme"),
        ("{{ 7 // 2 }} {{ 7 % 2 }} {{ 2 ** 10 }} {{ 1234567|number }}", "3 1 1024 1,234,567"),
        ("{{ customer.get('name') }}", "Acme"),
    ],
)  # fmt: skip
def test_an_ordinary_template_of_an_operator_works(tmp_path: Path, source: str, words: str) -> None:
    assert attempt(tmp_path, source) == words + "\n"


def test_an_operators_template_wins_over_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "email" / "outreach_at_risk"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("Ours for {{ name }}")
    (own / "body.txt").write_text("Words")
    (own / "body.html").write_text("<style>p { color: red }</style><p>{{ name }}</p>")

    made = mail("outreach_at_risk", {"name": "A & B"}, tmp_path)

    assert made.subject == "Ours for A & B"
    assert "A &amp; B" in made.html
    assert 'style="color: red;"' in made.html


def test_one_text_of_a_playbook_says_each_customer_their_own() -> None:
    text = "{% set seats = customer.seats %}{{ customer.name }} has {{ seats }} seats."
    said = [words("book/step", text, {"customer": one}) for one in (ACME, BOLTRA, ACME)]
    assert said == ["Acme has 3 seats.", "Boltra has 5 seats.", "Acme has 3 seats."]


def test_a_text_that_failed_for_one_customer_is_said_to_the_next() -> None:
    with pytest.raises(TemplateFailed, match="seats"):
        words("book/step", "{{ customer.seats }} seats", {"customer": {"name": "Acme"}})
    assert words("book/step", "{{ customer.seats }} seats", {"customer": BOLTRA}) == "5 seats"
