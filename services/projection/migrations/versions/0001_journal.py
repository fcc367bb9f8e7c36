"""The journal: what was read from Kafka, once and in order, and how far it was folded."""

from alembic import op
from sqlalchemy import func

from services.projection import tables
from shared.store import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    connection = op.get_bind()
    tables.metadata.create_all(connection)
    schema.define_refusal(connection)
    schema.freeze(connection, "journal")
    at = func.now()
    connection.execute(
        tables.folded.insert().values(version=1, position=0, folds=1, began_at=at, built_at=at)
    )
    connection.execute(tables.pointer.insert().values(version=1))
