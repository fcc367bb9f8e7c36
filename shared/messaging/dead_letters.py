"""What a person asked about parked records is done here, by the process that follows the topics.

A line is redriven from its front, one record after the other, each as if it came now; it leaves
the line in the statement of its effect. The first that fails again ends it, and the rest waits.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog
from aiokafka import ConsumerRecord

from shared.messaging.parking import Key, Parking, unpacked, why
from shared.store.batch import Unparked
from shared.store.session import LeaseLost, Session
from shared.store.streams import Unavailable

POLL_S = 1.0
# How long a record may wait for what it builds on, before its line is left as it is.
WAIT_S = 10.0
BACK_OFF_S = (0.05, 1.0)

OPEN = """
SELECT id, act, context, key, seq, record, records FROM dead_letter_act
 WHERE done_at IS NULL ORDER BY asked_at, id LIMIT 100
"""
FIRST = "SELECT * FROM parked WHERE context = $1 AND key = $2 ORDER BY seq LIMIT 1"
AGAIN_IN_VAIN = """
UPDATE parked SET attempts = attempts + 1, reason = $4 WHERE context = $1 AND key = $2 AND seq = $3
"""
DONE = """
UPDATE dead_letter_act SET done_at = clock_timestamp(), outcome = $2, detail = $3
 WHERE id = $1 AND done_at IS NULL
"""
# The act is locked and asked first: a record is given up once, whoever tries it twice.
DISCARD = """
WITH a AS (SELECT id FROM dead_letter_act WHERE id = $1 AND records = 0 FOR UPDATE),
g AS (DELETE FROM parked USING a WHERE context = $2 AND key = $3 AND seq = $4 AND parked.id = $5
  RETURNING a.id AS act, parked.*),
k AS (INSERT INTO discarded SELECT * FROM g)
UPDATE dead_letter_act SET records = 1 FROM g WHERE dead_letter_act.id = g.act
RETURNING dead_letter_act.id
"""

OF_THE_DATA = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)

logger = structlog.get_logger(__name__)


class Act(NamedTuple):
    """A wish about one line; `records` have left the line by it so far."""

    id: UUID
    act: str
    context: str
    key: str
    seq: int | None
    record: UUID | None
    records: int


Again = Callable[[ConsumerRecord, Unparked, bool], Awaitable[None]]
"""Follows a parked record as if it came now; it leaves its place with its effect.

The third says whether its head was moved when it was parked. Raises what stands in the way.
"""


class DeadLetters:
    """Carries out open acts, in the order in which they were asked, until cancelled."""

    def __init__(
        self,
        session: Session,
        parking: Parking,
        degraded: dict[str, str],
        *,
        line: Callable[[Key], asyncio.Lock],
        again: Again,
    ) -> None:
        self._session = session
        self._parking = parking
        self._degraded = degraded
        self._line = line
        """Held while a record enters or leaves a line."""
        self._again = again

    async def run(self) -> None:
        try:
            while True:
                async with self._session.turn() as connection:
                    rows = await connection.fetch(OPEN)
                for row in rows:
                    await self._carry_out(Act(*row))
                await asyncio.sleep(POLL_S)
        finally:
            self._parking.over()

    async def _carry_out(self, act: Act) -> None:
        try:
            if act.act == "discard" and not act.records and not await self._discarded(act):
                await self._done(act, "gone", "no such record stands there any more")
            else:
                await self._redrive(act)
            self._degraded.pop("redrive", None)
        except LeaseLost:
            raise
        except Exception as error:  # the act stays open and is tried again
            self._degraded["redrive"] = f"{type(error).__name__}: {error}"
            await logger.aexception("a wish about dead letters failed", act=str(act.id))

    async def _discarded(self, act: Act) -> bool:
        key = (act.context, act.key)
        async with self._line(key):
            async with self._session.turn() as connection:
                gone = await connection.fetch(
                    DISCARD, act.id, act.context, act.key, act.seq, act.record
                )
            if gone and act.seq is not None:
                self._parking.gave_up(key, act.seq)
        return bool(gone)

    async def _redrive(self, act: Act) -> None:
        """Until the line is empty, or its first record fails again, or waits for too long."""
        left, waited, pause = act.act == "discard" or act.records > 0, 0.0, BACK_OFF_S[0]
        while True:
            try:
                failed = await self._next(act)
            except Unavailable as error:
                if waited >= WAIT_S:
                    await self._done(act, "waits", f"{error.code}: {dict(error.facts)}")
                    return
                await asyncio.sleep(pause)
                waited, pause = waited + pause, min(2 * pause, BACK_OFF_S[1])
                continue
            if failed == "":
                await self._done(act, "drained" if left else "empty", None)
                return
            if failed is not None:
                await self._done(act, "stopped", failed)
                return
            left, waited, pause = True, 0.0, BACK_OFF_S[0]

    async def _next(self, act: Act) -> str | None:
        """Follow the first of the line; why it failed again, or "" where nobody stands there.

        A record that stands in line leaves it, or stays, before a live one can be looked at.
        """
        key = (act.context, act.key)
        if not self._parking.blocks(key):  # a live record of this key may wait, and holds the line
            return ""
        async with self._line(key):
            async with self._session.turn() as connection:
                row = await connection.fetchrow(FIRST, *key)
            if row is None:
                self._parking.is_free(key)
                return ""
            place = Unparked(*key, row["seq"], act.id)
            try:
                await self._again(_message(row), place, row["version"] > 0)
            except (LeaseLost, Unavailable):
                raise
            except Exception as error:
                if isinstance(error, asyncpg.PostgresError) and not isinstance(error, OF_THE_DATA):
                    raise  # a full disk says nothing about the record
                reason = why(error)
                async with self._session.turn() as connection:
                    await connection.execute(AGAIN_IN_VAIN, *key, row["seq"], reason)
                return f"{row['subject'] or '?'}@{row['version']} (seq {row['seq']}): {reason}"
            self._parking.left(key, row["seq"])
            return None

    async def _done(self, act: Act, outcome: str, detail: str | None) -> None:
        async with self._session.turn() as connection:
            await connection.execute(DONE, act.id, outcome, detail)
        await logger.ainfo(
            "dead letters", act=act.act, context=act.context, key=act.key, outcome=outcome
        )


def _message(row: asyncpg.Record) -> ConsumerRecord:
    """The record as it was consumed."""
    return ConsumerRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        timestamp=0,
        timestamp_type=0,
        key=row["key"].encode(),
        value=row["value"],
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=unpacked(row["headers"]),
    )
