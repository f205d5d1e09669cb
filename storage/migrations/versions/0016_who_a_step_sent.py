"""An index from a step to what it sent: deleting a step read every message there was."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the index by which the database finds what refers to a step."""
    op.create_index("ix_message_step_id", "message", ["step_id"])
