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
    " (SELECT h->>1 FROM jsonb_array_elements(headers) AS h WHERE h->>0 = 'ce_leaf') FROM void"
    " WHERE position > $1 AND position <= $2 ORDER BY position, adopted_at"
)


class Rows(Protocol):
    """A `Reader`, or anything else that answers a statement."""

    async def rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]: ...


class Leaf(NamedTuple):
    """One place of the tree; `stream` is None where no event of this log is."""

    position: int
    leaf: bytes
    stream: str | None
    version: int


async def leaves(log: Rows, after: int, limit: int) -> Sequence[Leaf]:
    """The places behind a position, without a gap, as far as events go; none at the end."""
    found = await log.rows(_PAGE, after, limit)
    if not found:
        return []
    if found[-1][0] - after == len(found):
        return [Leaf(*row) for row in found]
    kept = {
        row[0]: bytes.fromhex(row[1]) if row[1] else VACANT
        for row in await log.rows(_VOID, after, found[-1][0])
    }
    whole: list[Leaf] = []
    at = after
    for row in found:
        for missing in range(at + 1, row[0]):
            whole.append(Leaf(missing, kept.get(missing, VACANT), None, 0))
        whole.append(Leaf(*row))
        at = row[0]
    return whole
