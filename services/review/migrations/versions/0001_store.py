"""The store: log, commands, claims, cursor of the relay, heads of what is followed."""

from alembic import op

from shared.store import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    schema.create(op.get_bind())
