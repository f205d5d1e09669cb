"""`bellwether suppressions` as an operator uses it."""

import json

from tests.bellwether.conftest import Run


def test_an_address_is_added_listed_and_lifted(run: Run) -> None:
    nobody = run("suppressions", "list")
    added = run("suppressions", "add", "pat@acme.example", "--reason", "Asked [on the phone]")
    again = run("suppressions", "add", "pat@acme.example", "--reason", "Again")
    listed = run("suppressions", "list")
    data = json.loads(run("suppressions", "list", "--json").out)
    lifted = run("suppressions", "lift", "pat@acme.example", "--reason", "They wrote to us")

    assert nobody.out == "Nobody is suppressed.\n"
    assert (added.code, added.out[:30]) == (0, "It is not written to any more.")
    assert "by hand: Asked [on the phone]" in again.out
    assert "known by its hash alone" in listed.out
    assert [each["reason"] for each in data] == ["by hand: Asked [on the phone]"]
    assert lifted.out.startswith("It may be written to again.")


def test_wrong_words_are_told_in_a_sentence(run: Run) -> None:
    for words, code, sentence in (
        (("lift", "pat@acme.example", "--reason", "x"), 1, "is not suppressed"),
        (("add", "pat", "--reason", "x"), 1, "is not an e-mail address"),
        (("add", "pat@acme.example", "--reason", " "), 1, "say why"),
        (("add", "pat@acme.example"), 2, "reason"),
        (("list", "--limit", "0"), 2, "limit"),
    ):
        said = run("suppressions", *words)

        assert (said.code, "Traceback" in said.err) == (code, False), (words, said)
        assert sentence in said.err
