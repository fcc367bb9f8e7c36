"""Webhooks: who subscribed to what, how far each was served, and every delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("organisation", sa.Text(collation="C"), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("types", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("place", sa.Text(collation="C")),
        sa.Column("arrival", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_because", sa.Text),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), unique=True, nullable=False),
        sa.Column("subscription", sa.UUID, sa.ForeignKey("subscription.id"), nullable=False),
        # Which event; its data stay where they are, so that erasing them there is enough.
        sa.Column("context", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("version", sa.Integer),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'dead')", name="delivery_state"),
    )
    op.create_index(
        "delivery_due", "delivery", ["due_at"], postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index("delivery_of", "delivery", ["subscription", "number"])
