"""The last day on which overdue work was looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "looked",
        sa.Column("single", sa.Boolean, primary_key=True, server_default=sa.true()),
        sa.Column("on", sa.Date),
        sa.CheckConstraint("single", name="looked_one_row"),
    )
    op.execute("INSERT INTO looked DEFAULT VALUES")
