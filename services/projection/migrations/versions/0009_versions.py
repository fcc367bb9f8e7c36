"""Each version of the read models says by whose folds it is made, and since when it is complete.

What is there is version 1 of the first folds. A journal that holds nothing yet needs nobody's
rows: its version is made anew, by the folds and tables of the image that sets it up.
"""

import sqlalchemy as sa
from alembic import op

from services.projection import tables
from services.projection.models import metadata as _  # noqa: F401 - all tables of a version
from services.projection.models import schema

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    connection = op.get_bind()
    columns = {column["name"] for column in sa.inspect(connection).get_columns("folded")}
    if "folds" not in columns:
        op.execute(
            "ALTER TABLE folded ADD folds integer NOT NULL DEFAULT 1,"
            " ADD began_at timestamptz NOT NULL DEFAULT now(),"
            " ADD built_at timestamptz DEFAULT now()"
        )
        op.execute(
            "ALTER TABLE folded ALTER folds DROP DEFAULT,"
            " ALTER began_at DROP DEFAULT, ALTER built_at DROP DEFAULT"
        )
    tables.version_act.create(connection, checkfirst=True)
    if connection.scalar(sa.text("SELECT NOT EXISTS (SELECT FROM journal)")):
        op.execute("DROP SCHEMA progress_v1 CASCADE")
        for statement in schema.definition("progress_v1"):
            op.execute(statement)
        op.execute(f"UPDATE folded SET folds = {schema.FOLDS}")  # noqa: S608
