"""Settings: what a deployment may say, and how it hears of every mistake at once."""

from datetime import time
from pathlib import Path

import pytest

from bellwether.errors import SettingsInvalid
from bellwether.settings import Settings
from bellwether.settings_table import TABLE


def test_an_empty_environment_works_on_a_laptop() -> None:
    settings = Settings.read({})

    assert settings.database_url == "sqlite:///var/bellwether.db"
    assert settings.sqlite_file == Path("var/bellwether.db")
    assert (settings.host, settings.port, settings.url) == (
        "127.0.0.1",
        8000,
        "http://127.0.0.1:8000",
    )
    assert settings.auth == "keys"
    assert settings.mail_mode == "dry-run"
    assert not settings.slack_is_real
    assert settings.digest_at == time(9)


def test_every_mistake_is_told_in_one_message_with_what_is_allowed() -> None:
    environment = {
        "PORT": "eighty",
        "BELLWETHER_TIMEZONE": "Mars/Olympus",
        "BELLWETHER_DIGEST_AT": "9 o'clock",
        "BELLWETHER_MAIL": "always",
        "SLACK_BOT_TOKEN": "not-a-token",
    }

    with pytest.raises(SettingsInvalid) as caught:
        Settings.read(environment)

    message = str(caught.value)
    assert len(caught.value.problems) == len(environment)
    assert "PORT: found 'eighty'; allowed: a number from 1 to 65535." in message
    assert "BELLWETHER_TIMEZONE: found 'Mars/Olympus'" in message
    assert "dry-run, approval or automatic" in message
    assert "not-a-token" not in message


def test_a_misspelt_variable_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(SettingsInvalid, match="did you mean BELLWETHER_DIGEST_AT"):
        Settings.read({"BELLWETHER_DIGST_AT": "09:00"})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_authentication_may_be_off_on_loopback(host: str) -> None:
    settings = Settings.read({"BELLWETHER_AUTH": "off", "BELLWETHER_HOST": host})

    assert settings.auth == "off"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "bellwether.example"])  # noqa: S104
def test_authentication_may_not_be_off_where_others_can_reach_us(host: str) -> None:
    with pytest.raises(SettingsInvalid, match="loopback host only"):
        Settings.read({"BELLWETHER_AUTH": "off", "BELLWETHER_HOST": host})


def test_a_bot_token_needs_a_signing_secret_or_an_app_token() -> None:
    with pytest.raises(SettingsInvalid, match="SLACK_SIGNING_SECRET"):
        Settings.read({"SLACK_BOT_TOKEN": "xoxb-1"})

    over_http = Settings.read({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"})
    over_socket = Settings.read({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"})

    assert over_http.slack_is_real
    assert over_socket.slack_is_real


def test_a_mail_server_needs_a_sender_of_ones_own() -> None:
    with pytest.raises(SettingsInvalid, match="BELLWETHER_MAIL_FROM"):
        Settings.read({"SMTP_URL": "smtp://mail.example:25"})


def test_links_are_counted_where_customers_can_reach_us_or_not_at_all() -> None:
    real = {"SMTP_URL": "smtp://mail.example:25", "BELLWETHER_MAIL_FROM": "us@ours.example"}
    wanted = real | {"BELLWETHER_TRACKING": "clicks"}

    assert Settings.read(real).tracking == "off"
    assert Settings.read(wanted | {"BELLWETHER_URL": "https://a.example"}).tracking == "clicks"
    with pytest.raises(SettingsInvalid, match="BELLWETHER_TRACKING"):
        Settings.read(wanted)


@pytest.mark.parametrize(
    ("written", "hours"),
    [("", (time(20), time(8))), ("22:30 - 06:00", (time(22, 30), time(6))), ("OFF", None)],
)
def test_quiet_hours_are_two_times_or_off(written: str, hours: tuple[time, time] | None) -> None:
    assert Settings.read({"BELLWETHER_QUIET_HOURS": written}).quiet == hours


@pytest.mark.parametrize("written", ["20:00", "20-08", "08:00-08:00", "25:00-08:00", "never"])
def test_quiet_hours_that_are_none_are_told(written: str) -> None:
    with pytest.raises(SettingsInvalid, match="BELLWETHER_QUIET_HOURS"):
        Settings.read({"BELLWETHER_QUIET_HOURS": written})


def test_a_folder_of_templates_that_is_not_there_is_told(tmp_path: Path) -> None:
    there = Settings.read({"BELLWETHER_TEMPLATES": str(tmp_path)})

    assert there.templates == tmp_path
    with pytest.raises(SettingsInvalid, match="BELLWETHER_TEMPLATES"):
        Settings.read({"BELLWETHER_TEMPLATES": str(tmp_path / "tmplates")})


def test_an_empty_variable_counts_as_unset() -> None:
    settings = Settings.read({"SMTP_URL": "", "SLACK_BOT_TOKEN": " ", "PORT": ""})

    assert settings.smtp_url is None
    assert settings.port == 8000


def test_secrets_hide_when_settings_are_shown() -> None:
    settings = Settings.read(
        {
            "DATABASE_URL": "postgresql://u:hunter2@db/b",
            "SLACK_BOT_TOKEN": "xoxb-hunter2",
            "SLACK_SIGNING_SECRET": "hunter2",
            "SMTP_URL": "smtp://u:hunter2@mail.example",
            "BELLWETHER_MAIL_FROM": "a@b.example",
            "BELLWETHER_SECRET": "hunter2hunter2hunter2",
        }
    )

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)
    assert "digest_at" in repr(settings)


def test_the_table_names_each_field_once() -> None:
    names = [setting.field for setting in TABLE]

    assert sorted(names) == sorted(set(names))
    assert set(names) == set(Settings.__dataclass_fields__)
