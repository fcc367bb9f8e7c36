"""How the faults of a plan strike, and how they end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from tests.simulation.plan import Fault

if TYPE_CHECKING:
    from tests.simulation.world import Instance, World


class Striking:
    """Deals out blows at their time, and counts those that hit."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._tasks: list[asyncio.Task[None]] = []
        self._over = asyncio.Event()

    async def run(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            await asyncio.sleep(max(0.0, fault.at_s - self._world.loop.now))
            self._world.trace("fault", str(fault))
            self._tasks.append(asyncio.create_task(self._strike(fault)))

    async def over(self) -> None:
        """All faults end, and every process runs."""
        self._over.set()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.result()
        self._world.cluster.lost_answers = self._world.cluster.lost_requests = 0
        self._world.cluster.twice = 0
        for instance in self._world.instances.values():
            instance.process.strike = None
            for server in self._world.servers.values():
                server.uncut(instance.process)
        self._world.trace("fault", "all are over")
        self._world.cured = True

    def _hit(self, what: str) -> None:
        self._world.struck[what] += 1

    def _target(self, who: str) -> "Instance | None":
        service, _, which = who.partition(":")
        if which == "holder":
            holder = self._world.servers[service].holder()
            for one in self._world.running(service):
                if one.process is holder:
                    return one
            which = "a"
        found = self._world.instances.get(f"{service}:{which}")
        return None if found is None or found.process.dead or found.stopping else found

    async def _for(self, seconds: float, end: Callable[[], None]) -> None:
        """Let something last so long, or until all faults end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
        end()

    async def _strike(self, fault: Fault) -> None:
        world, cluster = self._world, self._world.cluster
        match fault.kind:
            case "broker away":
                cluster.up = False
                self._hit(fault.kind)
                await self._for(fault.for_s, lambda: setattr(cluster, "up", True))
            case "broker slow":
                cluster.slow_s = 0.3
                self._hit(fault.kind)
                await self._for(fault.for_s, lambda: setattr(cluster, "slow_s", 0.0))
            case "answers lost":
                cluster.lost_answers += fault.count
            case "requests lost":
                cluster.lost_requests += fault.count
            case "batches twice":
                cluster.twice += fault.count
            case "wiped" | "replaced":
                if any(one.end for parts in cluster.topics.values() for one in parts):
                    self._hit(fault.kind)
                cluster.wipe(fault.kind == "replaced")
            case "topic anew":
                if any(one.end for one in cluster.topics.get(fault.word, ())):
                    self._hit(fault.kind)
                cluster.recreate(fault.word)
            case "foreign record":
                self._foreign(fault.word)
            case "redrive":
                world.cured = not world.gets_used_to
                if world.servers[fault.who].redrive():
                    self._hit(fault.kind)
            case "store crashes":
                self._hit(fault.kind)
                world.servers[fault.who].crash()
                await self._for(fault.for_s, world.servers[fault.who].start)
            case "store slow":
                server = world.servers[fault.who]
                server.slow_s = 0.3
                self._hit(fault.kind)
                await self._for(fault.for_s, lambda: setattr(server, "slow_s", 0.0))
            case _:
                if (target := self._target(fault.who)) is not None:
                    await self._at_process(fault, target)

    async def _at_process(self, fault: Fault, target: "Instance") -> None:
        world, process = self._world, target.process
        server = world.servers[target.service]
        match fault.kind:
            case "kill" | "kill silently":
                await self._kill(fault, target)
            case "restart":
                self._hit(fault.kind)
                await target.stop()
                await self._for(fault.for_s, lambda: None)
                world.start(process.name)
            case "pause":
                self._hit("pause of a holder" if server.holder() is process else fault.kind)
                process.paused = True
                await self._for(fault.for_s, lambda: world.loop.resume(process))
            case "cut before" | "cut after":
                server.cut(
                    process, fault.word, fault.kind == "cut after", lambda: self._hit(fault.kind)
                )
            case "terminate":
                if server.backends_of(process):
                    self._hit(fault.kind)
                server.terminate(process)
            case "store deaf":
                self._hit(fault.kind)
                server.deafen(process)
                await self._for(fault.for_s, lambda: server.hear(process))
            case "kafka deaf":
                self._hit(fault.kind)
                world.cluster.deafen(process)
                await self._for(fault.for_s, lambda: world.cluster.hear(process))
            case "clock":
                self._hit(fault.kind)
                world.skew_s[process.name] = fault.for_s

    async def _kill(self, fault: Fault, target: "Instance") -> None:
        """At one of the next steps of that process, wherever that is."""
        died = self._world.loop.create_future()

        def die() -> None:
            target.kill(fault.kind == "kill silently")
            self._hit(fault.kind)
            died.set_result(None)

        target.process.strike = (target.process.steps + 1 + fault.count, die)
        await asyncio.wait((died,), timeout=3)
        if not died.done():
            target.process.strike = None
            if target.process.dead or target.stopping:
                return
            die()
        await self._for(fault.for_s, lambda: None)
        self._world.start(target.process.name)

    def _foreign(self, key: str) -> None:
        at = TopicPartition("fuyan.dossier.v1", 0)
        if (
            self._world.cluster.append(at, [(key.encode(), b"{}", [("ce_id", b"nonsense")])])
            is None
        ):
            return
        self._hit("foreign record")
        self._world.poisoned.add(key)
