"""Events on their way out, with their headers written by PostgreSQL.

Writing fifteen headers of an event takes longer than sending it; the database does it while this
process sends the page before. `to_headers` says what they are, and a test holds both together.
"""

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from shared.contracts.registry import CONTEXTS
from shared.events.envelope import SEALED, Headers, to_headers
from shared.store.log import Log

SEPARATOR = "\x1f"
_INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_VALUES = {
    "ce_specversion": "'1.0'",
    "ce_id": "id",
    "ce_source": "$3 || context",
    "ce_type": "type",
    "ce_subject": "subject",
    "ce_streamversion": "version",
    "ce_position": "position",
    "ce_time": _INSTANT.format("effective_at"),
    "ce_recordedtime": _INSTANT.format("recorded_at"),
    "ce_correlationid": "correlation",
    "ce_causationid": "causation",
    "ce_actor": "actor",
    "ce_onbehalfof": "coalesce(on_behalf_of, '')",
    "ce_command": "encode(command, 'hex')",
    "ce_leaf": "encode(leaf, 'hex')",
    "ce_salt": "encode(salt, 'hex')",
    "ce_dataschema": "$4 || type",
    "traceparent": "coalesce(traceparent, '')",
}
# The key is not in the row; it is put where it stands in the order of `SEALED`.
_KEY_AT = SEALED.index("ce_partitionkey")
_NAMES = [*_VALUES]
_TYPE_AT = _NAMES.index("ce_type")
_NAMES.insert(_KEY_AT, "ce_partitionkey")
_NAMES_ERASED = ["ce_datahash" if name == "ce_salt" else name for name in _NAMES]
_CONTENT_TYPE = ("content-type", b"application/json")
_SELECT = (
    f"SELECT position, context, subject, concat_ws('{SEPARATOR}', {', '.join(_VALUES.values())}),"  # noqa: S608
    " data FROM log WHERE position > $1 ORDER BY position LIMIT $2"
)


class Outgoing(NamedTuple):
    """One event as it is sent."""

    position: int
    context: str
    key: bytes
    headers: Headers
    value: bytes


async def outgoing(
    log: Log, after: int, limit: int, contracts_url: str
) -> Sequence[asyncpg.Record]:
    """The rows behind a position, in the order of the log; `dressed` makes them ready to send."""
    source = f"/fuyan/{log.installation}/"
    return await log.rows(_SELECT, after, limit, source, f"{contracts_url}/")


def erases(row: asyncpg.Record) -> bool:
    """Whether it says that an event was erased, of which the topic may hold the bytes."""
    name: str = row[3].split(SEPARATOR, _TYPE_AT + 1)[_TYPE_AT]
    return name.endswith(".erased.v1")


async def dressed(log: Log, row: asyncpg.Record, contracts_url: str) -> Outgoing:
    """A row as it is sent."""
    position, context, subject, text, value = row
    key = CONTEXTS[context].key(subject).encode()
    values = text.encode().split(SEPARATOR.encode())
    values.insert(_KEY_AT, key)
    if len(values) != len(_NAMES):  # some text holds the separator itself
        (record,) = await log.page(position - 1, 1)
        headers = to_headers(record, log.installation, contracts_url)
        return Outgoing(position, context, key, headers, value)
    names = _NAMES if value else _NAMES_ERASED
    headers = [pair for pair in zip(names, values, strict=True) if pair[1]]
    headers.append(_CONTENT_TYPE)
    return Outgoing(position, context, key, headers, value)
