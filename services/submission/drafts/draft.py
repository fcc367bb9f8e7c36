"""Working drafts of self-assessments: a table that several clerks of an office edit at once.

A draft is no event and nobody outside hears of it. Freezing one records an assessment and leaves
it as it is: the next assessment begins there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

from shared.contracts.blocks import Mark
from shared.contracts.refusals import Refused
from shared.store.pool import Pool

_READ = """
SELECT d.version, d.facts, d.facts_version,
       i.item, i.version AS item_version, i.mark, i.edited_by, i.edited_at
FROM draft d LEFT JOIN draft_item i USING (programme, township)
WHERE d.programme = $1 AND d.township = $2 ORDER BY i.item
"""


@dataclass(frozen=True, slots=True)
class DraftItem:
    """What an item is marked with; `version` is that of the draft when it was edited last."""

    version: int
    mark: Mark
    edited_by: str
    edited_at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """One office's working papers; a draft that nobody began is `Draft()`.

    `version` moves with every change. A version is never used twice, so an item that is cleared
    and marked again cannot be taken for what it was.
    """

    version: int = 0
    items: Mapping[str, DraftItem] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    facts_version: int = 0

    def item_version(self, item: str) -> int:
        """0 where the item is not marked."""
        return self.items[item].version if item in self.items else 0

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(one.mark for one in self.items.values())


@dataclass(frozen=True, slots=True)
class Edit:
    """A new mark for an item, or None to clear it.

    `expected` is the version of that item which the editor saw: 0 for none yet, None for any.
    """

    mark: Mark | None
    expected: int | None


def item_changed(item: str, expected: int | None, known: DraftItem | None) -> Refused:
    """What whoever saw another version is told: by whom it was marked since, and how."""
    return Refused(
        "draft-item-changed",
        item=item,
        expected=expected,
        version=known.version if known else 0,
        by=known.edited_by if known else None,
        mark=asdict(known.mark) if known else None,
    )


class Drafts:
    """Reads and edits drafts; raises Unavailable while the database is away.

    Marks are kept as they are given: whoever edits has checked them against the standard.
    """

    def __init__(self, tables: Pool) -> None:
        self._tables = tables

    async def read(self, programme: str, township: str) -> Draft:
        """The draft as of one moment."""
        async with self._tables.connection() as connection:
            return _draft(await connection.fetch(_READ, programme, township))

    async def edit(
        self,
        programme: str,
        township: str,
        edits: Mapping[str, Edit],
        *,
        actor: str,
        at: datetime,
    ) -> Draft:
        """All of the edits or none, and the draft after them.

        An edit that says what is there already changes nothing, so that one whose answer was lost
        can be sent again. Raises Refused("draft-item-changed") where an item is not the one that
        its editor saw.
        """
        async with self._tables.connection() as connection, connection.transaction():
            draft = await _locked(connection, programme, township)
            changes = {
                item: edit.mark
                for item, edit in edits.items()
                if _changes(draft.items.get(item), item, edit)
            }
            if not changes:
                return draft
            version = draft.version + 1
            await connection.execute(
                "UPDATE draft SET version = $3 WHERE programme = $1 AND township = $2",
                programme, township, version,
            )  # fmt: skip
            await connection.execute(
                "DELETE FROM draft_item"
                " WHERE programme = $1 AND township = $2 AND item = ANY($3::text[])",
                programme, township, list(changes),
            )  # fmt: skip
            await connection.executemany(
                "INSERT INTO draft_item VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [
                    (programme, township, item, version, orjson.dumps(mark).decode(), actor, at)
                    for item, mark in changes.items()
                    if mark is not None
                ],
            )
            return _draft(await connection.fetch(_READ, programme, township))

    async def state_facts(
        self, programme: str, township: str, facts: Sequence[str], *, expected: int
    ) -> Draft:
        """Say which facts hold, all at once, in the order given.

        Raises Refused("draft-facts-changed") where `facts_version` is not the expected one.
        """
        async with self._tables.connection() as connection, connection.transaction():
            draft = await _locked(connection, programme, township)
            if draft.facts == tuple(facts):
                return draft
            if draft.facts_version != expected:
                raise Refused(
                    "draft-facts-changed",
                    expected=expected,
                    version=draft.facts_version,
                    stated=list(draft.facts),
                )
            await connection.execute(
                "UPDATE draft SET version = $3, facts_version = $3, facts = $4"
                " WHERE programme = $1 AND township = $2",
                programme, township, draft.version + 1, list(facts),
            )  # fmt: skip
            return _draft(await connection.fetch(_READ, programme, township))


async def _locked(
    connection: "PoolConnectionProxy[asyncpg.Record]", programme: str, township: str
) -> Draft:
    """The draft, begun if need be, which nobody else changes until this transaction is over."""
    await connection.execute(
        "INSERT INTO draft VALUES ($1, $2, 0, '{}', 0) ON CONFLICT DO NOTHING",
        programme, township,
    )  # fmt: skip
    # A statement of its own: one that waits for the lock still sees what was before it.
    await connection.execute(
        "SELECT FROM draft WHERE programme = $1 AND township = $2 FOR UPDATE",
        programme, township,
    )  # fmt: skip
    return _draft(await connection.fetch(_READ, programme, township))


def _draft(rows: Sequence[asyncpg.Record]) -> Draft:
    if not rows:
        return Draft()
    return Draft(
        version=rows[0]["version"],
        facts=tuple(rows[0]["facts"]),
        facts_version=rows[0]["facts_version"],
        items={
            row["item"]: DraftItem(
                row["item_version"], _mark(row["mark"]), row["edited_by"], row["edited_at"]
            )
            for row in rows
            if row["item"] is not None
        },
    )


def _mark(kept: str) -> Mark:
    mark = orjson.loads(kept)
    return Mark(**{**mark, "evidence": tuple(mark["evidence"])})


def _changes(known: DraftItem | None, item: str, edit: Edit) -> bool:
    if edit.mark == (known.mark if known else None):
        return False
    if edit.expected not in (None, known.version if known else 0):
        raise item_changed(item, edit.expected, known)
    return True
