"""What we know: customers, activity, records, snapshots."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Document, Exact, Serial, UtcTime, Words

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Lay down the tables of what is known of customers."""
    _people()
    _names()
    _activity()
    _records()
    _scores()
    _reserve_kinds()


def _people() -> None:
    op.create_table(
        "member",
        sa.Column("id", Serial, nullable=False),
        sa.Column("email", Words(), nullable=False),
        sa.Column("email_folded", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("slack_id", Words(), nullable=True),
        sa.Column("role", Words(), nullable=False),
        sa.Column("timezone", Words(), nullable=True),
        sa.CheckConstraint("role IN ('csm', 'manager', 'admin', 'viewer')", name="ck_member_role"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("email_folded", name="uq_member_email_folded"),
        sa.UniqueConstraint("slack_id", name="uq_member_slack_id"),
    )
    op.create_table(
        "customer",
        sa.Column("id", Serial, nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("key_folded", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("name_folded", Words(), nullable=False),
        sa.Column("segment", Words(), nullable=True),
        sa.Column("plan", Words(), nullable=True),
        sa.Column("lifecycle", Words(), nullable=True),
        sa.Column("status", Words(), nullable=False),
        sa.Column("arr", Exact(2, 18), nullable=True),
        sa.Column("renewal_on", sa.Date(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("tags", Document, nullable=False),
        sa.Column("timezone", Words(), nullable=True),
        sa.Column("csm_id", Serial, nullable=True),
        sa.Column("active_since", sa.Date(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'paused', 'churned')", name="ck_customer_status"),
        sa.ForeignKeyConstraint(["csm_id"], ["member.id"], name="fk_customer_csm_id"),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint("key", name="uq_customer_key"),
    )
    op.create_index("ix_customer_csm_id", "customer", ["csm_id"], unique=False)
    op.create_index("ix_customer_key_folded", "customer", ["key_folded"], unique=False)
    op.create_index("ix_customer_name_folded", "customer", ["name_folded"], unique=False)
    op.create_table(
        "alias",
        sa.Column("alias_folded", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("alias", Words(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_alias_customer_id"),
        sa.PrimaryKeyConstraint("alias_folded", "customer_id", name="pk_alias"),
    )
    op.create_index("ix_alias_customer_id", "alias", ["customer_id"], unique=False)
    op.create_table(
        "name_gram",
        sa.Column("gram", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.PrimaryKeyConstraint("gram", "customer_id", name="pk_name_gram"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_name_gram_customer_id", "name_gram", ["customer_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", Serial, nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("email", Words(), nullable=False),
        sa.Column("email_folded", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("role", Words(), nullable=True),
        sa.Column("is_primary", sa.SmallInteger(), nullable=False),
        sa.Column("opted_out_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_contact_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint(
            "customer_id", "email_folded", name="uq_contact_customer_id_email_folded"
        ),
    )
    op.create_index("ix_contact_email_folded", "contact", ["email_folded"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_suppression"),
    )


def _names() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
        sa.UniqueConstraint("name", name="uq_feed_name"),
    )
    op.create_table(
        "kind",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(), nullable=True),
        sa.Column("last_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_kind"),
        sa.UniqueConstraint("name", name="uq_kind_name"),
    )
    op.create_table(
        "feature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feature"),
        sa.UniqueConstraint("name", name="uq_feature_name"),
    )
    op.create_table(
        "model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_model"),
        sa.UniqueConstraint("name", name="uq_model_name"),
    )


def _activity() -> None:
    op.create_table(
        "event",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("event_id", Words(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("value", Exact(6, 18, packed=True), nullable=False),
        sa.Column("user", Words(), nullable=True),
        sa.Column("properties", Document, nullable=True),
        sa.Column("stamp", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "event_id", "customer_id", name="pk_event"),
    )
    op.create_index(
        "ix_event_customer_id_occurred_at", "event", ["customer_id", "occurred_at"], unique=False
    )
    op.create_table(
        "activity_day",
        sa.Column("day", Day(), nullable=False),
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", Exact(6, 18, packed=True), nullable=False),
        sa.PrimaryKeyConstraint(*_roll_up_key(), name="pk_activity_day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "activity_span",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("kind_id", sa.Integer(), nullable=False),
        sa.Column("first_day", Day(), nullable=False),
        sa.Column("last_day", Day(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "kind_id", name="pk_activity_span"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quarantine",
        sa.Column("id", Serial, nullable=False),
        sa.Column("feed", Words(), nullable=False),
        sa.Column("customer_key", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantine"),
    )
    op.create_index("ix_quarantine_customer_key", "quarantine", ["customer_key"], unique=False)


def _records() -> None:
    op.create_table(
        "ticket",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("ticket_id", Words(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("opened_on", Day(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("subject", Words(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "ticket_id", name="pk_ticket"),
    )
    op.create_index(
        "ix_ticket_customer_id_opened_on", "ticket", ["customer_id", "opened_on"], unique=False
    )
    op.create_table(
        "invoice",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("invoice_id", Words(), nullable=False),
        sa.Column("due_on", Day(), nullable=False),
        sa.Column("paid_on", Day(), nullable=True),
        sa.Column("issued_on", Day(), nullable=True),
        sa.Column("known_on", Day(), nullable=False),
        sa.Column("amount", Exact(2, 18), nullable=True),
        sa.Column("currency", Words(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", "invoice_id", name="pk_invoice"),
    )
    op.create_index(
        "ix_invoice_customer_id_due_on", "invoice", ["customer_id", "due_on"], unique=False
    )


def _scores() -> None:
    op.create_table(
        "snapshot",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", Exact(2, 5), nullable=False),
        sa.Column("band", Words(), nullable=False),
        sa.Column("coverage", Exact(2, 5), nullable=False),
        sa.Column("trend", Words(), nullable=False),
        sa.Column("change_7", Exact(2, 5), nullable=True),
        sa.Column("change_30", Exact(2, 5), nullable=True),
        sa.Column("computed_at", UtcTime(), nullable=False),
        sa.Column("record", Document, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", "model_id", "as_of", name="pk_snapshot"),
    )
    op.create_table(
        "current_score",
        sa.Column("customer_id", Serial, autoincrement=False, nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("as_of", Day(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("score", Exact(2, 5), nullable=False),
        sa.Column("band", Words(), nullable=False),
        sa.Column("coverage", Exact(2, 5), nullable=False),
        sa.Column("trend", Words(), nullable=False),
        sa.Column("change_7", Exact(2, 5), nullable=True),
        sa.Column("change_30", Exact(2, 5), nullable=True),
        sa.Column("computed_at", UtcTime(), nullable=False),
        sa.Column("band_since", Day(), nullable=False),
        sa.Column("previous_band", Words(), nullable=True),
        sa.PrimaryKeyConstraint("customer_id", name="pk_current_score"),
    )
    op.create_index("ix_current_score_band", "current_score", ["band"], unique=False)


def _roll_up_key() -> tuple[str, ...]:
    """Return the roll-up's key in the order that was measured best for the database."""
    if op.get_bind().dialect.name == "postgresql":
        return ("day", "customer_id", "kind_id", "feature_id")
    return ("customer_id", "day", "kind_id", "feature_id")


def _reserve_kinds() -> None:
    """Add the sources of data that are no event kind; having no name they clash with none."""
    op.execute("INSERT INTO kind (id) VALUES (0), (-1), (-2)")
