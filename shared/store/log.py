"""A service's log: decide, append, read. One process writes it at a time; the others stand by."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import structlog

from shared.clock import Clock
from shared.contracts.refusals import Refused
from shared.contracts.registry import CONTEXTS, Event
from shared.crash import crash_point
from shared.store.batch import Step, Wish, failed
from shared.store.command import Command, Heard
from shared.store.reading import Reader
from shared.store.session import Lease, LeaseLost, Session
from shared.store.settle import settle
from shared.store.streams import NOTHING, Aggregate, Changes, Decision, Stream, Unavailable, Written
from shared.store.writer import Writer
from shared.telemetry.readiness import Readiness

# How soon it is looked again whether a followed event has come, growing so far.
REACHED_S = (0.02, 0.25)

logger = structlog.get_logger(__name__)


class Tenure:
    """One stretch of being the writer; heads, states and all duties end with it."""

    def __init__(self, session: Session, writer: Writer) -> None:
        self.session = session
        self.writer = writer


class Duty(Protocol):
    """What only the writer's process does, for as long as it holds the lease."""

    async def before(self, tenure: Tenure) -> None:
        """Look before anything is served; raises StoreRefuses."""

    async def run(self, tenure: Tenure) -> None:
        """Until cancelled; whatever is raised ends the tenure."""


