"""Two years on an own Apache Kafka, while everything is killed once: nothing is lost or doubled.

Each fault hits at a given place of the play, not at a given time, and while commands are sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import httpx
import pytest

from deploy.cli.services import Service
from deploy.local.kafka import ApacheKafka
from deploy.local.player import play
from deploy.local.processes import Process, free_port, wait_until
from deploy.local.scenario import load
from deploy.local.stage import Stage, stage
from deploy.local.verify import WRITERS, rows
from tests.scenarios.foreign import everything, first_appearances
from tests.scenarios.programme import judged

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(480)]

Fault = Callable[[], None]
KILLED = 128 + 9


@dataclass
class Nemesis:
    """Does each fault once the play has come so far (a share of its lines), one after the other."""

    faults: list[tuple[float, str, Fault]]
    hit: dict[str, float] = field(default_factory=dict)
    _under_way: list[asyncio.Task[None]] = field(default_factory=list)

    def told(self, day: date, done: int, total: int, what: str) -> None:
        """The player's progress."""
        while self.faults and done / total >= self.faults[0][0]:
            _, name, fault = self.faults.pop(0)
            self.hit[name] = done / total
            self._under_way.append(
                asyncio.create_task(self._after(tuple(self._under_way), fault), name=name)
            )

    async def not_ahead(self) -> None:
        """Return once one fault at most is under way: a fast play must not run past the others."""
        await asyncio.gather(*self._under_way[:-1])

    async def over(self) -> None:
        """All are done; raises what one of them raised."""
        await asyncio.gather(*self._under_way)

    @staticmethod
    async def _after(before: Sequence[asyncio.Task[None]], fault: Fault) -> None:
        await asyncio.gather(*before)
        # In a thread: the issuer of tokens, which a new process asks, runs in this loop.
        await asyncio.to_thread(fault)


class Balancer(httpx.AsyncBaseTransport):
    """Sends each request to the process of its service that can serve, as a load balancer does."""

    def __init__(self, nemesis: Nemesis) -> None:
        self.ports: dict[int, list[int]] = {}
        self._nemesis = nemesis
        self._web = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._nemesis.not_ahead()
        ports = self.ports.get(request.url.port or 0, [request.url.port or 0])
        request.url = request.url.copy_with(port=ports[0])
        try:
            answer = await self._web.handle_async_request(request)
        except httpx.TransportError:
            ports.append(ports.pop(0))
            raise
        if answer.status_code == 503:
            ports.append(ports.pop(0))
        return answer

    async def aclose(self) -> None:
        await self._web.aclose()


@dataclass
class Damage:
    """What is done to the parts, and the traces that it was done."""

    parts: Stage
    cluster: ApacheKafka
    ports: dict[int, list[int]]
    killed: dict[str, list[int | None]] = field(default_factory=dict)
    clusters: list[str] = field(default_factory=list)
    second: int = 0

    def kill(self, service: Service) -> None:
        """SIGKILL, and a new process on the same port."""
        port = self._port(service)
        self._killed(service, self.parts.processes[f"{service}-{port}"])
        self.parts.serve(service, port)

    def wipe(self) -> None:
        """Another cluster at the same address, with no topic in it."""
        self.clusters.append(self.cluster.cluster_id)
        self.cluster.wipe()
        self.clusters.append(self.cluster.cluster_id)

    def hand_over(self) -> None:
        """Kill a process of the submission service beside which a second one stands by."""
        port, self.second = self._port(Service.submission), free_port()
        first = self.parts.processes[f"submission-{port}"]
        self.parts.serve(Service.submission, self.second)
        self._until(self.second, (503, ["standby"]))
        assert readiness(port) == (200, [])
        self.ports[port] = [port, self.second]
        self._killed(Service.submission, first)
        self._until(self.second, (200, []))
        self.parts.serve(Service.submission, port)

    def _killed(self, service: Service, process: Process) -> None:
        process.kill()
        self.killed.setdefault(service, []).append(process.returncode)

    def _port(self, service: Service) -> int:
        return int(self.parts.urls[service].rsplit(":", 1)[1])

    @staticmethod
    def _until(port: int, wanted: tuple[int, list[str]]) -> None:
        assert wait_until(lambda: readiness(port) == wanted), f"{readiness(port)}, not {wanted}"


def readiness(port: int) -> tuple[int, list[str]]:
    """Status of `/readyz` and the names of its reasons; 0 where nobody answers."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5)
    except httpx.TransportError:
        return 0, []
    return answer.status_code, [why.partition(":")[0] for why in answer.json()["reasons"]]


async def test_two_years_survive_every_kill_a_wiped_kafka_and_a_hand_over(
    own_kafka: ApacheKafka,
) -> None:
    scenario, nemesis = load(), Nemesis([])
    balancer = Balancer(nemesis)
    async with stage(own_kafka.bootstrap, 0) as parts:
        damage = Damage(parts, own_kafka, balancer.ports)
        nemesis.faults += [
            (0.10, "submission", partial(damage.kill, Service.submission)),
            (0.25, "review", partial(damage.kill, Service.review)),
            (0.40, "notification", partial(damage.kill, Service.notification)),
            (0.50, "projection", partial(damage.kill, Service.projection)),
            (0.60, "wipe", damage.wipe),
            (0.80, "hand-over", damage.hand_over),
        ]
        played = await play(
            parts.urls,
            parts.issuer,
            parts.clock,
            scenario,
            on_progress=nemesis.told,
            transport=balancer,
        )
        await nemesis.over()

        # Every fault hit, and in the middle of the play.
        assert nemesis.faults == []
        assert max(nemesis.hit.values()) < 0.95
        once = [KILLED]
        assert damage.killed == {
            "submission": once * 2,
            "review": once,
            "notification": once,
            "projection": once,
        }
        before, after = damage.clusters
        assert before != after
        # Of the two processes of one service the one that took over serves, the other stands by.
        (first,) = damage.ports
        assert readiness(damage.second) == (200, [])
        assert wait_until(lambda: readiness(first) == (503, ["standby"]))

        verdict = await judged(parts, scenario)
        assert verdict.differences == []
        assert verdict.result["verified"] is True
        assert played.refused == sum(1 for act in scenario.acts if act.expect)
        logged: dict[tuple[str, str], list[str]] = {}
        for service in WRITERS:
            for row in await rows(parts.databases[service], "log"):
                logged.setdefault((row.context, row.subject), []).append(row.id)
        on_record = {f"{context}/{name}": len(ids) for (context, name), ids in logged.items()}
        lost = {name: told for name, told in played.last.items() if on_record[name] < told}
        assert lost == {}, "acknowledged, and not in the log"
        # Refilled from the logs, the topics tell every stream from its beginning to its end.
        streams = first_appearances(everything(own_kafka.bootstrap))
        told = {
            (topic.split(".")[1], subject): [one["ce_id"] for one in events]
            for (topic, subject), events in streams.items()
        }
        assert told == logged
