"""The whole house for the fault tests: four services, each behind links that may be broken."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

import httpx

from deploy.cli.services import ROOT, Service
from deploy.local.issuer import Issuer, serving
from deploy.local.postgres import Server
from deploy.local.processes import Process, Processes, free_port
from deploy.local.stage import _database, _name
from shared.clock import SHANGHAI, write_clock
from shared.messaging.topics import declared, ensure
from tests.faults.brokers import Broker, Nodes, forget
from tests.faults.links import Links, links

TODAY = datetime(2019, 9, 10, 9, 0, tzinfo=SHANGHAI)
READY_S = 120


class NotReady(AssertionError):
    """A service did not come (back) up; the message has its readiness and the end of its log."""


@dataclass
class House:
    """What stands, and how to hurt it; everything here acts at once and blocks no event loop."""

    run_dir: Path
    processes: Processes
    issuer: Issuer
    clock: Path
    server: Server
    broker: Broker | Nodes
    environment: dict[str, str]
    ports: dict[str, int]
    to_postgres: dict[str, Links] = field(default_factory=dict)
    to_kafka: dict[str, Links] = field(default_factory=dict)
    web: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=10))
    broken: bool = False
    """A row failed here, so the next one begins with a new house."""
    rows: int = 0
    poison: set[str] = field(default_factory=set)
    """Ids of records that a test put on topics, and below the (context, key) of what it spoilt."""
    poisoned: set[tuple[str, str]] = field(default_factory=set)

    @property
    def databases(self) -> dict[str, str]:
        """DSNs by service, as the owner and past every proxy: for looking."""
        return {str(service): self.server.dsn(_name(service)) for service in Service}

    @property
    def urls(self) -> dict[str, str]:
        return {name: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}

    @property
    def crash_log(self) -> Path:
        return self.run_dir / "crashes"

    def crashes(self) -> list[str]:
        """The crash points that were hit, in order."""
        return self.crash_log.read_text().split() if self.crash_log.exists() else []

    def process(self, service: str, port: int | None = None) -> Process:
        return self.processes[f"{service}-{port or self.ports[service]}"]

    def serve(
        self,
        service: str,
        port: int | None = None,
        *,
        crash_at: str = "",
        planted: str = "",
        **more: str,
    ) -> Process:
        """Start a process of a service, told to die somewhere, or with a bug planted in it."""
        dsn = self.server.dsn(_name(Service(service)), user=_name(Service(service)))
        port = port or self.ports[service]
        told = {
            **self.environment,
            "FUYAN_DATABASE": dsn.replace(
                f":{self.server.port}/", f":{self.to_postgres[service].port}/"
            ),
            "FUYAN_KAFKA": (
                f"127.0.0.1:{self.to_kafka[service].port}"
                if service in self.to_kafka
                else self.broker.bootstrap
            ),
            "FUYAN_CRASH_LOG": str(self.crash_log),
            **({"FUYAN_CRASH_AT": crash_at} if crash_at else {}),
            **more,
        }
        module = ("tests.faults.planted", planted) if planted else ("deploy.cli.main",)
        return self.processes.start(
            f"{service}-{port}",
            [sys.executable, "-m", *module, "serve", service, "--port", str(port)],
            told,
            cwd=ROOT,
        )

    async def again(self, service: str, *, crash_at: str = "", planted: str = "") -> None:
        """Kill it and start it anew; one that is told to die may do so before it is ready."""
        await asyncio.to_thread(self.process(service).kill)
        self.serve(service, crash_at=crash_at, planted=planted)
        if not crash_at:
            await self.ready(service)

    async def ready(self, *services: str, port: int | None = None) -> None:
        """Until these (or all) say that they may be asked; raises NotReady."""
        for service in services or tuple(self.ports):
            url = f"http://127.0.0.1:{port or self.ports[service]}/readyz"
            told = ""
            try:
                async with asyncio.timeout(READY_S):
                    while True:
                        status, told = await self._readiness(url)
                        if status == 200:
                            break
                        if not self.process(service, port).running:
                            raise TimeoutError
                        await asyncio.sleep(0.05)
            except TimeoutError as error:
                tail = self.process(service, port).tail()
                raise NotReady(f"{service}: {told}\n{tail}") from error

    async def readiness(self, service: str, port: int | None = None) -> tuple[int, str]:
        """Status (0: nobody answers) and body of `/readyz`."""
        return await self._readiness(f"http://127.0.0.1:{port or self.ports[service]}/readyz")

    async def _readiness(self, url: str) -> tuple[int, str]:
        try:
            answer = await self.web.get(url, timeout=2)
        except httpx.TransportError:
            return 0, "nobody answers"
        return answer.status_code, answer.text

    def memory_kb(self) -> dict[str, int]:
        """Resident memory of each process of a service that runs."""
        found = {}
        for service in self.ports:
            process = self.process(service)
            status = Path(f"/proc/{process.pid}/status")
            if process.running and status.exists():
                line = next((x for x in status.read_text().splitlines() if x[:6] == "VmRSS:"), "")
                found[service] = int(line.split()[1]) if line else 0
        return found

    def heal(self) -> None:
        """Every link passes again."""
        for link in (*self.to_postgres.values(), *self.to_kafka.values()):
            link.heal()


@asynccontextmanager
async def house(*, nodes: bool = False) -> AsyncIterator[House]:
    """Everything up and ready, and gone at the end, on one broker or on three `nodes`."""
    run_dir = Path(mkdtemp(prefix="fuyan-faults-"))
    async with AsyncExitStack() as stack:
        stack.callback(forget, run_dir)
        processes = stack.enter_context(Processes(run_dir))
        issuer, clock = Issuer(), run_dir / "clock"
        write_clock(clock, TODAY)
        issuer_url = await stack.enter_async_context(serving(issuer))
        server = Server(run_dir, processes)
        only = tuple(Service)
        proxies = {str(name): free_port() for name in only}
        broker = Nodes(run_dir, processes) if nodes else Broker(run_dir, processes, proxies)
        await asyncio.gather(asyncio.to_thread(server.start), asyncio.to_thread(broker.start))
        if nodes:
            os.environ["FUYAN_TOPIC_REPLICATION"] = "3"
            stack.callback(os.environ.pop, "FUYAN_TOPIC_REPLICATION")
        await ensure(broker.bootstrap, declared())
        found = House(
            run_dir, processes, issuer, clock, server, broker, {}, {n: free_port() for n in only}
        )
        stack.push_async_callback(found.web.aclose)
        for name in only:
            if isinstance(broker, Broker):
                own = links(broker.listeners[name], proxies[name])
                found.to_kafka[name] = await stack.enter_async_context(own)
            sql = links(server.port, speaks_sql=True)
            found.to_postgres[name] = await stack.enter_async_context(sql)
        found.environment |= {
            "FUYAN_INSTALLATION": "faults",
            "FUYAN_ISSUER": issuer.issuer,
            "FUYAN_JWKS_URL": f"{issuer_url}/.well-known/jwks.json",
            "FUYAN_CLOCK": str(clock),
            "FUYAN_DEMO": "true",
            "FUYAN_EVIDENCE": (run_dir / "evidence").as_uri(),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        for name in only:
            await _database(server, Service(name))
            found.serve(name)
        await found.ready()
        yield found