class Log(Reader):
    """Appends to streams and answers for them; nothing acknowledged is lost, nothing twice."""

    def __init__(
        self,
        database: str,
        aggregates: Sequence[Aggregate[Any]],
        *,
        service: str,
        installation: str,
        clock: Clock,
        retain: Collection[str] = (),
        emit: Collection[str] = (),
    ) -> None:
        super().__init__(database, service)
        self.clock = clock
        self.installation = installation
        self._emit = frozenset(emit)
        self.aggregates: Mapping[str, Aggregate[Any]] = {a.context: a for a in aggregates}
        self.kept = frozenset(retain) | {a.context for a in aggregates if a.heard}
        """Contexts of other services whose events are kept in `heard`."""
        self.committed = 0
        self.degraded: dict[str, str] = {}
        """What a duty misses, by duty: `{"relay": "kafka does not answer"}`."""
        self._tenure: Tenure | None = None
        self._lease = Lease(database, f"fuyan-{service}-writer")
        self._grown: set[asyncio.Event] = set()
        self._settling: set[asyncio.Task[None]] = set()

    async def decide(
        self,
        command: Command,
        on: Stream,
        decision: Callable[..., Sequence[Event]],
        *,
        reading: Sequence[Stream] = (),
    ) -> Written:
        """Append what `decision(state of on, *states of reading)` answers, durably, in order.

        Raises Refused where the decision, the key, the expected version or a day forbids it, and
        Unavailable where it is not known to be written: then repeat it with the same key.
        """
        return await self.decide_many(
            command, (on, *reading), lambda *states: Changes({on: decision(*states)})
        )

    async def decide_many(
        self, command: Command, reading: Sequence[Stream], decision: Decision
    ) -> Written:
        """Append to several streams at once; the answer and If-Match are about the first."""
        return await self._wish(tuple(reading), decision, command, None)

    async def follow(
        self,
        tenure: Tenure,
        step: Step,
        reading: Sequence[Stream],
        decision: Decision,
        command: Command | None,
    ) -> Written:
        """Move the head of a followed stream, together with whatever the event leads to here.

        Raises LeaseLost outside of `tenure`: its follower knew other heads than the next one's.
        """
        if self._tenure is not tenure:
            raise LeaseLost("the tenure of this follower is over")
        return await self._wish(tuple(reading), decision, command, step)

    async def state(self, stream: Stream) -> tuple[int, Any]:
        """Version (0: never written) and state, after all that was acknowledged before."""
        found: list[Any] = []

        def look(state: Any) -> Changes:
            found.append(state)
            return NOTHING

        written = await self._wish((stream,), look, None, None)
        return written.version, found[-1]

    async def reached(self, heard: Heard, wait_s: float) -> Literal["reached", "not-yet", "parked"]:
        """Whether an event is in what is answered here, waiting for it at most so long.

        By what is committed, of an own stream or of one that is followed; raises Unavailable.
        """
        until, pause = asyncio.get_running_loop().time() + wait_s, REACHED_S[0]
        while True:
            ((version, parked, blocked),) = await self.rows(
                "SELECT greatest(0,"
                " (SELECT max(version) FROM log WHERE context = $1 AND subject = $2),"
                " (SELECT version FROM head WHERE context = $1 AND subject = $2)),"
                # The head moved when it was parked: what came of it is not here all the same.
                " EXISTS (SELECT FROM parked WHERE context = $1 AND key = $3 AND subject = $2"
                " AND version <= $4) OR EXISTS (SELECT FROM discarded WHERE context = $1"
                " AND subject = $2 AND version = $4),"
                " EXISTS (SELECT FROM parked WHERE context = $1 AND key = $3)",
                heard.context, heard.subject, CONTEXTS[heard.context].key(heard.subject),
                heard.version,
            )  # fmt: skip
            if parked or (blocked and version < heard.version):
                return "parked"
            if version >= heard.version:
                return "reached"
            if (left := until - asyncio.get_running_loop().time()) <= 0:
                return "not-yet"
            await asyncio.sleep(min(pause, left))
            pause = min(2 * pause, REACHED_S[1])

    async def _wish(
        self,
        reading: tuple[Stream, ...],
        decision: Decision,
        command: Command | None,
        step: Step | None,
    ) -> Written:
        if self._tenure is None:
            raise Unavailable(self._lease.why_not[0])
        for stream in reading:
            if "\0" in stream.subject:
                raise Refused("value-not-storable", reason="a NUL in a subject")
        if command is not None:
            crash_point("command/validated")
        answer: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._tenure.writer.add(Wish(reading, decision, command, step, self.clock(), answer))
        return await answer

    async def grown(self, beyond: int, timeout_s: float) -> None:
        """Return once something was committed behind a position, or the time is up."""
        event = asyncio.Event()
        self._grown.add(event)
        try:
            if self.committed <= beyond:
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await event.wait()
        finally:
            self._grown.discard(event)

    def _on_committed(self, position: int) -> None:
        self.committed = position
        for event in self._grown:
            event.set()

    def readiness(self) -> Readiness:
        """Whether this process may be asked; Kafka away is degraded, commands are durable."""
        degraded = [f"{duty}: {why}" for duty, why in sorted(self.degraded.items())]
        if self._tenure is None:
            return Readiness(False, [": ".join(self._lease.why_not)], degraded)
        return Readiness(True, [], degraded)

    @asynccontextmanager
    async def tenures(self, duties: Sequence[Duty]) -> AsyncIterator[None]:
        """Be the writer whenever nobody else is, and do the duties then."""
        task = asyncio.create_task(self._lease.hold(lambda session: self._reign(session, duties)))
        try:
            yield
        finally:
            self._lease.ended = True
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            for settling in tuple(self._settling):
                settling.cancel()
            self.close()

    async def _reign(self, session: Session, duties: Sequence[Duty]) -> None:
        writer = await self._writer(session)
        tenure = Tenure(session, writer)
        for duty in duties:
            await duty.before(tenure)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(tenure))
                group.create_task(session.beat())
                for duty in duties:
                    group.create_task(duty.run(tenure))
        finally:
            self.degraded.clear()

    async def _write(self, tenure: Tenure) -> None:
        """Be the writer; who waits is answered at once when it ends, whatever duties still do."""
        self._tenure = tenure
        await logger.ainfo("writing", service=self.service, position=tenure.writer.position)
        try:
            await tenure.writer.run()
        finally:
            crash_point("lease/lost")
            self._tenure = None
            tenure.session.end()
            self._leave(tenure.writer, tenure.session)

    async def _writer(self, session: Session) -> Writer:
        async with session.turn() as connection:
            last = await connection.fetchrow(
                "SELECT position, recorded_at FROM log ORDER BY position DESC LIMIT 1"
            )
            # What could not be taken back had positions, too: none is ever given twice.
            voided = await connection.fetchval("SELECT max(position) FROM void")
            arrival = await connection.fetchval("SELECT max(arrival) FROM heard")
            heads = await connection.fetch("SELECT context, subject, version, id FROM head")
        self._on_committed(last[0] if last else 0)
        return Writer(
            session,
            self.aggregates,
            installation=self.installation,
            clock=self.clock,
            position=max(last[0] if last else 0, voided or 0),
            arrival=arrival or 0,
            recorded_at=last[1] if last else datetime.min.replace(tzinfo=UTC),
            heads={(row[0], row[1]): (row[2], row[3]) for row in heads},
            on_committed=self._on_committed,
            emit=self._emit,
        )

    def _leave(self, writer: Writer, session: Session) -> None:
        """Answer what was waiting: untried wishes now, the last batch once its fate is known."""
        unknown, untried = writer.left()
        failed(untried, Unavailable("store-unavailable"))
        if unknown:
            name = f"fuyan-{self.service}-settle"
            task = asyncio.create_task(settle(self._database, name, unknown, session))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
