"""The leaves of a log in the order of positions, as its tree takes them: what was cut is seen.

A position that could not be taken back (table `void`) keeps the leaf under which its topic still
holds it, so that signed heads stay true; where nobody knows that any more it is `VACANT`.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

import asyncpg

VACANT = sha256(b"\x03").digest()

_PAGE = (
    "SELECT position, leaf, context || '/' || subject, version FROM log"
    " WHERE position > $1 ORDER BY position LIMIT $2"
)
_VOID = (
    "SELECT DISTINCT ON (position) position,"
    " (SELECT h->>1 FROM jsonb_array_elements(headers) AS h WHERE h->>0 = 'ce_leaf'),"
    # A position that exists nowhere is of no stream.
    " CASE WHEN subject <> '' THEN context || '/' || subject END, version FROM void"
    " WHERE position > $1 AND position <= $2 ORDER BY position, adopted_at, id"
)


class Rows(Protocol):
    """A `Reader`, or anything else that answers a statement."""

    async def rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]: ...


class Leaf(NamedTuple):
    """One place of the tree; `there` says whether this log has the event."""

    position: int
    leaf: bytes
    stream: str | None
    version: int
    there: bool


async def leaves(log: Rows, after: int, limit: int) -> Sequence[Leaf]:
    """The places behind a position, without a gap; none at the end."""
    found = [
        Leaf(row[0], row[1], row[2], row[3], True) for row in await log.rows(_PAGE, after, limit)
    ]
    last = found[-1].position if found else after
    if len(found) == limit == last - after:
        return found
    # What could not be taken back may be all that is left of the end.
    end = last if len(found) == limit else 2**63 - 1
    by_position = {
        row[0]: Leaf(row[0], bytes.fromhex(row[1]) if row[1] else VACANT, row[2], row[3], False)
        for row in await log.rows(_VOID, after, end)
    }
    by_position |= {one.position: one for one in found}
    return [
        by_position.get(position) or Leaf(position, VACANT, None, 0, False)
        for position in range(after + 1, max(by_position, default=after) + 1)
    ]
