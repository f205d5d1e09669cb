"""Building the House: database, model, playbooks, mail policy, from the settings."""

import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bellwether.errors import Unreadable
from bellwether.models import model_files, picked, resolver_of, shelf, text_of
from bellwether.settings import Settings
from playbooks.errors import PlaybookError
from playbooks.load import check, shipped
from playbooks.load import parse as parse_playbook
from playbooks.playbook import Playbook
from scoring.model import HealthModel
from scoring.resolver import Resolver
from service.ports import Approval, Caps, House, Keep, MailPolicy
from storage.database import Database

_SECRET_FILE = "secret"  # noqa: S105  # the file's name, not its content


@contextmanager
def opened(settings: Settings) -> Iterator[House]:
    """Open the house and close its database at the end. Brings the tables up to date."""
    scored_by = models_in_use(settings)
    books = all_playbooks(settings, *scored_by.models)
    database = database_of(settings)
    try:
        if not database.is_current():
            database.migrate()
        yield _house(settings, database, scored_by, books)
    finally:
        database.close()


def database_of(settings: Settings) -> Database:
    """Open the database as it is; makes the folder of a SQLite file."""
    if settings.sqlite_file is not None:
        _folder(settings.sqlite_file.parent)
    return Database.open(settings.database_url)


def health_model(settings: Settings) -> HealthModel:
    """Return the model the settings name. Raises NoSuchModel or ModelInvalid."""
    return picked(settings, shelf(settings)).model


@dataclass(frozen=True, slots=True)
class InUse:
    """The models that score anybody, the default first, and what picks among them."""

    models: tuple[HealthModel, ...]
    resolver: Resolver | None


def models_in_use(settings: Settings) -> InUse:
    """Return the model the settings name, or all those the resolver may pick.

    Raises NoSuchModel, UnknownPick, ModelInvalid, TwiceTheModel or Unreadable.
    """
    known = shelf(settings)
    at_hand = [one.model for one in known]
    resolver = resolver_of(settings, at_hand)
    if resolver is None:
        return InUse((picked(settings, known).model,), None)
    default = [model for model in at_hand if model.name == resolver.default]
    others = [m for m in at_hand if m.name in resolver.names() and m.name != resolver.default]
    return InUse((*sorted(default, key=lambda model: -model.version), *others), resolver)


def all_playbooks(settings: Settings, *models: HealthModel) -> tuple[Playbook, ...]:
    """Return the shipped playbooks and the operator's; of one name the operator's.

    Raises PlaybookInvalid, also when an operator's playbook names bands that none of the models
    has.
    """
    wanted = settings.library
    books = {book.name: book for book in shipped() if wanted is None or book.name in wanted}
    for path in model_files(settings.playbooks):
        book = parse_playbook(text_of(path), str(path))
        _check_bands(book, models, str(path))
        books[book.name] = book
    return tuple(books.values())


def _check_bands(book: Playbook, models: Sequence[HealthModel], where: str) -> None:
    """Accept a playbook that fits one of the models; else tell what the first has against it."""
    for model in models[1:]:
        with suppress(PlaybookError):
            check(book, model, where)
            return
    check(book, models[0], where)


def secret_of(settings: Settings) -> bytes:
    """Return the key of unsubscribe links: the one set, or one made once and kept at home."""
    if settings.secret is not None:
        return settings.secret
    path = _folder(settings.home) / _SECRET_FILE
    if not path.exists():
        _make_secret(path)
    return path.read_bytes()


def _make_secret(path: Path) -> None:
    """Write a whole secret or none: of several processes that start at once, one wins."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    with suppress(FileExistsError):
        os.link(fresh, path)
    Path(fresh).unlink()


def _house(
    settings: Settings, database: Database, scored_by: InUse, books: tuple[Playbook, ...]
) -> House:
    policy = MailPolicy(
        sender=settings.mail_from,
        mode=settings.mail_mode,
        base_url=settings.url,
        secret=secret_of(settings),
        templates=settings.templates,
        quiet=settings.quiet,
        tracking=settings.tracking,
    )
    return House(
        database=database,
        model=scored_by.models[0],
        playbooks=books,
        mail=policy,
        zone=settings.zone,
        digest_to=settings.digest_to,
        operator_to=settings.operator_to,
        alerts_to=settings.alerts_to,
        keep=Keep(
            settings.keep_events,
            settings.keep_messages,
            settings.keep_quarantine,
            settings.keep_audit,
        ),
        approval=Approval(settings.self_approval, settings.approval_days),
        models=scored_by.models,
        resolver=scored_by.resolver,
        caps=Caps(
            settings.caps.get("csm"), settings.caps.get("mails"), settings.caps.get("playbook")
        ),
        region=settings.region,
        csm_quiet=settings.csm_quiet,
        weekends=settings.weekends == "work",
    )


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreadable(str(path), error.strerror or str(error)) from error
    return path
