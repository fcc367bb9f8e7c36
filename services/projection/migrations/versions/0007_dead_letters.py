"""What was asked about parked records, by whom and why."""

from alembic import op

from services.projection import tables
from shared.store import schema

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    connection = op.get_bind()
    tables.dead_letter_act.create(connection, checkfirst=True)
    tables.discarded.create(connection, checkfirst=True)
    schema.keep_acts(connection)
