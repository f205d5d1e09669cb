"""Reports of mail that came back, as mail servers and providers write them."""

import json
from typing import Any

LETTER = "<0123.7@bellwether.example>"
ANNA = "anna@acme.example"
_BOUND = "=_report"


def report(
    *fields: str,
    kind: str = "delivery-status",
    letter: str | None = LETTER,
    copy: str = "message/rfc822",
    answering: str | None = None,
) -> bytes:
    """Return a multipart/report with these fields (a line each, "" between groups)."""
    lines = [
        "From: MAILER-DAEMON@mx.example",
        "To: success@bellwether.example",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        *([f"In-Reply-To: {answering}"] if answering else []),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="{_BOUND}"',
        "",
        f"--{_BOUND}",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "I'm sorry to have to inform you …",
        "",
        f"--{_BOUND}",
        f"Content-Type: message/{kind}",
        "",
        *fields,
        "",
    ]
    if letter is not None:
        lines += [
            f"--{_BOUND}", f"Content-Type: {copy}", "", f"Message-ID: {letter}",
            "From: Sam <success@bellwether.example>", f"To: {ANNA}", "Subject: Acme and us", "",
            "Hello Anna,",
        ]  # fmt: skip
    return "\r\n".join([*lines, f"--{_BOUND}--", ""]).encode()


def bounce(
    status: str = "5.1.1",
    words: str = "smtp; 550 5.1.1 no such user",
    action: str = "failed",
    recipient: str = ANNA,
    **more: Any,
) -> bytes:
    """Return a report of one recipient's fate."""
    return report(
        "Reporting-MTA: dns; mx.example",
        "",
        f"Original-Recipient: rfc822;{recipient}",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: {words}",
        **more,
    )


def complaint(feedback: str = "abuse", recipient: str = ANNA, **more: Any) -> bytes:
    """Return a complaint (ARF)."""
    return report(
        f"Feedback-Type: {feedback}",
        "User-Agent: SomeGenerator/1.0",
        "Version: 1",
        f"Original-Rcpt-To: <{recipient}>",
        kind="feedback-report",
        **more,
    )


def ses(kind: str = "Bounce", letter: str = LETTER, **bounced: Any) -> bytes:
    """Return what Amazon SES tells by way of SNS."""
    inner = {
        "notificationType": kind,
        "mail": {"commonHeaders": {"messageId": letter}, "messageId": "0100…"},
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": ANNA,
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 unknown",
                }
            ],
        }
        | bounced,
        "complaint": {"complainedRecipients": [{"emailAddress": ANNA}]},
    }
    return json.dumps({"Type": "Notification", "Message": json.dumps(inner)}).encode()


def mailgun(event: str = "failed", severity: str = "permanent", code: int = 550) -> bytes:
    """Return what Mailgun posts."""
    data = {
        "event": event,
        "severity": severity,
        "recipient": ANNA,
        "message": {"headers": {"message-id": LETTER.strip("<>")}},
        "delivery-status": {"code": code, "message": "No such user"},
    }
    return json.dumps({"signature": {}, "event-data": data}).encode()


def sendgrid(event: str = "bounce", kind: str = "bounce", status: str = "5.1.1") -> bytes:
    """Return what SendGrid posts: a list."""
    item = {
        "email": ANNA, "event": event, "type": kind, "status": status, "smtp-id": LETTER,
        "reason": "550 5.1.1 The account does not exist",
    }  # fmt: skip
    return json.dumps([item, {"email": ANNA, "event": "open"}]).encode()
