"""Answers to surveys: which survey, when, and the score given."""

import sqlalchemy as sa
from alembic import op

from storage.columns import Day, Exact, Serial, UtcTime, Words

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Lay down the surveys and their answers."""
    op.create_table(
        "survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_survey"),
        sa.UniqueConstraint("name", name="uq_survey_name"),
    )
    op.create_table(
        "survey_answer",
        sa.Column("customer_id", Serial, nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", Words(), nullable=False),
        sa.Column("answered_at", UtcTime(), nullable=False),
        sa.Column("answered_on", Day(), nullable=False),
        sa.Column("score", Exact(6), nullable=False),
        sa.PrimaryKeyConstraint(
            "customer_id", "survey_id", "feed_id", "answer_id", name="pk_survey_answer"
        ),
    )
    op.create_index(
        "ix_survey_answer_customer_id_answered_on",
        "survey_answer",
        ["customer_id", "answered_on"],
    )
