"""Rule 11: exactly one validated recipient, clean headers, and words that survive the wire."""

from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.errors import LetterInvalid
from delivery.letter import Letter, letter
from tests.delivery.conftest import NOW, message

SPOILED = ("\r\nBcc: eve@evil.example", "a\nb", "a\x0bb", "a\u2028b", "a\u2029b", "a\x00b", "\x85")


def composed(**body: Any) -> Letter:
    return letter(cast("Mapping[str, object]", message(**body).body), NOW)


def parsed(sheet: Letter) -> EmailMessage:
    return message_from_bytes(sheet.wire, policy=default)


def test_a_letter_carries_text_and_html_and_the_headers_machines_read() -> None:
    read = parsed(composed())

    assert read["From"] == "Sam Berg <success@bellwether.example>"
    assert read["To"] == "Anna Schmidt <anna@acme.example>"
    assert read["Message-ID"] == "<0123456789abcdef@bellwether.example>"
    assert read["Date"].datetime == NOW
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read.get_content_type() == "multipart/alternative"
    html = read.get_body(("html",))
    assert html is not None
    assert "grüße 🦊" in html.get_content()


def test_the_unsubscribe_address_is_never_folded_or_encoded() -> None:
    wire = composed().wire

    assert b"List-Unsubscribe: <https://bellwether.example/unsubscribe/1.aaaa" in wire
    assert b"a>\r\n" in wire


def test_lines_that_begin_with_a_dot_are_doubled_for_the_wire() -> None:
    assert b"\r\n..a line that begins with a dot\r\n" in composed().wire
    assert b"\r\n.\r\n" not in composed(text=".\n.\n.\n").wire


@pytest.mark.parametrize("spoiled", SPOILED)
@pytest.mark.parametrize("part", ["subject", "to", "from", "message_id"])
def test_rule_11_control_and_line_separator_characters_are_refused_in_headers(
    part: str, spoiled: str
) -> None:
    with pytest.raises(LetterInvalid):
        composed(**{part: str(message().body[part]) + spoiled})


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_spoiled_unsubscribe_header_is_refused(spoiled: str) -> None:
    with pytest.raises(LetterInvalid):
        composed(headers={"List-Unsubscribe": f"<https://x.example/>{spoiled}"})


@pytest.mark.parametrize("name", ["Bcc", "To", "Subject", "Content-Type", "X-A\r\nBcc", ""])
def test_headers_that_are_not_ours_to_set_are_refused(name: str) -> None:
    with pytest.raises(LetterInvalid):
        composed(headers={name: "eve@evil.example"})


@pytest.mark.parametrize(
    "to",
    [
        "",
        "anna",
        "anna@acme.example, eve@evil.example",
        "anna@acme.example;eve@evil.example",
        "Anna <anna@acme.example>",
        "anna@acme.example eve@evil.example",
        "@acme.example",
        "anna@",
        None,
        7,
    ],
)
def test_rule_11_anything_but_exactly_one_recipient_is_refused(to: object) -> None:
    with pytest.raises(LetterInvalid):
        composed(to=to)


@given(st.text(max_size=60))
def test_rule_25_no_name_adds_a_recipient_or_a_header(name: str) -> None:
    read = parsed(composed(to_name=name, from_name=name))

    assert [address.addr_spec for address in read["To"].addresses] == ["anna@acme.example"]
    assert [address.addr_spec for address in read["From"].addresses] == [
        "success@bellwether.example"
    ]
    assert read["Bcc"] is None


def test_a_name_in_any_script_arrives() -> None:
    read = parsed(composed(to_name="Zoë 🦊 שלום", subject="Grüße, 山田さん"))

    assert read["To"].addresses[0].display_name == "Zoë 🦊 שלום"
    assert read["Subject"] == "Grüße, 山田さん"


def test_a_domain_in_any_script_is_written_in_ascii_and_needs_nothing_of_the_server() -> None:
    sheet = composed(to="anna@münchen.example")

    assert sheet.recipient == "anna@xn--mnchen-3ya.example"
    assert not sheet.utf8


def test_a_local_part_in_any_script_needs_smtputf8() -> None:
    sheet = composed(to="zoë@acme.example")

    assert sheet.utf8
    assert "zoë@acme.example".encode() in sheet.wire


@pytest.mark.parametrize("part", ["text", "html"])
def test_a_letter_without_words_is_refused(part: str) -> None:
    with pytest.raises(LetterInvalid, match=part):
        composed(**{part: " "})


def test_the_refusal_names_the_part_and_never_its_content() -> None:
    with pytest.raises(LetterInvalid) as caught:
        composed(to="secret@acme.example, other@acme.example")

    assert "secret" not in str(caught.value)
