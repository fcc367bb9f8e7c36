"""What the directory was told stays: statements about an officer, of which the last counts."""

import sqlalchemy as sa
from alembic import op

from shared.store import schema

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Who entered the rows that are there, and when, nobody kept: the migration answers for them.
    op.add_column("posting", sa.Column("statement", sa.Integer, nullable=False, server_default="1"))
    op.add_column(
        "posting",
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
        ),
    )
    op.add_column(
        "posting", sa.Column("actor", sa.Text, nullable=False, server_default="fuyan:review")
    )
    for column in ("statement", "recorded_at", "actor"):
        op.alter_column("posting", column, server_default=None)
    op.drop_constraint("posting_pkey", "posting")
    op.create_primary_key("posting_pkey", "posting", ["officer", "statement", "from_on"])
    schema.freeze(op.get_bind(), "posting")
