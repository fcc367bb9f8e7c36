"""The tables of a store, the same in every service that writes.

`log` is append-only by rights and by trigger, but for what `blanking` allows. Text that is looked
up is compared bytewise ("C"), so that no change of a system's collation can corrupt an index.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from shared.store import blanking

MAX_DATA_BYTES = 256 * 1024

metadata = MetaData()


def _name(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, Text(collation="C"), primary_key=primary_key, nullable=False)


def event_columns() -> list[Column[object]]:
    """The columns of an event, in a log and in a journal."""
    columns: list[Column[object]] = [
        Column("position", BigInteger, primary_key=True, autoincrement=False),
        Column("context", Text(collation="C"), nullable=False),
        Column("subject", Text(collation="C"), nullable=False),
        Column("version", Integer, nullable=False),
        Column("id", UUID(as_uuid=True), nullable=False),
        Column("type", Text(collation="C"), nullable=False),
        Column("effective_on", Date, nullable=False),
        Column("effective_at", DateTime(timezone=True), nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("actor", Text, nullable=False),
        Column("on_behalf_of", Text),
        Column("correlation", UUID(as_uuid=True), nullable=False),
        Column("causation", UUID(as_uuid=True), nullable=False),
        Column("command", LargeBinary, nullable=False),
        Column("traceparent", Text),
        Column("data", LargeBinary, nullable=False),
        Column("salt", LargeBinary, nullable=False),
        Column("leaf", LargeBinary, nullable=False),
    ]
    return columns


COLUMNS = tuple(column.name for column in event_columns())

log = Table(
    "log",
    metadata,
    *event_columns(),
    UniqueConstraint("context", "subject", "version", name="log_stream_version"),
    CheckConstraint("position > 0 AND version > 0", name="log_counts_from_one"),
    CheckConstraint(f"octet_length(data) <= {MAX_DATA_BYTES}", name="log_data_bounded"),
)

command = Table(
    "command",
    metadata,
    # SHA-256 of the key, as the events say it: so that a tail can be taken back from its topic.
    Column("key", LargeBinary, primary_key=True),
    # Of what was asked; unknown for what was taken back.
    Column("fingerprint", LargeBinary),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("first", BigInteger),
    Column("last", BigInteger, nullable=False),
)

claim = Table(
    "claim",
    metadata,
    _name("kind", primary_key=True),
    _name("value", primary_key=True),
    Column("command", LargeBinary, nullable=False),
)

published = Table(
    "published",
    metadata,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("position", BigInteger, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("ends", JSONB, nullable=False),
    # Up to which `erased` event the topics were emptied, to be filled again without what it names.
    Column("emptied", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("single", name="published_one_row"),
)


def following_tables(metadata: MetaData) -> tuple[Table, Table]:
    """How far each followed stream has come, and where to read on in each partition."""
    head = Table(
        "head",
        metadata,
        _name("context", primary_key=True),
        _name("subject", primary_key=True),
        Column("version", Integer, nullable=False),
        Column("id", UUID(as_uuid=True), nullable=False),
    )
    fence = Table(
        "fence",
        metadata,
        _name("topic", primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("next_offset", BigInteger, nullable=False),
        Column("id", UUID(as_uuid=True), nullable=False),
    )
    return head, fence


def parked_table(metadata: MetaData) -> Table:
    """What could not be applied, with its raw bytes, and the later events of its key behind it."""
    return Table(
        "parked",
        metadata,
        _name("context", primary_key=True),
        _name("key", primary_key=True),
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("subject", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("id", UUID(as_uuid=True), nullable=False),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("parked_at", DateTime(timezone=True), nullable=False),
    )


def dead_letter_tables(metadata: MetaData) -> tuple[Table, Table]:
    """What a person asked to be done about parked records, and the records they gave up.

    An act stays for ever: who, why, when it was asked and done, what came of it, how many records
    left the line. What was discarded is kept with all its bytes.
    """
    act = Table(
        "dead_letter_act",
        metadata,
        Column("id", UUID(as_uuid=True), primary_key=True),
        Column("act", Text, nullable=False),
        _name("context"),
        _name("key"),
        # The place in line, and the id of the record that stood there when it was asked.
        Column("seq", Integer),
        Column("record", UUID(as_uuid=True)),
        Column("actor", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("asked_at", DateTime(timezone=True), nullable=False),
        Column("done_at", DateTime(timezone=True)),
        Column("outcome", Text),
        Column("detail", Text),
        Column("records", Integer, nullable=False, server_default=text("0")),
        CheckConstraint("act IN ('show', 'redrive', 'discard')", name="dead_letter_act_known"),
        Index("dead_letter_act_open", "asked_at", postgresql_where=text("done_at IS NULL")),
    )
    discarded = Table(
        "discarded",
        metadata,
        Column("act", UUID(as_uuid=True), primary_key=True),
        *(Column(c.name, c.type, nullable=False) for c in parked_table(MetaData()).columns),
    )
    return act, discarded


def keep_acts(connection: Connection) -> None:
    """An act is never removed, and once it is done, or in what was asked, never changed."""
    connection.execute(
        text(
            "CREATE TRIGGER dead_letter_act_stays BEFORE DELETE OR TRUNCATE ON dead_letter_act"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    )
    connection.execute(
        text(
            "CREATE TRIGGER dead_letter_act_as_asked BEFORE UPDATE ON dead_letter_act FOR EACH ROW"
            " WHEN (OLD.done_at IS NOT NULL OR"
            " (OLD.id, OLD.act, OLD.context, OLD.key, OLD.actor, OLD.reason, OLD.asked_at) IS"
            " DISTINCT FROM"
            " (NEW.id, NEW.act, NEW.context, NEW.key, NEW.actor, NEW.reason, NEW.asked_at))"
            " EXECUTE FUNCTION refuse_change()"
        )
    )


head, fence = following_tables(metadata)
parked = parked_table(metadata)
dead_letter_act, discarded = dead_letter_tables(metadata)

heard = Table(
    "heard",
    metadata,
    *(
        Column(column.name, column.type, nullable=column.nullable, primary_key=column.name == "id")
        for column in event_columns()
    ),
    # In which order this service came to know them: what a cursor over other services' events
    # moves along, given by the writer without gaps, as positions are.
    Column("arrival", BigInteger, nullable=False),
    UniqueConstraint("context", "subject", "version", name="heard_stream_version"),
    UniqueConstraint("arrival", name="heard_arrival"),
)

erasure = Table(
    "erasure",
    metadata,
    _name("context", primary_key=True),
    _name("subject", primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # All that is left of the data: with it the leaf, and so every proof, can still be checked.
    Column("datahash", LargeBinary, nullable=False),
    Column("cause", BigInteger, nullable=False),
)

void = Table(
    "void",
    metadata,
    # What a topic holds, and this log could not take back: named, with its bytes, and never lost.
    _name("topic", primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    _name("context"),
    _name("subject"),
    Column("version", Integer, nullable=False),
    # Beside the offset: a topic made anew counts from 0 again.
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("headers", JSONB, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("adopted_at", DateTime(timezone=True), nullable=False),
)

operator_act = Table(
    "operator_act",
    metadata,
    # What a person did to the record, or saw of its content, from the command line.
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("act", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("told", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

tree_head = Table(
    "tree_head",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("stream_count", BigInteger, nullable=False),
    Column("streams", LargeBinary, nullable=False),
    Column("contexts", Text, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

signing_key = Table(
    "signing_key",
    metadata,
    # Public halves of all keys that ever signed here: what they signed is checked for ever.
    Column("key_id", Text, primary_key=True),
    Column("x", Text, nullable=False),
    Column("y", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
)

_FROZEN = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: what was acknowledged stays', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
"""


