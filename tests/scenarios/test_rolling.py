"""Old and new images of the services as processes, exchanged under load: nothing lost, none parked.

Consumers first, then back, then the producer first and raised too early; each process has a second
one standing by when it is told to end. Whatever was acknowledged is read back all the while.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import httpx
import pytest

from deploy.cli.services import Service
from deploy.doctor.examine import House, examine
from deploy.local.player import play
from deploy.local.processes import free_port, wait_until
from deploy.local.scenario import load
from deploy.local.stage import Stage, stage
from deploy.local.verify import rows, verify
from shared.clock import civil_day, clock_from
from shared.messaging.kafka import Kafka
from tests.scenarios.test_faults import Balancer, Nemesis, readiness

pytestmark = pytest.mark.timeout(600)
OLD, NEW = "tests.faults.old_image", "deploy.cli.main"
V1, V2 = "fuyan.dossier.good-practice-shared.v1", "fuyan.dossier.good-practice-shared.v2"
P = "shanting-2018"
# The programme is open, and its first offices have planned.
ACTS = 6
OFFICES = ("370406001", "370406100")
PAUSE_S = 0.3


@dataclass
class Load:
    """Offices that share what worked, one thing after the other, and read it back at once."""

    parts: Stage
    http: httpx.AsyncClient
    publicity: str = "internal"
    acknowledged: dict[str, dict[int, str]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    offices: list[asyncio.Task[None]] = field(default_factory=list)
    read: int = 0
    late: int = 0

    async def office(self, code: str) -> None:
        own = self.acknowledged.setdefault(code, {})
        for number in count(1):
            title = f"经验 {number}"
            publicity = self.publicity
            version = await self._share(code, title, publicity)
            own[version] = title
            await self._own(code, version, title)
            await self._timeline(code, version)
            await asyncio.sleep(PAUSE_S)

    async def _share(self, code: str, title: str, publicity: str) -> int:
        """Until it is acknowledged, under one key: whichever process answers."""
        body: dict[str, Any] = {"title": title, "summary": "每周一次", "publicity": publicity}
        if publicity == "named":
            body["shared_with"] = [next(one for one in OFFICES if one != code)]
        while True:
            answer = await self._ask(
                "POST",
                f"{self.parts.urls['submission']}/v1/dossiers/{P}/{code}/good-practices",
                code,
                json=body,
                headers={"Idempotency-Key": title.encode().hex()},
            )
            if answer is not None and answer.status_code == 201:
                return int(answer.json()["version"])
            assert answer is None or answer.status_code == 503, answer.text
            await asyncio.sleep(0.05)

    async def _own(self, code: str, version: int, title: str) -> None:
        """From the service that wrote it, whichever of its processes holds the lease by now."""
        answer = await self._ask(
            "GET",
            f"{self.parts.urls['submission']}/v1/dossiers/{P}/{code}/good-practices",
            code,
            params={"at_least": f"dossier/{P}/{code}@{version}", "wait": "1s"},
        )
        if answer is None or answer.status_code == 503:
            return
        self.read += 1
        if title not in [one["title"] for one in answer.json()]:
            self.stale.append(f"submission {code}@{version}")

    async def _timeline(self, code: str, version: int) -> None:
        answer = await self._ask(
            "GET",
            f"{self.parts.urls['projection']}/v1/progress/{P}/{code}/timeline",
            code,
            params={"at_least": f"dossier/{P}/{code}@{version}", "wait": "1s", "limit": 500},
        )
        if answer is None or answer.status_code == 503:
            self.late += 1
            return
        self.read += 1
        # Beyond a page of 500 it would be on the next one: no office comes that far here.
        if f"dossier/{P}/{code}@{version}" not in [one["event"] for one in answer.json()["items"]]:
            self.stale.append(f"projection {code}@{version}")

    async def _ask(
        self, method: str, url: str, code: str, headers: dict[str, str] | None = None, **given: Any
    ) -> httpx.Response | None:
        token = self.parts.issuer.token(f"{code}-head", f"{code}-office", ("head",))
        who = {"Authorization": f"Bearer {token}", **(headers or {})}
        try:
            return await self.http.request(method, url, headers=who, **given)
        except httpx.TransportError:
            return None

    def total(self) -> int:
        return sum(len(own) for own in self.acknowledged.values())

    async def more(self, than: int = 4) -> None:
        """Until so much more was acknowledged: what was done before happened under load."""
        wanted = self.total() + than
        async with asyncio.timeout(120):
            while self.total() < wanted:
                for failed in (one for one in self.offices if one.done()):
                    failed.result()
                await asyncio.sleep(0.02)


@dataclass
class Fleet:
    """One process of each service, and who answers for it."""

    parts: Stage
    ports: dict[int, list[int]]
    now: dict[Service, int] = field(default_factory=dict)

    def port(self, service: Service) -> int:
        return self.now.get(service, self._first(service))

    def _first(self, service: Service) -> int:
        return int(self.parts.urls[service].rsplit(":", 1)[1])

    async def exchange(self, service: Service, image: str, **also: str) -> None:
        """A process of that image stands by, the old one is told to end, and it takes over."""
        old, new = self.port(service), free_port()
        self.parts.serve(service, new, image, **also)
        waiting = (200, []) if service is Service.projection else (503, ["standby"])
        await self._until(new, waiting)
        self.ports[self._first(service)] = [old, new]
        await asyncio.to_thread(self.parts.processes.stop, f"{service}-{old}")
        await self._until(new, (200, []))
        self.ports[self._first(service)] = [new]
        self.now[service] = new

    async def _until(self, port: int, wanted: tuple[int, list[str]]) -> None:
        # In a thread: the issuer of tokens, which a new process asks, runs in this loop.
        came = await asyncio.to_thread(wait_until, lambda: readiness(port) == wanted)
        assert came, f"{readiness(port)}, not {wanted}"

    async def degraded(self, service: Service) -> str:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{self.port(service)}/readyz")
        return " ".join(answer.json()["degraded"])

    async def reads(self, service: Service) -> list[str]:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{self.port(service)}/version")
        found: list[str] = answer.json()["reads"]
        return found


@asynccontextmanager
async def under_load(parts: Stage) -> AsyncIterator[tuple[Fleet, Load]]:
    balancer = Balancer(Nemesis([]))
    async with httpx.AsyncClient(transport=balancer, timeout=15) as http:
        load_ = Load(parts, http)
        load_.offices += [asyncio.create_task(load_.office(code)) for code in OFFICES]
        try:
            yield Fleet(parts, balancer.ports), load_
        finally:
            for one in load_.offices:
                one.cancel()
            await asyncio.gather(*load_.offices, return_exceptions=True)


CONSUMERS = (Service.projection, Service.notification, Service.review)


async def until_degraded(fleet: Fleet, service: Service) -> str:
    async with asyncio.timeout(60):
        while "upgrade it first" not in (said := await fleet.degraded(service)):
            await asyncio.sleep(0.05)
    return said


async def test_images_are_exchanged_in_right_and_wrong_orders_under_load() -> None:
    scenario = load()
    begun = replace(scenario, acts=scenario.acts[:ACTS], checked_on=())
    async with stage("embedded", 0, OLD) as parts:
        await play(parts.urls, parts.issuer, parts.clock, begun)
        async with under_load(parts) as (fleet, load_):
            await load_.more()
            assert V2 not in await fleet.reads(Service.projection)
            for service in (*CONSUMERS, Service.submission):
                await fleet.exchange(service, NEW)
                await load_.more()
                assert V2 in await fleet.reads(service)
            # Nothing later was written yet, so there is a way back.
            for service in reversed(CONSUMERS):
                await fleet.exchange(service, OLD)
                await load_.more()

            await fleet.exchange(Service.submission, NEW, FUYAN_EMIT=V2)
            load_.publicity = "named"
            await load_.more()
            for service in CONSUMERS:
                assert V2 in await until_degraded(fleet, service)
            late = load_.late
            await load_.more(2)
            assert load_.late > late, "what nobody can read yet must not be answered 200"
            for service in (Service.review, Service.notification, Service.projection):
                await fleet.exchange(service, NEW)
                await load_.more()
        assert load_.stale == []
        assert load_.read > load_.total(), "hardly anything was read back"
        await in_order(parts, fleet, load_)


async def in_order(parts: Stage, fleet: Fleet, load_: Load) -> None:
    """Logs, topics, journal and copies say the same, and all of what was acknowledged."""
    house = House(
        {service: parts.databases[service] for service in Service},
        Kafka(parts.cluster.bootstrap),
        parts.environment["FUYAN_INSTALLATION"],
        {},
        wait_s=120,  # a notice for every office and practice: on a small machine that takes a while
    )
    found = [one async for one in examine(house, lambda *_: None)]
    assert [(one.check, one.en) for one in found if one.state in ("wrong", "away")] == []
    logged = await rows(parts.databases[Service.submission], "log")
    said = {(row.subject, row.version): row.type for row in logged}
    for code, own in load_.acknowledged.items():
        for version in own:
            assert said[f"{P}/{code}", version] in (V1, V2)
    assert {V1, V2} <= set(said.values())
    token = parts.issuer.token("auditor", "370406-audit", ("auditor",))
    verdict = await verify(
        parts.databases,
        f"http://127.0.0.1:{fleet.port(Service.projection)}",
        token,
        programme=P,
        on=civil_day(clock_from(str(parts.clock), demo=True)()),
        kafka="embedded",
    )
    assert verdict.differences == []
