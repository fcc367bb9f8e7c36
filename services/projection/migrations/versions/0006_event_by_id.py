"""An event is found by its id without reading the whole journal."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # A journal that was made from the tables of today has it already.
    op.execute("CREATE INDEX IF NOT EXISTS journal_id ON journal (id)")
