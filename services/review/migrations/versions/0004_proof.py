"""Keys as the events say them, and the tables of proof, dead letters and repair."""

from alembic import op

from shared.store import schema

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    schema.extend(op.get_bind())
