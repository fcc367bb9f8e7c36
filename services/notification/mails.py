"""From an inbox to a mailbox: what is queued, sent at least once, and tried again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

import asyncpg

from services.notification.addresses import Address, Addresses
from services.notification.bulletin_drafts import causes
from services.notification.mailing import (
    PAUSES,
    Attempt,
    Mailed,
    accepted,
    not_accepted,
    request_mail,
)
from services.notification.notice import BULLETIN, EMAIL, IN_APP, OVERDUE, Inbox, Notice
from services.notification.smtp import Letter, Server
from services.notification.templates import Title, notice_title
from shared.clock import civil_day
from shared.contracts.notice import Failed, NoticeEvent, Requested
from shared.contracts.refusals import Refused
from shared.contracts.registry import decode
from shared.events.envelope import Record
from shared.store.command import Command
from shared.store.log import Log, Tenure
from shared.store.pool import Pool
from shared.store.streams import Stream

PAGE = 500
AT_ONCE = 20
PAUSE_S = 1.0
# Older news is in the inbox: who was cut off for a week needs no pile of letters.
TOO_OLD = timedelta(days=7)


class Mails:
    """A duty. A mail is requested, attempted and delivered in the log; the table says when next.

    Killed between the server's yes and the log's, a mail is sent once more, with the same
    Message-ID. Attempts go by the machine's own clock: they are about the world outside.
    """

    def __init__(self, log: Log, tables: Pool, addresses: Addresses, server: Server) -> None:
        self._log, self._tables = log, tables
        self._addresses, self._server = addresses, server

    async def before(self, tenure: Tenure) -> None:
        """Nothing to look at: what waits is in the table."""

    async def run(self, tenure: Tenure) -> None:
        while True:
            busy = False
            try:
                busy = await self._queue()
                busy = await self._send() or busy
                self._log.degraded.pop("mail", None)
            except Refused as error:
                self._log.degraded["mail"] = f"waits: {error.code}"
            if not busy:
                await asyncio.sleep(PAUSE_S)

    async def _queue(self) -> bool:
        """A page of the log: every notice of today's whose recipient has a mailbox."""
        async with self._tables.connection() as connection:
            position: int = await connection.fetchval("SELECT position FROM mailed")
        records = await self._log.page(position, PAGE)
        if not records:
            return False
        addresses = await self._addresses.all()
        waiting = await self._wanted(records, addresses) if addresses else []
        for requested, mail_id in waiting:
            stream = Stream("notice", f"{requested.programme}/{requested.organisation}")
            await self._decide(
                stream, mail_id, 0, requested.cause, _requesting(requested, str(mail_id))
            )
        async with self._tables.connection() as connection, connection.transaction():
            await connection.executemany(
                "INSERT INTO mail (id, programme, organisation, notice, next_at)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                [
                    (id_, one.programme, one.organisation, UUID(one.notice_id), datetime.now(UTC))
                    for one, id_ in waiting
                ],
            )
            await connection.execute("UPDATE mailed SET position = $1", records[-1].position)
        return True

    async def _wanted(
        self, records: Sequence[Record], addresses: Mapping[str, Address]
    ) -> list[tuple[Requested, UUID]]:
        found = []
        for record in records:
            if record.type != "fuyan.notice.requested.v1" or record.erased:
                continue
            event = decode(record.type, record.data)
            if not isinstance(event, Requested) or event.organisation not in addresses:
                continue
            # A digest that nobody is asked to act on stays where it is read at leisure.
            if event.channel == IN_APP and (not event.digest or _overdue(event)):
                found.append((record, event))
        heard = await self._log.heard([UUID(event.cause) for _, event in found])
        now = self._log.clock()
        wanted = []
        for record, event in found:
            own = event.policy in (OVERDUE, BULLETIN)
            cause = record if own else heard.get(UUID(event.cause))
            since = addresses[event.organisation].since
            # By when it was recorded elsewhere: a service built anew tells no old news again.
            if cause and cause.recorded_at >= max(since, now - TOO_OLD):
                wanted.append((event, uuid5(UUID(event.notice_id), EMAIL)))
        return wanted

    async def _send(self) -> bool:
        async with self._tables.connection() as connection:
            due = await connection.fetch(
                "SELECT id, programme, organisation, notice FROM mail WHERE next_at <= $1"
                " ORDER BY next_at LIMIT $2",
                *(datetime.now(UTC), AT_ONCE),
            )
        addresses = await self._addresses.all() if due else {}
        for row in due:
            await self._attempt(row, addresses.get(row["organisation"]))
        return len(due) == AT_ONCE

    async def _attempt(self, row: asyncpg.Record, address: Address | None) -> None:
        stream = Stream("notice", f"{row['programme']}/{row['organisation']}")
        _, inbox = await self._log.state(stream)
        notice = inbox.notices[str(row["notice"])]
        mail_id, mail = str(row["id"]), inbox.mails[str(row["id"])]
        if mail.over:  # written before a kill, and not yet taken off the table
            await self._next(row["id"], None)
            return
        wrong: Attempt | None = {"error_code": "no-address", "retryable": False}
        if address is not None:
            title = await self._title(row["programme"], notice)
            letter = Letter(mail_id, address.address, title.zh, title.en)
            wrong = await asyncio.to_thread(self._server.send, letter, datetime.now(UTC))
        now = self._log.clock()
        mailed: Mailed = {
            "programme": row["programme"],
            "effective_on": civil_day(now),
            "notice_id": mail_id,
            "organisation": row["organisation"],
        }

        def decision(inbox: Inbox) -> list[NoticeEvent]:
            if wrong is None:
                return accepted(inbox, mailed, at=now)
            return not_accepted(inbox, mailed, wrong, at=now)

        number = mail.attempts + 1
        await self._decide(stream, row["id"], number, notice.cause, decision)
        last = decision(inbox)[-1]
        again = isinstance(last, Failed)
        await self._next(row["id"], PAUSES[number - 1] if again else None)

    async def _title(self, programme: str, notice: Notice) -> Title:
        found = await causes(self._log, programme, [UUID(notice.cause)])
        _, heard = await self._log.state(Stream("programme", programme))
        return notice_title(notice, found.get(UUID(notice.cause)), heard)

    async def _next(self, mail_id: UUID, pause: timedelta | None) -> None:
        async with self._tables.connection() as connection:
            if pause is None:
                await connection.execute("DELETE FROM mail WHERE id = $1", mail_id)
            else:
                await connection.execute(
                    "UPDATE mail SET next_at = $2 WHERE id = $1",
                    *(mail_id, datetime.now(UTC) + pause),
                )

    async def _decide(
        self,
        stream: Stream,
        mail_id: UUID,
        attempt: int,
        cause: str,
        decision: Callable[[Inbox], list[NoticeEvent]],
    ) -> None:
        key = f"{self._log.service}/{EMAIL}/{mail_id}/{attempt}"
        command = Command(
            key=key,
            fingerprint=sha256(key.encode()).digest(),
            actor=f"fuyan:{self._log.service}",
            correlation=UUID(cause),
            causation=UUID(cause),
        )
        await self._log.decide(command, stream, decision)


def _overdue(event: Requested) -> bool:
    return event.policy == OVERDUE


def _requesting(requested: Requested, mail_id: str) -> Callable[[Inbox], list[NoticeEvent]]:
    return lambda inbox: request_mail(inbox, requested, mail_id)
