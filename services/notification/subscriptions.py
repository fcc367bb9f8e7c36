"""Who wants which events by webhook, how far each was served, and what became of each delivery.

Working tables of this service, not events: a delivery is a fact about the outside world, and its
event is in the log already.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

import asyncpg

from services.notification.feed import Cursor, Wanted
from shared.contracts.refusals import Refused
from shared.events.envelope import Record
from shared.store.pool import Pool

BACK_OFF_S = (5, 30, 300, 1800, 7200, 28800)
"""Pauses before the second, third … attempt; after the last one a delivery is dead."""
SUBSCRIPTIONS_AT_MOST = 20
"""Of one organisation, at a time."""

State = Literal["pending", "delivered", "dead"]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one organisation wants; `ended_at` says that it is over, and `ended_because` why."""

    id: UUID
    organisation: str
    url: str
    secret: str
    wanted: Wanted
    cursor: Cursor
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_because: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one subscription; without an event it is the signed test."""

    id: UUID
    number: int
    subscription: UUID
    context: str | None
    subject: str | None
    version: int | None
    state: State
    attempts: int
    due_at: datetime
    status: int | None
    error: str | None
    done_at: datetime | None


_SUBSCRIPTION = (
    "SELECT id, organisation, url, secret, types, place, arrival, position,"
    " created_at, created_by, ended_at, ended_because FROM subscription"
)
_DELIVERY = (
    "SELECT id, number, subscription, context, subject, version, state, attempts, due_at, status,"
    " error, done_at FROM delivery"
)


class Subscriptions:
    """The two tables; raises Unavailable while the database is away."""

    def __init__(self, tables: Pool) -> None:
        self._tables = tables

    async def begin(
        self,
        id_: UUID,
        organisation: str,
        url: str,
        wanted: Wanted,
        cursor: Cursor,
        *,
        by: str,
        at: datetime,
    ) -> Subscription:
        """Serve an organisation from a cursor on; the same id again is the same subscription.

        Raises Refused: `subscriptions-too-many`, and `idempotency-key-reused` for an id that
        stands for something else.
        """
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        async with self._tables.connection() as connection, connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 11))", organisation
            )
            row = await connection.fetchrow(f"{_SUBSCRIPTION} WHERE id = $1", id_)
            if row is not None:
                known = _subscription(row)
                if (known.url, known.wanted) != (url, wanted):
                    raise Refused("idempotency-key-reused")
                return known
            running = await connection.fetchval(
                "SELECT count(*) FROM subscription WHERE organisation = $1 AND ended_at IS NULL",
                organisation,
            )
            if running >= SUBSCRIPTIONS_AT_MOST:
                raise Refused("subscriptions-too-many", at_most=SUBSCRIPTIONS_AT_MOST)
            await connection.execute(
                "INSERT INTO subscription (id, organisation, url, secret, types, place, arrival,"
                " position, created_at, created_by) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
                *(id_, organisation, url, secret, list(wanted.types), wanted.place),
                *(cursor.arrival, cursor.position, at, by),
            )
        return await self.known(id_, organisation)

    async def of(self, organisation: str | None) -> list[Subscription]:
        """Those of an organisation, or all; ended ones too, the oldest first."""
        async with self._tables.connection() as connection:
            rows = await connection.fetch(
                f"{_SUBSCRIPTION} WHERE $1::text IS NULL OR organisation = $1"
                " ORDER BY created_at, id",
                organisation,
            )
        return [_subscription(row) for row in rows]

    async def running(self) -> list[Subscription]:
        """All that are to be served."""
        async with self._tables.connection() as connection:
            rows = await connection.fetch(f"{_SUBSCRIPTION} WHERE ended_at IS NULL")
        return [_subscription(row) for row in rows]

    async def known(self, id_: UUID, organisation: str | None) -> Subscription:
        """One of an organisation's own (None: of anybody's); Refused("subscription-unknown")."""
        async with self._tables.connection() as connection:
            row = await connection.fetchrow(
                f"{_SUBSCRIPTION} WHERE id = $1 AND ($2::text IS NULL OR organisation = $2)",
                id_,
                organisation,
            )
        if row is None:
            raise Refused("subscription-unknown", subscription=str(id_))
        return _subscription(row)

    async def end(self, id_: UUID, *, at: datetime, because: str) -> None:
        """Serve it no more; what waited for it is dropped, what is over stays on record."""
        async with self._tables.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE subscription SET ended_at = $2, ended_because = $3"
                " WHERE id = $1 AND ended_at IS NULL",
                *(id_, at, because),
            )
            await connection.execute(
                "UPDATE delivery SET state = 'dead', done_at = $2, error = 'subscription-ended'"
                " WHERE subscription = $1 AND state = 'pending'",
                *(id_, at),
            )

    async def queue(
        self, one: Subscription, records: Sequence[Record], cursor: Cursor, *, at: datetime
    ) -> None:
        """Owe these events to a subscription and move its cursor, both or neither."""
        async with self._tables.connection() as connection, connection.transaction():
            moved = await connection.execute(
                "UPDATE subscription SET arrival = $2, position = $3 WHERE id = $1"
                " AND arrival = $4 AND position = $5 AND ended_at IS NULL",
                *(one.id, cursor.arrival, cursor.position),
                *(one.cursor.arrival, one.cursor.position),
            )
            if moved == "UPDATE 0":
                return  # ended, or sent back to an earlier place, since it was read
            await connection.executemany(
                "INSERT INTO delivery (id, subscription, context, subject, version, due_at)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                [(uuid4(), one.id, r.context, r.subject, r.version, at) for r in records],
            )

    async def test(self, one: Subscription, id_: UUID, *, at: datetime) -> None:
        """Owe it the signed test event; once for each id."""
        async with self._tables.connection() as connection:
            await connection.execute(
                "INSERT INTO delivery (id, subscription, due_at) VALUES ($1, $2, $3)"
                " ON CONFLICT (id) DO NOTHING",
                *(id_, one.id, at),
            )

    async def replay(self, one: Subscription, cursor: Cursor) -> None:
        """Serve it from another place on, events that it had before included."""
        async with self._tables.connection() as connection:
            await connection.execute(
                "UPDATE subscription SET arrival = $2, position = $3 WHERE id = $1",
                *(one.id, cursor.arrival, cursor.position),
            )

    async def owed(self, at: datetime) -> set[UUID]:
        """Who of all has anything to be sent now."""
        async with self._tables.connection() as connection:
            rows = await connection.fetch(
                "SELECT id FROM subscription AS one WHERE ended_at IS NULL AND EXISTS"
                " (SELECT FROM delivery WHERE subscription = one.id AND state = 'pending'"
                " AND due_at <= $1)",
                at,
            )
        return {row[0] for row in rows}

    async def due(self, subscription: UUID, at: datetime) -> Delivery | None:
        """What is to be sent to this one now, the longest due first."""
        async with self._tables.connection() as connection:
            row = await connection.fetchrow(
                f"{_DELIVERY} WHERE subscription = $1 AND state = 'pending' AND due_at <= $2"
                " ORDER BY due_at, number LIMIT 1",
                *(subscription, at),
            )
        return Delivery(*row) if row else None

    async def done(
        self, one: Delivery, *, at: datetime, status: int | None, error: str | None
    ) -> None:
        """Write down an attempt: delivered where there is no error, else later, or dead."""
        attempts = one.attempts + 1
        over = error is None or attempts > len(BACK_OFF_S)
        state: State = "delivered" if error is None else "dead" if over else "pending"
        due_at = at if over else at + timedelta(seconds=BACK_OFF_S[attempts - 1])
        async with self._tables.connection() as connection:
            await connection.execute(
                "UPDATE delivery SET state = $2, attempts = $3, due_at = $4, status = $5,"
                " error = $6, done_at = $7 WHERE id = $1 AND state = 'pending'",
                *(one.id, state, attempts, due_at, status, error, at if over else None),
            )

    async def deliveries(
        self, subscription: UUID, *, state: State | None, after: int, limit: int
    ) -> list[Delivery]:
        """Deliveries of a subscription, by number; the dead ones are its dead letters."""
        async with self._tables.connection() as connection:
            rows = await connection.fetch(
                f"{_DELIVERY} WHERE subscription = $1 AND number > $2"
                " AND ($3::text IS NULL OR state = $3) ORDER BY number LIMIT $4",
                *(subscription, after, state, limit),
            )
        return [Delivery(*row) for row in rows]

    async def retry(self, subscription: UUID, delivery: UUID, *, at: datetime) -> None:
        """Owe a dead delivery once more. Refused: `delivery-unknown`, `delivery-not-dead`."""
        async with self._tables.connection() as connection:
            state = await connection.fetchval(
                "SELECT state FROM delivery WHERE id = $1 AND subscription = $2",
                *(delivery, subscription),
            )
            if state is None:
                raise Refused("delivery-unknown", delivery=str(delivery))
            if state == "delivered":
                raise Refused("delivery-not-dead")
            await connection.execute(
                "UPDATE delivery SET state = 'pending', attempts = 0, due_at = $2, done_at = NULL"
                " WHERE id = $1 AND state = 'dead'",
                *(delivery, at),
            )


def _subscription(row: asyncpg.Record) -> Subscription:
    id_, organisation, url, secret, types, place, arrival, position, *rest = row
    wanted = Wanted(tuple(types), place)
    return Subscription(id_, organisation, url, secret, wanted, Cursor(arrival, position), *rest)