def freeze(connection: Connection, table: str) -> None:
    """No row of this table is ever changed or removed, whoever asks."""
    connection.execute(
        text(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    )


def define_refusal(connection: Connection) -> None:
    """The trigger function that `freeze` uses."""
    connection.execute(text(_FROZEN))


def grant(connection: Connection, role: str | None, appended: tuple[str, ...]) -> None:
    """Let the service's own role read all, append to `appended`, and change only the rest."""
    for function in blanking.AS_OWNER:  # which anybody may call where nothing else is said
        connection.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"))
    if role is None:
        return
    quote = connection.dialect.identifier_preparer.quote
    schemas = connection.execute(
        text("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'")
    )
    for (schema,) in schemas.all():
        connection.execute(text(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)}"))
        connection.execute(
            text(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA"
                f" {quote(schema)} TO {quote(role)}"
            )
        )
    names = ", ".join(appended)
    connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {names} FROM {quote(role)}"))


def create(connection: Connection) -> None:
    """All tables of a store that writes."""
    metadata.create_all(connection)
    define_refusal(connection)
    for table in FROZEN:
        freeze(connection, table)
    keep_acts(connection)
    blanking.allow(connection, "log", "heard")


FROZEN = (
    "log",
    "command",
    "claim",
    "erasure",
    "void",
    "operator_act",
    "tree_head",
    "signing_key",
)
"""Append-only, by rights and by trigger; of the log alone, an event's data may be erased."""


def extend(connection: Connection) -> None:
    """To a store of the first release: keys as digests, and the tables of proof and repair."""
    columns = connection.execute(
        text(
            "SELECT data_type FROM information_schema.columns"
            " WHERE table_name = 'command' AND column_name = 'key'"
        )
    )
    if columns.scalar_one() == "bytea":  # made by this release
        return
    for table, column in (("command", "key"), ("claim", "command")):
        connection.execute(
            text(
                f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea"
                f" USING sha256(convert_to({column}, 'UTF8'))"
            )
        )
    connection.execute(text("ALTER TABLE command ALTER COLUMN fingerprint DROP NOT NULL"))
    metadata.create_all(connection)
    connection.execute(text("ALTER TABLE published ADD COLUMN emptied bigint NOT NULL DEFAULT 0"))
    for table in ("erasure", "void", "operator_act", "tree_head", "signing_key"):
        freeze(connection, table)
    keep_acts(connection)
    blanking.allow(connection, "log", "heard")
