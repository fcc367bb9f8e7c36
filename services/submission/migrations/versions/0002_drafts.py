"""Working drafts of self-assessments: papers of an office, private to this service, not events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("programme", sa.Text(collation="C"), primary_key=True),
        sa.Column("township", sa.Text(collation="C"), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("facts", ARRAY(sa.Text), nullable=False),
        sa.Column("facts_version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "draft_item",
        sa.Column("programme", sa.Text(collation="C"), primary_key=True),
        sa.Column("township", sa.Text(collation="C"), primary_key=True),
        sa.Column("item", sa.Text(collation="C"), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("mark", JSONB, nullable=False),
        sa.Column("edited_by", sa.Text, nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme", "township"], ["draft.programme", "draft.township"], name="draft_item_of"
        ),
    )
