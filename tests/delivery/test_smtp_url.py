"""Where mail leaves the house is read once, strictly, and never shown with its password."""

import pytest

from delivery.errors import SmtpUrlInvalid
from delivery.smtp_url import smtp_server


def test_the_usual_address_is_read_with_its_defaults() -> None:
    server = smtp_server("smtp://mail.example.com")

    assert (server.host, server.port, server.tls, server.starttls) == (
        "mail.example.com",
        587,
        False,
        "auto",
    )
    assert not server.needs_tls


def test_user_and_password_are_unquoted_and_ask_for_tls() -> None:
    server = smtp_server("smtp://ann%40x.example:p%40ss%2Fword@mail.example.com:2525")

    assert (server.user, server.password) == ("ann@x.example", "p@ss/word")
    assert server.needs_tls
    assert "p@ss" not in repr(server)


def test_smtps_speaks_tls_from_the_start() -> None:
    server = smtp_server("smtps://u:p@mail.example.com")

    assert (server.port, server.tls) == (465, True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com:25",
        "http://mail.example.com",
        "smtp://",
        "smtp://host:port",
        "smtp://host:99999",
        "smtp://onlyuser@host",
        "smtp://host?starttls=perhaps",
        "smtp://host?verify=no",
    ],
)
def test_an_unusable_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SmtpUrlInvalid, match="smtp://user:password@host:587"):
        smtp_server(url)


def test_the_refusal_never_shows_the_password() -> None:
    with pytest.raises(SmtpUrlInvalid) as caught:
        smtp_server("smtp://user:hunter2@host?nonsense=1")

    assert "hunter2" not in str(caught.value)
