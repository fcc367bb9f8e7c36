"""Rows that remember corrections, names and moved phases: dropped, and folded anew.

What was folded before this image lacks what it now keeps of each award, so a later correction
would find nothing. Until the fold has come through the journal again, answers are of an earlier
position, and say so.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

SCHEMA = "progress_v1"
TABLES = ("programme_progress", "dossier_progress", "case_progress", "timeline")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"DELETE FROM {SCHEMA}.{table}")  # noqa: S608
    op.execute("UPDATE folded SET position = 0 WHERE version = 1")
