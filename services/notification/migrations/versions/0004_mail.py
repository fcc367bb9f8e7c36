"""Addresses, which never leave this service, and what waits to go to them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "address",
        sa.Column("organisation", sa.Text(collation="C"), primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Text, nullable=False),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.UUID, primary_key=True),
        sa.Column("programme", sa.Text(collation="C"), nullable=False),
        sa.Column("organisation", sa.Text(collation="C"), nullable=False),
        sa.Column("notice", sa.UUID, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("mail_next_at", "mail", ["next_at"])
    op.create_table(
        "mailed",
        sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("position", sa.BigInteger, nullable=False, server_default="0"),
        sa.CheckConstraint("single", name="mailed_one_row"),
    )
    op.execute("INSERT INTO mailed DEFAULT VALUES")
