"""Bulletins: drafts as they are worked on, and the papers that were signed, which stay."""

import sqlalchemy as sa
from alembic import op

from shared.store import schema

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "bulletin",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), unique=True, nullable=False),
        sa.Column("programme", sa.Text(collation="C"), nullable=False),
        # As text, not as jsonb: figures keep the very bytes that their digest was made of.
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.Text),
        sa.Column("edited_at", sa.DateTime(timezone=True)),
    )
    op.create_index("bulletin_of", "bulletin", ["programme", "number"])
    op.create_table(
        "bulletin_paper",
        sa.Column("sha256", sa.Text(collation="C"), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("docx", sa.LargeBinary, nullable=False),
    )
    schema.freeze(op.get_bind(), "bulletin_paper")
