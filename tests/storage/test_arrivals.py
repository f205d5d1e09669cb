"""What stood or was news on each day of the past is told in one go as on the day itself."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from playbooks.situation import RecordKind
from storage.arrivals import records, spans
from storage.database import Database
from storage.records import upsert_invoices, upsert_surveys, upsert_tickets
from tests import builders
from tests.builders import day, invoice, noon, survey, ticket

KINDS: frozenset[RecordKind] = frozenset({"invoice_overdue", "nps_detractor", "angry_ticket"})


def test_spans_of_records_tell_what_each_of_the_days_tells(database: Database) -> None:
    acme, bolt = builders.customers(database, "acme", "bolt")
    opened = [1, 20, 57, 61, 62, 70, 75, 100, 121, 122, 123, 130]
    with database.transaction() as tx:
        upsert_tickets(tx, [
            ticket(owner, f"T-{back}-{stays}", back=back, rating=1, closed_at=noon(back - stays))
            for owner in (acme, bolt) for back in opened for stays in (0, 15, 61, 64)
            if stays <= back
        ])  # fmt: skip
        upsert_surveys(tx, [survey(acme, f"A-{n}", back=n, score=Decimal(3)) for n in opened])
        upsert_invoices(tx, [
            invoice(bolt, f"I-{back}-{paid}", due_back=back, paid_on=day(paid))
            for back, paid in ((400, 0), (366, 1), (90, 40), (90, 90), (30, 35))
        ])  # fmt: skip

    first, last = day(80), day(0)
    with database.reading() as tx:
        told = spans(tx, [acme, bolt], KINDS, first, last)
        for back in range(81):
            on = last - timedelta(days=back)
            found = records(tx, [acme, bolt], KINDS, on)
            for owner in (acme, bolt):
                then = [one for one, until in told[owner] if one.on <= on <= until]
                assert Counter(then) == Counter(found.get(owner, ())), on
