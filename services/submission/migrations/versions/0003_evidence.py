"""Evidence: what is kept for whom, uploads under way, who read it, and what was erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.store import schema

revision = "0003"
down_revision = "0002"


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), primary_key=key, nullable=False)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "evidence",
        *(_text("sha256", key=True), _text("programme", key=True), _text("township", key=True)),
        *(_text("name"), _text("media_type"), sa.Column("bytes", sa.BigInteger, nullable=False)),
        *(_text("uploaded_by"), _at("at")),
    )
    op.create_index("evidence_of", "evidence", ["programme", "township", "sha256"])
    op.create_table(
        "evidence_upload",
        *(_text("id", key=True), _text("programme"), _text("township"), _text("organisation")),
        *(_text("name"), _text("media_type"), sa.Column("bytes", sa.BigInteger, nullable=False)),
        _text("opened_by"),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
        ),
        sa.Column("sent", sa.Text),
        sa.Column("kept", sa.Text),
    )
    op.create_table(
        "evidence_part",
        sa.Column(
            "upload",
            sa.Text(collation="C"),
            sa.ForeignKey("evidence_upload.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(_text("sha256"), sa.Column("bytes", sa.BigInteger, nullable=False)),
    )
    op.create_table(
        "evidence_read",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        *(_text("sha256"), _text("programme"), _text("township"), _text("actor")),
        *(_text("organisation"), _text("grounds"), _at("at")),
    )
    op.create_index("evidence_read_of", "evidence_read", ["sha256", "number"])
    op.create_table(
        "evidence_erasure",
        *(_text("sha256", key=True), _text("actor"), _text("organisation"), _text("reason")),
        *(sa.Column("document", JSONB, nullable=False), _at("at")),
    )
    op.create_table("evidence_gone", _text("sha256", key=True))
    for table in ("evidence_read", "evidence_erasure"):
        schema.freeze(op.get_bind(), table)
    _hear_cases_again()


def _hear_cases_again() -> None:
    """Cases were followed without being kept; from now on who is on a team is read from them.

    Without heads and fences the topic is read from its beginning: reactions know their keys and do
    nothing twice. What was parked goes too, or earlier events of its key would line up behind it;
    it is parked again when it comes.
    """
    op.execute("DELETE FROM head WHERE context = 'case'")
    op.execute("DELETE FROM fence WHERE topic = 'fuyan.case.v1'")
    op.execute("DELETE FROM parked WHERE context = 'case'")
