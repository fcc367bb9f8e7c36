"""One run of a plan: processes start, fall and come back, clients ask, and faults strike.

When the plan is through, all faults end, and the run goes on until nothing is left to be done.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from services.projection.journal import Journal
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.contracts.registry import Event
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reaction, Reactions, Received
from shared.messaging.relay import Relay
from shared.store.log import Duty, Log
from shared.store.streams import Aggregate, Changes, Stream
from tests.simulation.clients import Clients
from tests.simulation.cluster import Cluster
from tests.simulation.connections import Postgres
from tests.simulation.evidence import Evidence, collect
from tests.simulation.happening import recused
from tests.simulation.installed import installed
from tests.simulation.loop import Loop, Process, Stuck, unwinding
from tests.simulation.plan import FAULTS_UNTIL_S, SERVICES, Plan
from tests.simulation.postgres import Server
from tests.simulation.striking import Striking
from tests.simulation.tables import State
from tests.simulation.trace import Trace

BEGAN = datetime(2026, 9, 1, 4, tzinfo=UTC)
"""Noon in Shanghai: a clock that errs by an hour errs by no day."""
QUIET_S = 2.5
LIVE_S = 15.0
CONTEXT_OF = {"submission": "dossier", "review": "case"}


class Instance:
    """One process of a service, as it is started once."""

    def __init__(self, world: "World", service: str, name: str) -> None:
        self.service = service
        self.name = name
        self.world = world
        self.process = Process(f"{service}:{name}")
        self.pending: list[asyncio.Future[Any]] = []
        self.log: Log | None = None
        self.journal: Journal | None = None
        self.stopping = False
        self._main: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.world.trace(self.process.name, "starts")
        self._main = self.spawn(self._run())

    def spawn(self, coro: Any) -> asyncio.Task[Any]:
        """Run within this process."""
        return self.world.loop.create_task(coro, context=self.process.context.copy())

    def clock(self) -> datetime:
        skew_s = self.world.skew_s.get(self.process.name, 0.0)
        return BEGAN + timedelta(seconds=self.world.loop.now + skew_s)

    async def _run(self) -> None:
        kafka = Kafka("kafka")
        async with AsyncExitStack() as stack:
            if self.service == "projection":
                self.journal = Journal("projection", kafka, self.clock)
                await stack.enter_async_context(self.journal.running())
            else:
                self.log = log = self._new_log()
                handlers = {DeficiencyWithdrawn: partial(_open_case, self.world)}
                duties: list[Duty] = [
                    Relay(log, kafka, [CONTEXT_OF[self.service]]),
                    Reactions(log, kafka, handlers if self.service == "review" else {}),
                ]
                await stack.enter_async_context(log.tenures(duties))
            await self.world.loop.create_future()

    def _new_log(self) -> Log:
        own, other = ("dossier", "case") if self.service == "submission" else ("case", "dossier")
        return Log(
            self.service,
            [Aggregate(own, (), _remember), Aggregate(other, (), _remember, heard=True)],
            service=self.service,
            installation="simulated",
            clock=self.clock,
        )

    async def ask(self, work: Callable[["Instance"], Awaitable[Any]], patience_s: float) -> Any:
        """As a request over HTTP: raises ConnectionError or TimeoutError where no answer comes."""
        loop = self.world.loop
        answer = loop.create_future()
        self.pending.append(answer)
        loop.outside(loop.random.uniform(0.0002, 0.003), self._serve, work, answer)
        try:
            return await asyncio.wait_for(answer, patience_s)
        finally:
            self.pending.remove(answer)

    def _serve(self, work: Callable[["Instance"], Awaitable[Any]], answer: Any) -> None:
        loop = self.world.loop

        async def serve() -> None:
            try:
                result: Any = await work(self)
            except Exception as error:
                result = error
            loop.outside(loop.random.uniform(0.0002, 0.003), _tell, answer, result)

        if not self.process.dead and not self.stopping:
            self.spawn(serve())
        elif not answer.done():
            answer.set_exception(ConnectionResetError("nobody listens"))

    def kill(self, silent: bool) -> None:
        """As kill -9 does; `silent`: as a power cut does, which tells nobody."""
        self.world.trace(self.process.name, "killed")
        self.process.dead = True
        self.process.held.clear()
        for server in self.world.servers.values():
            server.abandon(self.process, silent)
        self._hang_up()

    async def stop(self) -> None:
        """As SIGTERM does; what hangs is killed in the end."""
        self.stopping = True
        self.world.trace(self.process.name, "is told to stop")
        if self._main is not None:
            self._main.cancel()
            await asyncio.wait((self._main,), timeout=10)
        if not self.process.dead:
            self.kill(silent=False)

    def _hang_up(self) -> None:
        for answer in self.pending:
            self.world.loop.outside(0.01, _tell, answer, ConnectionResetError("hung up"))


def _tell(answer: asyncio.Future[Any], result: Any) -> None:
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)


def _remember(told: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    return (*told, event)


def _open_case(world: "World", received: Received) -> Reaction | None:
    """What review does about an application: opens a case, once; poison it cannot bear yet."""
    event = received.event
    assert isinstance(event, DeficiencyWithdrawn)
    if event.item == "note":
        return None
    record = received.record
    case = Stream("case", f"{record.subject}/1")

    def decide(_: object) -> Changes:
        if event.item == "poison" and not world.cured and event.reason not in world.borne:
            if world.gets_used_to:
                world.borne.add(event.reason)
            raise ValueError("poison")
        return Changes({case: [recused(record.subject, event.reason, event.effective_on)]})

    return Reaction((case,), decide)


class World:
    """Everything of one run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.loop = Loop(plan.seed)
        self.trace = Trace(self.loop)
        self.servers = {name: Server(name, self.loop, self.trace) for name in SERVICES}
        self.cluster = Cluster(self.loop, self.trace, 2)
        self.instances: dict[str, Instance] = {}
        self.struck: Counter[str] = Counter()
        self.skew_s: dict[str, float] = {}
        self.live_s = 0.0
        self.cured = False
        """Whether review bears by now what it could not bear before."""
        self.gets_used_to = False
        self.borne: set[str] = set()
        """Poison that review has met, and bears from then on where it gets used to it."""
        self.poisoned: set[str] = set()
        """Keys into which a record was put that is none of ours."""
        self.clients = Clients(self)
        self.folded: dict[tuple[str, str], tuple[int, int]] = {}
        """The read model as it must be now: the journal, folded as far as the cursor says."""
        self.servers["projection"].on_commit.append(self._on_commit)
        self.cluster.struck = lambda what: self.struck.update((what,))

    def start(self, name: str) -> Instance:
        service, letter = name.split(":")
        instance = self.instances[name] = Instance(self, service, letter)
        instance.start()
        return instance

    def _on_commit(self, before: State, after: State) -> None:
        """I7: at every commit the read model is the fold of the journal up to its cursor."""
        if before["folded"] is after["folded"] and before["model"] is after["model"]:
            return
        for position in range(before["folded"][1] + 1, after["folded"][1] + 1):
            record, own = after["journal"][position]
            count, total = self.folded.get((record.context, record.subject), (0, 0))
            self.folded[record.context, record.subject] = (count + 1, total + own)
        if after["folded"][1] < before["folded"][1]:
            self.clients.wrong.append(f"I8: the cursor went back to {after['folded'][1]}")
        if after["model"] != self.folded:
            self.clients.wrong.append(f"I7: at {after['folded'][1]} the model was {after['model']}")

    def running(self, service: str) -> list[Instance]:
        return [
            one
            for one in self.instances.values()
            if one.service == service and not one.process.dead and not one.stopping
        ]

    async def run(self) -> Evidence:
        """Until everything is quiet, or it is clear that it never will be."""
        striking = Striking(self)
        for name in self.plan.running:
            self.start(name)
            await asyncio.sleep(self.loop.random.uniform(0.0, 0.2))
        blows = asyncio.create_task(striking.run(self.plan.faults))
        asking = asyncio.create_task(self.clients.run(self.plan.acts))
        await blows
        await asyncio.sleep(max(0.0, FAULTS_UNTIL_S - self.loop.now) if self.plan.faults else 0.0)
        await striking.over()
        over_at = self.loop.now
        quiet = await self._until(lambda: asking.done() and self._level(), LIVE_S)
        for server in self.servers.values():  # what could not be done before can be done now
            server.redrive()
        quiet = quiet and await self._until(self._level, LIVE_S)
        self.live_s = self.loop.now - over_at
        if quiet:
            await asyncio.sleep(QUIET_S)
            await self._until(self._level, LIVE_S)
        evidence = collect(self, quiet and asking.done())
        asking.cancel()
        return evidence

    async def _until(self, condition: Callable[[], bool], at_most_s: float) -> bool:
        until = self.loop.now + at_most_s
        while not condition():
            if self.loop.now > until:
                return False
            await asyncio.sleep(0.1)
        return True

    def _level(self) -> bool:
        """Whether everybody knows everything."""
        return not self.lagging()

    def lagging(self) -> list[str]:
        """Who lacks what still."""
        found = []
        projection = self.servers["projection"].state
        if projection["folded"][1] != max(projection["journal"], default=0):
            found.append("the read model is behind its journal")
        for service, server in self.servers.items():
            if not all(act["done"] for act in server.state["dead_letter_act"].values()):
                found.append(f"{service} has not done what was asked about dead letters")
        for service, context in CONTEXT_OF.items():
            state = self.servers[service].state
            published = state["published"].get(True, (0,))[0]
            if published != max(state["log"], default=0):
                found.append(f"the cursor of {service} stands at {published}")
            topic = f"fuyan.{context}.v1"
            if topic not in self.cluster.topics:
                found.append(f"{topic} is missing")
            ends: dict[str, int] = {}
            for record in state["log"].values():
                ends[record.subject] = max(record.version, ends.get(record.subject, 0))
            for consumer in ("projection", "review" if service == "submission" else "submission"):
                heads = self.servers[consumer].state["head"]
                for subject, version in ends.items():
                    seen = heads.get((context, subject), (0, 0, 0))[2]
                    if seen != version:
                        found.append(f"{consumer} has {context}/{subject}@{seen}, not @{version}")
            if not found and (missing := len(state["log"]) - len(self._on_topic(topic, state))):
                found.append(f"{topic} lacks {missing} events")
        return found

    def _on_topic(self, topic: str, state: State) -> set[bytes]:
        """Ids of events of this log that lie on its topic."""
        ids = {str(record.id).encode() for record in state["log"].values()}
        return ids & {
            value
            for partition in self.cluster.topics[topic]
            for record in partition.records
            for name, value in record.headers
            if name == "ce_id"
        }


def run(plan: Plan, prepare: Callable[[World], None] | None = None) -> tuple[World, Evidence]:
    """Run a plan to its end; the world is over when this returns."""
    world = World(plan)
    if prepare is not None:
        prepare(world)
    with unwinding(), installed(
        world.loop, world.trace, Postgres(world.servers), world.cluster,
        plan.seed, plan.page, plan.fresh,
    ):  # fmt: skip
        try:
            evidence = world.loop.run_until_complete(world.run())
        except Stuck as error:
            evidence = collect(world, quiet=False)
            evidence.broken.append(f"L1: {error}")
        finally:
            world.loop.end()
    return world, evidence
