"""The tables of the journal, and the pointer to the read models that queries see."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from shared.store.schema import (
    dead_letter_tables,
    event_columns,
    following_tables,
    parked_table,
)

metadata = MetaData()

# `position` counts in this journal; the place of an event in its own log is `store_position`.
journal = Table(
    "journal",
    metadata,
    *event_columns(),
    Column("store_position", BigInteger, nullable=False),
    UniqueConstraint("context", "subject", "version", name="journal_stream_version"),
    Index("journal_id", "id"),
)
head, fence = following_tables(metadata)
parked = parked_table(metadata)
dead_letter_act, discarded = dead_letter_tables(metadata)

folded = Table(
    "folded",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)
pointer = Table(
    "pointer",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("version", Integer, nullable=False),
    CheckConstraint("single", name="pointer_one_row"),
)
