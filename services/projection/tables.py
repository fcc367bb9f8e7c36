"""The tables of the journal, and the pointer to the read models that queries see."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
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
    # By which folds and tables of an image the rows are made: `models.schema.FOLDS` of that image.
    Column("folds", Integer, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False),
    # Since then it is complete, fed by running processes and answered from; NULL while it is built.
    Column("built_at", DateTime(timezone=True)),
)
pointer = Table(
    "pointer",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("version", Integer, nullable=False),
    CheckConstraint("single", name="pointer_one_row"),
)
version_act = Table(
    "version_act",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("act", Text, nullable=False),
    Column("version", Integer, nullable=False),
    # Seen before and after, where the act moved the pointer.
    Column("seen_before", Integer),
    Column("seen_after", Integer),
    Column("position", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("done_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint(
        "act IN ('begin', 'build', 'promote', 'rollback', 'drop')", name="version_act_known"
    ),
)
