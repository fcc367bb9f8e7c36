"""The directory: officers and their postings, private to this service."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "posting",
        sa.Column("officer", sa.Text, primary_key=True),
        sa.Column("from_on", sa.Date, primary_key=True),
        sa.Column("to_on", sa.Date),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("post", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.CheckConstraint("to_on IS NULL OR to_on >= from_on", name="posting_days"),
    )
