"""The table of settings: every variable, what it means, its default and how it is read.

docs/operations.md holds the same table for people; a test keeps the two alike.
"""

from collections.abc import Mapping
from pathlib import Path

from bellwether.setting import Setting
from bellwether.settings_readers import (
    caps,
    command,
    conversation,
    days_kept,
    days_waited,
    folder,
    mail_place,
    names,
    one_of,
    port,
    quiet_hours,
    region,
    secret,
    sender,
    starting,
    time_of_day,
    url,
    web_address,
    word,
    workers,
    zone,
)

_DATABASES = ("sqlite", "postgresql", "postgres", "postgresql+psycopg2")
_CONVERSATION = "a conversation (#name), a Slack id (C…, U…) or member:<e-mail>"


def _kept(what: str, days: int, words: str) -> Setting:
    return Setting(
        f"BELLWETHER_KEEP_{what.upper()}_DAYS",
        f"keep_{what}",
        str(days),
        "30 or more days, or 0 for ever",
        f"For how many days we keep {words}",
        days_kept,
    )


TABLE: tuple[Setting, ...] = (
    Setting(
        "BELLWETHER_HOME",
        "home",
        "var",
        "a folder",
        "Where the SQLite file, the sandbox's journal and the generated secret live.",
        Path,
    ),
    Setting(
        "DATABASE_URL",
        "database_url",
        "",
        "sqlite:///path or postgresql://user:password@host/name",
        "The database. Unset: bellwether.db below BELLWETHER_HOME.",
        url(*_DATABASES),
        secret=True,
    ),
    Setting(
        "BELLWETHER_HOST",
        "host",
        "127.0.0.1",
        "a host name or address",
        "Where the web server listens.",
        word,
    ),
    Setting("PORT", "port", "8000", "a number from 1 to 65535", "The web server's port.", port),
    Setting(
        "BELLWETHER_URL",
        "url",
        "",
        "http://… or https://…",
        "How people and Slack reach this service; links and unsubscribe addresses begin with it. "
        "Unset: the host and port it listens on.",
        web_address,
    ),
    Setting(
        "BELLWETHER_AUTH",
        "auth",
        "keys",
        "keys, or off on a loopback host",
        "Whether writing over HTTP needs an API key.",
        one_of("keys", "off"),
    ),
    Setting(
        "BELLWETHER_INBOX",
        "inbox",
        "local",
        "local or open",
        "Who sees the sandbox's inbox, where anybody may act as anybody. local: this machine, and "
        "nobody when the server listens beyond it; open: whoever reaches the port.",
        one_of("local", "open"),
    ),
    Setting(
        "BELLWETHER_TIMEZONE",
        "zone",
        "UTC",
        "a zone name such as Europe/Berlin",
        "The zone of the two times below and of quiet hours.",
        zone,
    ),
    Setting(
        "BELLWETHER_RESCORE_AT",
        "rescore_at",
        "06:00",
        "a time of day as HH:MM",
        "When customers are scored for the day before.",
        time_of_day,
    ),
    Setting(
        "BELLWETHER_DIGEST_AT",
        "digest_at",
        "09:00",
        "a time of day as HH:MM",
        "When the digest is posted.",
        time_of_day,
    ),
    Setting(
        "BELLWETHER_WORKERS",
        "workers",
        "1",
        "a number from 1 to 64; 1 on SQLite",
        "How many processes share a rescore, this one among them. Other serving processes on the "
        "same PostgreSQL take part in any case.",
        workers,
    ),
    Setting(
        "BELLWETHER_MODEL",
        "model",
        "saas-five-factor",
        "the name of a shipped model or of one of yours, or a YAML file",
        "The health model that scores customers.",
        word,
    ),
    Setting(
        "BELLWETHER_MODELS",
        "models",
        "",
        "a folder of YAML files",
        "Your own health models; one named as a shipped one takes its place.",
        Path,
    ),
    Setting(
        "BELLWETHER_RESOLVER",
        "resolver",
        "",
        "a YAML file",
        "Which customers are scored by which model. Unset: all by BELLWETHER_MODEL.",
        Path,
    ),
    Setting(
        "BELLWETHER_PLAYBOOKS",
        "playbooks",
        "",
        "a folder of YAML files",
        "Your own playbooks; one named as a shipped one takes its place.",
        Path,
    ),
    Setting(
        "BELLWETHER_LIBRARY",
        "library",
        "all",
        "all, none, or names of shipped playbooks with commas between",
        "Which of the shipped playbooks are in use.",
        names,
    ),
    Setting(
        "BELLWETHER_TEMPLATES",
        "templates",
        "",
        "a folder that exists",
        "Your own words for mails: email/<template>/subject.txt, body.txt and body.html in it win "
        "over the shipped ones.",
        folder,
    ),
    Setting(
        "BELLWETHER_DIGEST_TO",
        "digest_to",
        "#customer-health",
        _CONVERSATION,
        "Where the digest goes.",
        conversation,
    ),
    Setting(
        "BELLWETHER_ALERTS_TO",
        "alerts_to",
        "#customer-health",
        _CONVERSATION,
        "Where an alert goes when the customer has no CSM.",
        conversation,
    ),
    Setting(
        "BELLWETHER_OPERATOR_TO",
        "operator_to",
        "#bellwether-ops",
        _CONVERSATION,
        "Where Bellwether speaks of its own troubles.",
        conversation,
    ),
    Setting(
        "BELLWETHER_MAIL",
        "mail_mode",
        "dry-run",
        "dry-run, approval or automatic",
        "What happens to mail for customers: only drafted, sent after a yes in Slack, or sent.",
        one_of("dry-run", "approval", "automatic"),
    ),
    Setting(
        "BELLWETHER_MAIL_FROM",
        "mail_from",
        "Customer Success <success@example.com>",
        "one address, with or without a name",
        "The sender of mail to customers.",
        sender,
    ),
    Setting(
        "BELLWETHER_TRACKING",
        "tracking",
        "off",
        "off, clicks or all",
        "What is counted of mail to customers. clicks: links in its HTML part lead through this "
        "service; all: a picture nobody sees tells of opening, too.",
        one_of("off", "clicks", "all"),
    ),
    Setting(
        "BELLWETHER_SELF_APPROVAL",
        "self_approval",
        "allowed",
        "allowed, four-eyes or managers",
        "Who says yes to mail for customers. allowed: any CSM, manager or admin, also to words of "
        "their own; four-eyes: not who edited it; managers: managers and admins only, and not who "
        "edited it.",
        one_of("allowed", "four-eyes", "managers"),
    ),
    Setting(
        "BELLWETHER_APPROVAL_DAYS",
        "approval_days",
        "7",
        "1 to 90 days",
        "For how many days a mail waits for its yes; then it is dropped, and the alert says so.",
        days_waited,
    ),
    Setting(
        "BELLWETHER_QUIET_HOURS",
        "quiet",
        "20:00-08:00",
        "HH:MM-HH:MM, or off",
        "When no mail goes to a customer, by the clock where they are; it waits for the end.",
        quiet_hours,
    ),
    Setting(
        "BELLWETHER_CSM_QUIET_HOURS",
        "csm_quiet",
        "20:00-07:00",
        "HH:MM-HH:MM, or off",
        "When our own people are told of nothing but what is urgent, by the clock where they are.",
        quiet_hours,
    ),
    Setting(
        "BELLWETHER_WEEKENDS",
        "weekends",
        "quiet",
        "quiet or work",
        "Whether what is not urgent, and mail to customers, waits for Monday.",
        one_of("quiet", "work"),
    ),
    Setting(
        "BELLWETHER_HOLIDAYS",
        "region",
        "",
        "a region such as DE or DE-BY",
        "Whose public holidays are no working days for playbooks. Unset: those of the model.",
        region,
    ),
    Setting(
        "BELLWETHER_CAPS",
        "caps",
        "csm=50, mails=500, playbook=200",
        "off, or csm=50, mails=500, playbook=200",
        "Most a day: messages to one of us, mails of the house and of one playbook; more waits.",
        caps,
    ),
    Setting(
        "SMTP_URL",
        "smtp_url",
        "",
        "smtp://user:password@host:587?starttls=required, or smtps://…",
        "The mail server. Unset: the sandbox's mailbox.",
        url("smtp", "smtps"),
        secret=True,
    ),
    Setting(
        "BELLWETHER_BOUNCES",
        "bounces",
        "",
        "a Maildir folder or an mbox file",
        "Where the mail server puts reports of mail that came back; they are read every few "
        "seconds.",
        mail_place,
    ),
    Setting(
        "SLACK_BOT_TOKEN",
        "slack_bot_token",
        "",
        "a token that begins with xoxb-",
        "The Slack app's bot token. Unset: the sandbox's workspace.",
        starting("xoxb-"),
        secret=True,
    ),
    Setting(
        "SLACK_SIGNING_SECRET",
        "slack_signing_secret",
        "",
        "the app's signing secret",
        "Proves that a request comes from Slack; needed with a bot token over HTTP.",
        word,
        secret=True,
    ),
    Setting(
        "SLACK_APP_TOKEN",
        "slack_app_token",
        "",
        "a token that begins with xapp-",
        "Switches to Socket Mode: no public address needed.",
        starting("xapp-"),
        secret=True,
    ),
    Setting(
        "SLACK_API_URL",
        "slack_api_url",
        "",
        "http://… or https://…",
        "Another address of Slack's Web API.",
        url("http", "https"),
    ),
    Setting(
        "BELLWETHER_COMMAND",
        "command",
        "/health",
        "a slash and up to 31 small letters",
        "The slash command's name, for workspaces where /health is taken.",
        command,
    ),
    Setting(
        "BELLWETHER_SECRET",
        "secret",
        "",
        "at least 16 characters",
        "Signs unsubscribe links. Unset: made once and kept in BELLWETHER_HOME; set it when "
        "several processes on several machines share a database.",
        secret,
        secret=True,
    ),
    _kept("events", 1095, "single events; their daily sums, which scores are made of, stay."),
    _kept("messages", 1095, "closed plays, their messages and what was decided."),
    _kept("quarantine", 365, "what waits for a customer nobody knows."),
    _kept("audit", 1825, "the note of who did what."),
    Setting(
        "BELLWETHER_LOG_FORMAT",
        "log_format",
        "text",
        "text or json",
        "How log lines look.",
        one_of("text", "json"),
    ),
    Setting(
        "BELLWETHER_LOG_LEVEL",
        "log_level",
        "info",
        "debug, info, warning or error",
        "How much is logged; never a secret, a message body or an address.",
        one_of("debug", "info", "warning", "error"),
    ),
)

BY_VARIABLE: Mapping[str, Setting] = {setting.variable: setting for setting in TABLE}


def markdown() -> str:
    """Render the table as it stands in docs/operations.md."""
    rows = ["| variable | default | allowed | what it is |", "|---|---|---|---|"]
    rows += [
        f"| `{one.variable}` | {f'`{one.default}`' if one.default else 'unset'} "
        f"| {one.allowed} | {one.meaning}{' *Secret.*' if one.secret else ''} |"
        for one in TABLE
    ]
    return "\n".join(rows) + "\n"
