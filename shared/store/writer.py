"""The one writer of a log: what arrived while the last batch was committing goes as one statement.

States and heads of streams live here, in the holder's memory, and end with its tenure.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.clock import Clock, civil_day
from shared.contracts.erased import BY_CONTEXT
from shared.contracts.refusals import Refused
from shared.contracts.registry import BY_TYPE, UnknownType, UnknownVersion, decode
from shared.crash import crash_point, crash_soon
from shared.events.envelope import Record
from shared.store.batch import Batch, Hot, Step, Wish
from shared.store.command import Command, Heard
from shared.store.recording import check_day, new_id, recorded
from shared.store.session import LeaseLost, Session
from shared.store.sql import LOOK, append
from shared.store.streams import Aggregate, Claim, Stream, Unavailable, Written

MAX_BATCH = 512
MAX_BATCH_BYTES = 4 * 1024 * 1024
MAX_WAITING = 10_000
MAX_HOT = 50_000

Done = dict[bytes, tuple[bytes | None, Written]]
"""Fingerprint and answer by the digest of the key; unknown is the print of what was taken back."""


class Writer:
    """Decides and appends, in the order of arrival, for as long as its session lives."""

    def __init__(
        self,
        session: Session,
        aggregates: Mapping[str, Aggregate[Any]],
        *,
        installation: str,
        clock: Clock,
        position: int,
        arrival: int,
        recorded_at: datetime,
        heads: dict[tuple[str, str], tuple[int, UUID]],
        on_committed: Callable[[int], None],
        emit: Collection[str] = (),
    ) -> None:
        self.position = position
        self.arrival = arrival
        """Of the last event of another service that was kept here."""
        self._session = session
        self._aggregates = aggregates
        self._installation = installation
        self._clock = clock
        self._recorded_at = recorded_at
        self._emit = emit
        self._on_committed = on_committed
        self.heads = heads
        """How far each followed stream has come here: its version and the id of its last event."""
        self.parked: Callable[[Heard, int], bool] = _never
        """Whether a followed event, of a stream known so far, is put aside: its follower says."""
        self._waiting: deque[Wish] = deque()
        self._wake = asyncio.Event()
        self._hot: OrderedDict[Stream, Hot] = OrderedDict()
        self._pending: list[Wish] = []
        self._unreadable: dict[Stream, Exception] = {}
        self._forgotten = False
        """Whether a state that may be asked for in this run was dropped since it looked."""

    def add(self, wish: Wish) -> None:
        """Put a wish in line; raises Unavailable where the line is too long to be of use."""
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("busy")
        self._waiting.append(wish)
        self._wake.set()

    def left(self) -> tuple[list[Wish], list[Wish]]:
        """After the end: wishes that may have been written, and those that were never tried."""
        return self._pending, list(self._waiting)

    async def run(self) -> None:
        """Batch after batch, until the lease is lost."""
        while True:
            await self._wake.wait()
            while self._waiting and len(self._pending) < MAX_BATCH:
                wish = self._waiting.popleft()
                if not wish.answer.done():  # else its caller went away before it was tried
                    self._pending.append(wish)
            if not self._waiting:
                self._wake.clear()
            done = await self._look(self._pending)
            crash_point("command/head-read")
            await self._write(self._pending, done)
            self._pending = []
            while len(self._hot) > MAX_HOT:
                self._hot.popitem(last=False)

    async def _look(self, wishes: Sequence[Wish]) -> Done:
        """One round trip: which keys are done already, and the streams not yet in memory.

        It also shows that the session is ours, so that a zombie answers nobody.
        """
        keys = [wish.command.digest for wish in wishes if wish.command is not None]
        asked = {stream for wish in wishes for stream in (*wish.reading, *self._own(wish.command))}
        cold = {stream for stream in asked if stream not in self._hot}
        own = [stream for stream in cold if not self._aggregates[stream.context].heard]
        heard = [stream for stream in cold if self._aggregates[stream.context].heard]
        async with self._session.turn() as connection:
            rows = await connection.fetch(
                LOOK,
                keys,
                [stream.context for stream in own],
                [stream.subject for stream in own],
                [stream.context for stream in heard],
                [stream.subject for stream in heard],
            )
        done: Done = {}
        events: dict[Stream, list[tuple[int, str, bytes]]] = {stream: [] for stream in cold}
        for kind, first, second, number, position, data in rows:
            if kind == "pid":
                if number != self._session.pid:
                    raise LeaseLost("a pooler stands between: two writers would share one session")
            elif kind == "key":
                done[bytes.fromhex(first)] = (data, Written(second, number, position))
            else:
                context, name = first.split("/", 1)
                events[Stream(context, second)].append((number, name, data))
        self._unreadable.clear()
        for stream, found in events.items():
            try:
                self._hot[stream] = self._fold(stream, found)
            except Exception as error:  # fails those who read it, and nobody else
                self._unreadable[stream] = error
        for wish in wishes:
            for stream in wish.reading:
                if stream in self._hot:
                    self._hot.move_to_end(stream)
        return done

    def _fold(self, stream: Stream, found: list[tuple[int, str, bytes]]) -> Hot:
        aggregate = self._aggregates[stream.context]
        state = aggregate.initial
        for _, name, data in sorted(found, key=lambda event: event[0]):
            state = aggregate.read(state, name, data)
        return Hot(max((version for version, _, _ in found), default=0), state)

    async def _write(self, wishes: Sequence[Wish], done: Done) -> None:
        """Commit these wishes; where the data of one is at fault, halve until it fails alone."""
        if self._forgotten:
            self._forgotten = False
            done.update(await self._look(wishes))
        batch, rest = self._decide(wishes, done)
        if not batch.empty:
            try:
                statement, values = append(batch, self.arrival)
                async with self._session.turn() as connection:
                    crash_soon("command/batch-sent")
                    await connection.fetch(statement, *values)
                crash_point("command/committed")
            except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
                culprit = _culprit(batch, error)
                if len(wishes) == 1:
                    self._resolve(wishes[0], culprit)
                    return
                middle = len(wishes) // 2
                await self._write(wishes[:middle], done)
                await self._write(wishes[middle:], done)
                return
            except asyncpg.PostgresError:
                # It answered, so it wrote nothing: a full disk, a limit. The tenure goes on.
                for wish in wishes:
                    self._resolve(wish, Unavailable("store-unavailable"))
                return
            self._promote(batch)
        done.update(batch.keys)
        for wish, answer in batch.answers:
            self._resolve(wish, answer)
        if rest:
            await self._write(rest, done)

    def _promote(self, batch: Batch) -> None:
        for stream, hot in batch.hot.items():
            self._hot[stream] = hot
            self._hot.move_to_end(stream)
        for stream in batch.cold:
            self._hot.pop(stream, None)
            self._forgotten = True
        for step in batch.steps:
            if step.head is not None:
                context, subject, version, id_ = step.head
                self.heads[context, subject] = (version, id_)
        self.arrival += len(batch.kept)
        if batch.records:
            self.position = batch.records[-1].position
            self._recorded_at = batch.records[-1].recorded_at
            self._on_committed(self.position)

    def _decide(
        self, wishes: Sequence[Wish], done: Mapping[bytes, tuple[bytes | None, Written]]
    ) -> tuple[Batch, Sequence[Wish]]:
        """Fold wish after wish over what the earlier ones of the batch will have written.

        Returns the wishes that no longer fit, too: a statement stays under 4 MiB.
        """
        batch, size = Batch(), 0
        now = max(self._clock(), self._recorded_at)
        today = civil_day(now)
        for index, wish in enumerate(wishes):
            if size > MAX_BATCH_BYTES:
                return batch, wishes[index:]
            try:
                records, answer = self._one(wish, batch, done, now, today)
            except Exception as error:  # a decision that breaks fails alone, and is told
                batch.answers.append((wish, error))
                continue
            size += sum(len(record.data) for record in records)
            batch.answers.append((wish, answer))
            if batch.cold:  # whoever comes next must not see what is gone
                return batch, wishes[index + 1 :]
        return batch, ()

    def _one(
        self,
        wish: Wish,
        batch: Batch,
        done: Mapping[bytes, tuple[bytes | None, Written]],
        now: datetime,
        today: date,
    ) -> tuple[list[Record], Written]:
        command = wish.command
        if command is not None:
            earlier = done.get(command.digest) or batch.keys.get(command.digest)
            if earlier is not None:
                if earlier[0] not in (command.fingerprint, None):
                    raise Refused("idempotency-key-reused")
                if wish.step is not None:  # the effect is there, its head may not be
                    self._follow(wish.step, self._kept(wish.step, batch), batch)
                return [], earlier[1]
            for heard in command.after:
                known = self._version(heard, batch)
                if self.parked(heard, known):
                    raise Refused("parked", at_least=str(heard))
                if known < heard.version:
                    raise Unavailable("not-yet-known", heard=str(heard))
        found = [self._now(stream, batch) for stream in wish.reading]
        if command is not None and command.expected not in (None, found[0].version):
            raise Refused("version-mismatch", expected=command.expected, version=found[0].version)
        changes = wish.decision(*(hot.state for hot in found))
        position = self.position + len(batch.records)
        records: list[Record] = []
        after: dict[Stream, Hot] = {}
        for stream, events in changes.events.items():
            hot = self._now(stream, batch)
            for event in events:
                if command is None:
                    raise LookupError("only a command may write")
                position += 1
                check_day(event, command, wish.arrived_at, today)
                records.append(
                    recorded(
                        self._installation,
                        stream,
                        hot.version + 1,
                        position,
                        (None if records else changes.first_id) or new_id(),
                        event,
                        command,
                        now,
                        today,
                        self._emit,
                    )
                )
                state = self._aggregates[stream.context].after(hot.state, event)
                hot = Hot(hot.version + 1, state)
            after[stream] = hot
        for claim in changes.claims:
            self._claim(claim, command, batch)
        first = wish.reading[0] if wish.reading else None
        version = 0 if first is None else after.get(first, found[0]).version
        written = Written(
            first.subject if first else "", version, records[-1].position if records else 0
        )
        kept = None if wish.step is None else self._kept(wish.step, batch)
        # Nothing below can fail: a wish enters the batch whole or not at all.
        batch.records += records
        batch.hot.update(after)
        batch.cold.update(_erasing(records))
        if command is not None:
            begin = records[0].position if records else None
            batch.commands.append(
                (
                    command.digest,
                    command.fingerprint,
                    written.stream,
                    version,
                    begin,
                    written.position,
                )
            )
            batch.keys[command.digest] = (command.fingerprint, written)
        if wish.step is not None:
            self._follow(wish.step, kept, batch)
        return records, written

    def _own(self, command: Command | None) -> Iterator[Stream]:
        """The streams of this very store that a command builds on."""
        for one in command.after if command is not None else ():
            aggregate = self._aggregates.get(one.context)
            if aggregate is not None and not aggregate.heard:
                yield Stream(one.context, one.subject)

    def _version(self, heard: Heard, batch: Batch) -> int:
        """How far a stream is known here: as written, or where it is another's as heard."""
        aggregate = self._aggregates.get(heard.context)
        if aggregate is not None and not aggregate.heard:
            return self._now(Stream(heard.context, heard.subject), batch).version
        version, _ = self.heads.get((heard.context, heard.subject), (0, None))
        return version

    def _now(self, stream: Stream, batch: Batch) -> Hot:
        if (error := self._unreadable.get(stream)) is not None:
            if isinstance(error, UnknownVersion):  # upgraded, this service reads it: wait for that
                raise Unavailable("image-too-old", type=str(error)) from error
            raise error
        return batch.hot.get(stream) or self._hot[stream]

    def _claim(self, claim: Claim, command: Command | None, batch: Batch) -> None:
        key = (claim.kind, claim.value)
        if key in batch.refusals or command is None:
            raise Refused(claim.refusal, value=claim.value)
        batch.refusals[key] = claim.refusal
        batch.claims.append((claim.kind, claim.value, command.digest))

    def _kept(self, step: Step, batch: Batch) -> Hot | None:
        """The followed stream with this event, if its state is in memory and wants it."""
        if step.kept is None:
            return None
        stream = Stream(step.kept.context, step.kept.subject)
        aggregate = self._aggregates.get(stream.context)
        hot = batch.hot.get(stream) or self._hot.get(stream)
        # A stream not in memory is folded from what was kept, once someone asks for it.
        if aggregate is None or not aggregate.heard or hot is None:
            return None
        with suppress(UnknownType):
            event = decode(step.kept.type, step.kept.data)
            return Hot(step.kept.version, aggregate.after(hot.state, event))
        return None

    @staticmethod
    def _follow(step: Step, kept: Hot | None, batch: Batch) -> None:
        batch.steps.append(step)
        batch.cold.update(_erasing([step.kept] if step.kept is not None else ()))
        if step.kept is not None and kept is not None:
            batch.hot[Stream(step.kept.context, step.kept.subject)] = kept

    @staticmethod
    def _resolve(wish: Wish, answer: Written | Exception) -> None:
        if wish.answer.done():  # its caller went away
            return
        if isinstance(answer, Exception):
            wish.answer.set_exception(answer)
        else:
            wish.answer.set_result(answer)


def _never(_: Heard, __: int) -> bool:
    return False


def _erasing(records: Sequence[Record]) -> Iterator[Stream]:
    """The streams of which these records erase an event."""
    for one in records:
        if BY_TYPE.get(one.type) is BY_CONTEXT[one.context]:
            yield Stream(one.context, one.subject)


def _culprit(batch: Batch, error: asyncpg.PostgresError) -> Exception:
    """What the last one left of a halved batch is told; raises LeaseLost where none is at fault."""
    constraint = getattr(error, "constraint_name", None)
    if constraint in ("log_pkey", "log_stream_version", "command_pkey", "heard_arrival"):
        raise LeaseLost(f"another writer was first: {error}") from error
    if constraint == "claim_pkey":
        detail = getattr(error, "detail", None) or ""
        for (kind, value), code in batch.refusals.items():
            if f"({kind}, {value})" in detail:
                return Refused(code, value=value)
    return Refused("value-not-storable", reason=str(error))
