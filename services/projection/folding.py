"""From the journal into a version of the read models: its cursor moves with the effect."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import asyncpg
import structlog

from services.projection.follower import Entry
from services.projection.models import store
from services.projection.models.schema import Models
from shared.contracts.erased import Erased
from shared.contracts.registry import UnknownType, decode
from shared.crash import crash_point
from shared.events.envelope import Record
from shared.messaging.reactions import Received
from shared.store.schema import COLUMNS
from shared.store.streams import Stream

PAGE = 1000
# A fold of a page takes milliseconds; past this its link is dead, and nothing else would say so.
FOLD_S = 30.0
# Entries kept for the fold; past this it reads them from the journal, like after a start.
MAX_FRESH = 10_000
# How often the journal is asked for more where nobody tells of it, and where the follower does:
# there only so that the server hears of a session that has nothing to do.
ASK_S, BEAT_S = 0.05, 1.0

_LIST = ", ".join(name for name in COLUMNS if name != "position")
SELECT = f"SELECT position AS at, store_position AS position, {_LIST} FROM journal"  # noqa: S608

logger = structlog.get_logger(__name__)


class AnotherFolds(Exception):
    """The cursor was moved by someone else, or is gone: this process does not fold it any more."""


def entry(row: asyncpg.Record) -> Entry:
    """A journal row as it was appended."""
    at, *columns = row  # in the order of SELECT, which is that of a record
    record = Record(*columns)
    try:
        return at, record, decode(record.type, record.data)
    except UnknownType:
        return at, record, None


def received(entries: Sequence[Entry]) -> list[Received]:
    """The entries that mean something here, as read models take them."""
    return [Received(record, event) for _, record, event in entries if event is not None]


async def page(connection: asyncpg.Connection, after: int, limit: int) -> list[Entry]:
    """The next entries of the journal behind a position."""
    # By the journal's own column: `position` alone would be that of the event's store.
    rows = await connection.fetch(
        f"{SELECT} WHERE position > $1 ORDER BY journal.position LIMIT {limit}", after
    )
    return [entry(row) for row in rows]


async def _forget(models: Models, entries: Sequence[Entry]) -> None:
    """Fold every stream anew of which an event was erased, as if that had never said anything.

    The journal has blanked it; what these entries remember of it was folded just now.
    """
    gone: dict[Stream, list[int]] = {}
    for _, record, event in entries:
        if isinstance(event, Erased):
            gone.setdefault(Stream(record.context, record.subject), []).append(event.version)
    for stream, versions in gone.items():
        await store.remove(models, stream, versions)
        rows = await models.connection.fetch(
            f"{SELECT} WHERE context = $1 AND subject = $2 AND position <= $3 ORDER BY version",
            stream.context, stream.subject, models.position,
        )  # fmt: skip
        await store.apply(models, received([entry(row) for row in rows]))


class Fold:
    """Folds one version, from what the follower appended where it can, else from the journal."""

    def __init__(
        self, connection: asyncpg.Connection, version: int = 1, *, limit: int = PAGE
    ) -> None:
        self.version = version
        self.limit = limit
        self.told = False
        """Whether this process reads Kafka, and so tells of every entry; else the journal does."""
        self._connection = connection
        self._fresh: deque[Entry] = deque(maxlen=MAX_FRESH)
        self._more = asyncio.Event()
        self._more.set()
        self.position = 0

    def appended(self, entries: Sequence[Entry]) -> None:
        self._fresh.extend(entries)
        self._more.set()

    async def remember(self) -> None:
        """Where the cursor stands; raises AnotherFolds where there is none."""
        position = await self._connection.fetchval(
            "SELECT position FROM folded WHERE version = $1", self.version
        )
        if position is None:
            raise AnotherFolds(f"version {self.version} was dropped")
        self.position = position

    async def step(self) -> int:
        """Fold the next page, waiting for one; returns the position that is visible then."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S if self.told else ASK_S):
                    await self._more.wait()
            entries = await self.next()
            if not entries:
                self._more.clear()
                if self._fresh and self._fresh[-1][0] > self.position:
                    self._more.set()
                continue
            return await self.fold(entries)

    async def fold(
        self, entries: Sequence[Entry], passing: Callable[[], None] = lambda: None
    ) -> int:
        """The cursor behind these entries, and their effect; `passing` is called before the commit.

        Raises AnotherFolds where the cursor does not stand where it was left.
        """
        last = entries[-1][0]
        async with asyncio.timeout(FOLD_S), self._connection.transaction():
            moved = await self._connection.execute(
                "UPDATE folded SET position = $3 WHERE version = $1 AND position = $2",
                self.version,
                self.position,
                last,
            )
            if moved != "UPDATE 1":
                raise AnotherFolds(f"the cursor is no longer at {self.position}")
            models = Models(self._connection, self.version, last)
            await store.apply(models, received(entries))
            await _forget(models, entries)
            crash_point("projection/upserted")
            passing()
        crash_point("projection/committed")
        self.position = last
        return last

    async def next(self) -> list[Entry]:
        """The entries behind the cursor, at most a page; empty at the journal's end."""
        while self._fresh and self._fresh[0][0] <= self.position:
            self._fresh.popleft()
        if self._fresh and self._fresh[0][0] == self.position + 1:
            return [self._fresh.popleft() for _ in range(min(self.limit, len(self._fresh)))]
        return await page(self._connection, self.position, self.limit)
