"""What was erased by law is blanked here with the event that says so."""

from alembic import op

from shared.store import blanking

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    blanking.allow(op.get_bind(), frozen="journal", copies="journal")
