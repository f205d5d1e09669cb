"""Reports read: what each server's and provider's words mean, and that strangers break nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.returned import LONGEST, Returned, read_json, read_mail
from tests.service import reports
from tests.service.reports import ANNA, LETTER, bounce, complaint, mailgun, sendgrid, ses


def kinds(found: tuple[Returned, ...]) -> list[str]:
    return [each.kind for each in found]


def test_a_report_names_the_mail_and_whom_it_was_for() -> None:
    (found,) = read_mail(bounce())

    assert found.kind == "hard"
    assert found.status == "5.1.1"
    assert found.message_ids == (LETTER,)
    assert found.addresses == (ANNA,)


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "smtp; 550 5.1.1 unknown user", "hard"),
        ("5.1.2", "smtp; 550 host unknown", "hard"),
        ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound", "hard"),
        ("5.2.1", "smtp; 550 5.2.1 mailbox disabled", "hard"),
        ("5.0.0", "smtp; 550 no such user here", "hard"),
        ("5.0.0", "smtp; 550-5.1.1 The email account that you tried", "hard"),
        ("5.0.0", "smtp; 550 5.7.1 blocked", "failed"),
        ("5.0.0", "smtp; 552 too large", "failed"),
        ("5.0.0", "x-unix; user unknown", "failed"),
        ("5.2.2", "smtp; 552 5.2.2 mailbox full", "failed"),
        ("5.7.1", "smtp; 550 5.7.1 listed as spam", "failed"),
        ("5.3.4", "smtp; 552 too big", "failed"),
        ("4.4.7", "smtp; 421 could not connect for five days", "failed"),
        ("", "", "failed"),
    ],
)
def test_only_no_such_mailbox_is_hard(status: str, words: str, kind: str) -> None:
    assert kinds(read_mail(bounce(status, words))) == [kind]


@pytest.mark.parametrize(
    ("action", "kind"),
    [("delayed", ["delayed"]), ("Failed", ["hard"]), ("delivered", []), ("relayed", []), ("", [])],
)
def test_what_was_delivered_is_no_bounce(action: str, kind: list[str]) -> None:
    assert kinds(read_mail(bounce(action=action))) == kind


@pytest.mark.parametrize(
    ("feedback", "kind"),
    [("abuse", ["complaint"]), ("Fraud", ["complaint"]), ("not-spam", []), ("auth-failure", [])],
)
def test_a_complaint_is_one_and_its_opposite_is_not(feedback: str, kind: list[str]) -> None:
    found = read_mail(complaint(feedback))

    assert kinds(found) == kind
    assert all(each.message_ids == (LETTER,) for each in found)


def test_headers_alone_and_what_the_report_answers_name_the_mail_as_well() -> None:
    (headers,) = read_mail(bounce(copy="text/rfc822-headers"))
    (answering,) = read_mail(bounce(letter=None, answering=LETTER))
    (nothing,) = read_mail(bounce(letter=None))

    assert headers.message_ids == answering.message_ids == (LETTER,)
    assert nothing.message_ids == ()


def test_of_the_mails_a_report_names_only_some_are_looked_for() -> None:
    # A mail of ours came back or did not; eighty thousand names would be asked of the database.
    many = " ".join(f"<.{number}@x>" for number in range(80_000))

    (found,) = read_mail(bounce(letter=many))

    assert len(found.message_ids) == 10


def test_two_recipients_are_two_claims_and_the_same_report_read_twice_is_the_same() -> None:
    group = ("Final-Recipient: rfc822; {}", "Action: failed", "Status: 5.1.1", "")
    fields = [line.format(who) for who in (ANNA, "bob@acme.example") for line in group]
    raw = reports.report("Reporting-MTA: dns; mx.example", "", *fields)

    first, again = read_mail(raw), read_mail(raw)

    assert [each.addresses for each in first] == [(ANNA,), ("bob@acme.example",)]
    assert len({each.digest for each in first + again}) == 2


def test_a_report_that_a_mail_only_carries_along_is_not_its_own() -> None:
    forwarded = reports.report("Final-Recipient: x", copy="message/rfc822").replace(
        b"Subject: Acme and us\r\n\r\nHello Anna,",
        b"X: y\r\n" + bounce().replace(b"=_report", b"=_inner"),
    )

    assert read_mail(forwarded) == ()


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (ses(), ["hard"]),
        (ses(bounceType="Transient"), ["failed"]),
        (ses(bounceSubType="NoEmail", bouncedRecipients=[{"emailAddress": ANNA}]), ["hard"]),
        (ses(bouncedRecipients=[{"emailAddress": ANNA, "status": "5.2.2"}]), ["failed"]),
        (ses("Complaint"), ["complaint"]),
        (ses("Delivery"), []),
        (mailgun(), ["hard"]),
        (mailgun(code=552), ["failed"]),
        (mailgun(severity="temporary"), ["delayed"]),
        (mailgun("complained"), ["complaint"]),
        (mailgun("delivered"), []),
        (sendgrid(), ["hard"]),
        (sendgrid(kind="blocked"), ["failed"]),
        (sendgrid("deferred"), ["delayed"]),
        (sendgrid("spamreport"), ["complaint"]),
        (sendgrid("click"), []),
    ],
)
def test_providers_say_the_same_in_json(raw: bytes, kind: list[str]) -> None:
    found = read_json(raw)

    assert kinds(found) == kind
    assert all(each.message_ids == (LETTER,) and each.addresses == (ANNA,) for each in found)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"hello", b"\x00\xff", b"Subject: I am away until Monday\r\n\r\nBye",
        b"Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\nContent-Type: text/x\r\n",
        b"Content-Type: multipart/report\r\n\r\nno boundary",
        bounce().replace(b"Action: failed", b"Action: =?utf-8?q?failed?="),
        bounce().replace(b"anna@acme", b"\xff\xfe\x00@acme"),
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" * 2000,
        bounce() + b"x" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_report_says_nothing_and_breaks_nothing(raw: bytes) -> None:
    assert all(address.isprintable() for each in read_mail(raw) for address in each.addresses)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"7", b'"x"', b"[[[]]]", b"[" * 100_000, b'{"event-data": 7}',
     b'{"event": "bounce", "email": {"a": 1}, "smtp-id": ["x"]}', b'{"Type": "Notification"}',
     b'{"notificationType": "Bounce", "bounce": [], "mail": 3}'],
)  # fmt: skip
def test_json_that_is_nothing_of_the_kind_breaks_nothing(raw: bytes) -> None:
    assert all(each.addresses == () and each.message_ids == () for each in read_json(raw))


@settings(max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 900), st.integers(0, 40))
def test_a_damaged_report_is_read_as_far_as_it_goes(junk: bytes, at: int, cut: int) -> None:
    raw = bounce()

    for found in read_mail(raw[:at] + junk + raw[at + cut :]):
        assert found.kind in {"hard", "failed", "delayed", "complaint"}
