"""The read models of progress_v1: a row per stream, and the timeline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0002"
down_revision = "0001"

SCHEMA = "progress_v1"
# Compared bytewise, so that no change of a system's collation can corrupt an index.
CODE = sa.Text(collation="C")


def upgrade() -> None:
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    op.create_table(
        "programme_progress",
        sa.Column("programme", CODE, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("row", sa.JSON, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "dossier_progress",
        sa.Column("programme", CODE, primary_key=True),
        sa.Column("township", CODE, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("row", sa.JSON, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "case_progress",
        sa.Column("programme", CODE, primary_key=True),
        sa.Column("township", CODE, primary_key=True),
        sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("row", sa.JSON, nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "timeline",
        sa.Column("context", CODE, primary_key=True),
        sa.Column("subject", CODE, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("programme", CODE, nullable=False),
        sa.Column("township", CODE, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("type", CODE, nullable=False),
        sa.Column("effective_on", sa.Date, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("store_position", sa.BigInteger, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "timeline_of_township",
        "timeline",
        ["programme", "township", "recorded_at", "context", "subject", "version"],
        schema=SCHEMA,
    )
