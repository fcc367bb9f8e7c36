"""What was asked about parked records, by whom and why."""

from alembic import op

from services.projection import tables

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    tables.dead_letter_act.create(op.get_bind(), checkfirst=True)
