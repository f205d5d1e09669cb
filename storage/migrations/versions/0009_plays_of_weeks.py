"""Plays that live for weeks: pinned playbooks, answers, things to do, and who stands in for whom.

SQLite cannot change a CHECK, so its table of steps is made anew, under the same numbers.
"""

import sqlalchemy as sa
from alembic import op

from storage.columns import Document, Serial, UtcTime, Words

revision = "0009"
down_revision = "0010"

STATES = (
    "state IN ('waiting_approval', 'waiting_answer', 'to_do', 'scheduled', 'done', 'cancelled')"
)
DUE = "state IN ('scheduled', 'waiting_answer')"
KEPT = "id, play_id, name, kind, occurrence, due_at, body, decided_by, decided_at, reason"


def upgrade() -> None:
    """Lay down the pinned playbooks; widen plays, steps and members."""
    op.create_table(
        "playbook_body",
        sa.Column("digest", Words(), nullable=False),
        sa.Column("identity", Words(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_playbook_body"),
    )
    op.add_column("play", sa.Column("body_digest", Words(), nullable=True))
    _steps()
    _stand_ins()


def _steps() -> None:
    op.drop_index("ix_step_due", "step")
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("step", sa.Column("answer", Words(), nullable=True))
        op.drop_constraint("ck_step_state", "step", type_="check")
        op.create_check_constraint(op.f("ck_step_state"), "step", STATES)
        op.execute("UPDATE step SET state = 'to_do' WHERE kind = 'task' AND state = 'scheduled'")
    else:
        _made_anew()
    op.create_index(
        "ix_step_due",
        "step",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text(DUE),
        postgresql_where=sa.text(DUE),
    )


def _made_anew() -> None:
    op.create_table(
        "step_anew",
        sa.Column("id", Serial, nullable=False),
        sa.Column("play_id", Serial, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("body", Document, nullable=False),
        sa.Column("decided_by", Words(), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("reason", Words(), nullable=True),
        sa.Column("answer", Words(), nullable=True),
        sa.CheckConstraint(STATES, name="ck_step_state"),
        sa.ForeignKeyConstraint(["play_id"], ["play.id"], name="fk_step_play_id"),
        sa.PrimaryKeyConstraint("id", name="pk_step"),
        sa.UniqueConstraint(
            "play_id", "name", "occurrence", name="uq_step_play_id_name_occurrence"
        ),
    )
    op.execute(
        f"INSERT INTO step_anew ({KEPT}, state) SELECT {KEPT}, CASE WHEN kind = 'task' "  # noqa: S608 - our own names
        "AND state = 'scheduled' THEN 'to_do' ELSE state END FROM step"
    )
    op.drop_table("step")
    op.rename_table("step_anew", "step")


def _stand_ins() -> None:
    """Add who is told when a CSM does not answer; SQLite takes a reference in its own words."""
    for name in ("backup_id", "manager_id"):
        if op.get_bind().dialect.name == "postgresql":
            op.add_column("member", sa.Column(name, Serial, nullable=True))
            op.create_foreign_key(f"fk_member_{name}", "member", "member", [name], ["id"])
        else:
            op.execute(
                f"ALTER TABLE member ADD COLUMN {name} INTEGER "
                f"CONSTRAINT fk_member_{name} REFERENCES member (id)"
            )
