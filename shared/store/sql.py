"""The two statements of the writer: one round trip to look, one to append."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from shared.events.envelope import Record
from shared.store.batch import Batch, Parked, Step, Unparked
from shared.store.schema import COLUMNS

LOOK = """
SELECT 'pid' AS kind, NULL AS first, NULL AS second, pg_backend_pid() AS number,
       NULL::bigint AS position, NULL::bytea AS data
UNION ALL
SELECT 'key', encode(key, 'hex'), stream, version, last, fingerprint FROM command
 WHERE key = ANY($1::bytea[])
UNION ALL
SELECT 'log', context || '/' || type, subject, version, position, data
  FROM log JOIN unnest($2::text[], $3::text[]) AS s(c, n) ON context = c AND subject = n
UNION ALL
SELECT 'heard', context || '/' || type, subject, version, position, data
  FROM heard JOIN unnest($4::text[], $5::text[]) AS s(c, n) ON context = c AND subject = n
"""

_TYPES = (
    "bigint", "text", "text", "int", "uuid", "text", "date", "timestamptz", "timestamptz",
    "text", "text", "uuid", "uuid", "bytea", "text", "bytea", "bytea", "bytea",
)  # fmt: skip


NO_MORE: Mapping[str, str] = {}


def _unnest(types: Sequence[str], start: int) -> str:
    return "unnest(" + ", ".join(f"${start + i}::{t}[]" for i, t in enumerate(types)) + ")"


def insert_events(table: str, start: int, also: Mapping[str, str] = NO_MORE) -> str:
    """INSERT of event rows given as one array per column, from parameter `start` on.

    `also` names further columns of the table with their types; their arrays come last.
    """
    names = ", ".join((*COLUMNS, *also))
    return (
        f"INSERT INTO {table} ({names}) SELECT * FROM {_unnest((*_TYPES, *also.values()), start)}"  # noqa: S608
    )


N = len(COLUMNS)
PARKED_TYPES = (
    "text", "text", "int", "text", "int", "uuid", "text", "int", "bigint", "jsonb", "bytea",
    "text", "int", "timestamptz",
)  # fmt: skip


def follow_upserts(start: int) -> tuple[str, str]:
    """Heads and fences as two upserts of four arrays each, from parameter `start` on."""
    heads = (
        f"INSERT INTO head SELECT * FROM {_unnest(('text', 'text', 'int', 'uuid'), start)}"  # noqa: S608
        " ON CONFLICT (context, subject) DO UPDATE SET version = excluded.version, id = excluded.id"
    )
    fences = (
        "INSERT INTO fence SELECT * FROM"  # noqa: S608
        f" {_unnest(('text', 'int', 'bigint', 'uuid'), start + 4)}"
        " ON CONFLICT (topic, partition) DO UPDATE"
        " SET next_offset = excluded.next_offset, id = excluded.id"
    )
    return heads, fences


def insert_parked(start: int) -> str:
    """INSERT of parked rows, one array per column, from parameter `start` on."""
    return f"INSERT INTO parked SELECT * FROM {_unnest(PARKED_TYPES, start)}"  # noqa: S608


def unpark(start: int) -> tuple[str, str]:
    """Parked rows leave their line, and their acts count them: four arrays from `start` on."""
    gone = (
        "DELETE FROM parked USING"  # noqa: S608
        f" {_unnest(('text', 'text', 'int'), start)} AS u(c, k, s)"
        " WHERE context = c AND key = k AND seq = s"
    )
    counted = (
        "UPDATE dead_letter_act SET records = records + n FROM"  # noqa: S608
        f" (SELECT a, count(*) AS n FROM unnest(${start + 3}::uuid[]) AS u(a) GROUP BY a) AS c"
        " WHERE id = a"
    )
    return gone, counted


_WRITTEN = f"""
WITH c AS (INSERT INTO command SELECT * FROM
  {_unnest(("bytea", "bytea", "text", "int", "bigint", "bigint"), N + 1)}),
u AS (INSERT INTO claim SELECT * FROM {_unnest(("text", "text", "bytea"), N + 7)})"""  # noqa: S608
_HEADS, _FENCES = follow_upserts(N + 10)
APPEND = f"""{_WRITTEN}
{insert_events("log", 1)}
"""
_FOLLOWED = f"""{_WRITTEN},
h AS ({_HEADS}),
f AS ({_FENCES}),
p AS ({insert_parked(N + 18)}),
k AS ({insert_events("heard", N + 18 + len(PARKED_TYPES), {"arrival": "bigint"})})
"""
_GONE, _COUNTED = unpark(2 * N + 19 + len(PARKED_TYPES))
APPEND_AND_UNPARK = f"""{_FOLLOWED.rstrip()},
d AS ({_GONE}),
a AS ({_COUNTED})
{insert_events("log", 1)}
"""
APPEND_AND_FOLLOW = f"""{_FOLLOWED}{insert_events("log", 1)}
"""


def event_arrays(records: Sequence[Record]) -> list[list[Any]]:
    """The columns of event rows, in the order of the table."""
    return _transposed(records, len(COLUMNS))


def _transposed(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return (
        [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
    )


def append(batch: Batch, arrival: int) -> tuple[str, list[list[Any]]]:
    """The one statement that writes a batch, and its parameters.

    `arrival` is that of the last kept event; those of this batch count on from it.
    """
    steps = batch.steps
    written = [
        *event_arrays(batch.records),
        *_transposed(batch.commands, 6),
        *_transposed(batch.claims, 3),
    ]
    if not steps:
        return APPEND, written
    kept = batch.kept
    followed = [
        *written,
        *follow_arrays(steps),
        *parked_arrays([s.parked for s in steps if s.parked is not None]),
        *event_arrays(kept),
        list(range(arrival + 1, arrival + 1 + len(kept))),
    ]
    unparked = [s.unparked for s in steps if s.unparked is not None]
    if not unparked:
        return APPEND_AND_FOLLOW, followed
    return APPEND_AND_UNPARK, [*followed, *unparked_arrays(unparked)]


def follow_arrays(steps: Sequence[Step]) -> list[list[Any]]:
    """Heads and fences of these steps; each row once, for an upsert takes no row twice."""
    heads = {step.head[:2]: step.head for step in steps if step.head is not None}
    fences = {
        (s.topic, s.partition): (s.topic, s.partition, s.next_offset, s.id)
        for s in steps
        if s.unparked is None
    }
    return [*_transposed(list(heads.values()), 4), *_transposed(list(fences.values()), 4)]


def parked_arrays(parked: Sequence[Parked]) -> list[list[Any]]:
    """The columns of parked rows, in the order of the table."""
    return _transposed([astuple(row) for row in parked], len(PARKED_TYPES))


def unparked_arrays(unparked: Sequence[Unparked]) -> list[list[Any]]:
    """The parameters of `unpark`."""
    return _transposed(unparked, 4)
