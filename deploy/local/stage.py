"""All parts of the demo, up and ready: databases, Kafka, the issuer, the clock, four processes."""

import asyncio
import fcntl
import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg
import httpx

from deploy.cli.services import ROOT, Service, apply
from deploy.local.issuer import Issuer, serving
from deploy.local.kafka import Cluster
from deploy.local.kafka import kafka as start_kafka
from deploy.local.postgres import Server
from deploy.local.processes import Process, Processes, free_port
from deploy.local.records import clean
from shared.clock import SHANGHAI, write_clock
from shared.events.signing import write_key
from shared.messaging.topics import declared, ensure

INSTALLATION = "demo"
BEGINS = datetime(2018, 2, 5, 8, 30, tzinfo=SHANGHAI)
READY_S = 60


class NotReady(Exception):
    """A part could not be started; the message says which, why and what to do."""


@dataclass(frozen=True)
class Stage:
    """What a play needs, and a test that interferes with it."""

    issuer: Issuer
    issuer_url: str
    clock: Path
    cluster: Cluster
    processes: Processes
    server: Server
    urls: dict[str, str]
    environment: dict[str, str]
    image: str = "deploy.cli.main"
    """The module whose `serve` a process of a service runs, where `serve` is told of no other."""

    @property
    def databases(self) -> dict[str, str]:
        """DSNs by service, as the owner: for looking, never for the services."""
        return {service: self.server.dsn(_name(service)) for service in Service}

    def serve(self, service: Service, port: int, image: str | None = None, **also: str) -> Process:
        """Start a process of a service, a second one stands by; `also` is its environment's."""
        dsn = self.server.dsn(_name(service), user=_name(service))
        return self.processes.start(
            f"{service}-{port}",
            [sys.executable, "-m", image or self.image, "serve", service, "--port", str(port)],
            {**self.environment, "FUYAN_DATABASE": dsn, **also},
            cwd=ROOT,
        )

    @property
    def operators(self) -> Path:
        """A shell file with what the operator's commands are told, for this very installation."""
        return self.clock.with_name("operator.env")

    def equip(self) -> None:
        """Write that file."""
        told = {
            **self.environment,
            **{f"FUYAN_DATABASE_{name.upper()}": dsn for name, dsn in self.databases.items()},
            **{f"FUYAN_URL_{name.upper()}": url for name, url in self.urls.items()},
        }
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in told.items()]
        self.operators.write_text("".join(lines), encoding="utf-8")


def _name(service: Service) -> str:
    """Of a service's database, and of the role that may use it."""
    return f"fuyan_{service}"


@contextmanager
def _run_dir(port: int) -> Iterator[Path]:
    """An empty directory; what a killed run left there is cleared away first."""
    run_dir = Path(tempfile.gettempdir()) / f"fuyan-demo-{os.getuid()}-{port}"
    if port == 0:
        run_dir = Path(tempfile.mkdtemp(prefix="fuyan-demo-"))
    lock = run_dir.with_suffix(".lock")
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise NotReady(
                f"another demo runs on port {port}: end it, or give --port another one"
            ) from error
        for number in range(-1, 4) if port else ():
            _free(port + number)
        shutil.rmtree(run_dir, ignore_errors=True)
        run_dir.mkdir(parents=True)
        try:
            yield run_dir
        finally:
            shutil.rmtree(run_dir, ignore_errors=True)
            lock.unlink(missing_ok=True)


def _free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise NotReady(f"port {port} is taken: give --port another one") from error


def _postgres(run_dir: Path, processes: Processes) -> Server:
    server = Server(run_dir, processes)
    server.start()
    return server


async def _database(server: Server, service: Service) -> None:
    name = _name(service)
    await server.create_database(name)
    connection = await asyncpg.connect(server.dsn(name))
    try:
        await connection.execute(f'CREATE ROLE "{name}" LOGIN')
    finally:
        await connection.close()
    await apply(service, server.dsn(name), name)


async def _ready(stage: Stage) -> None:
    """Until every service says so; raises NotReady with the end of the log of one that does not."""
    async with httpx.AsyncClient(timeout=2) as client:
        for service, url in stage.urls.items():
            process = stage.processes[f"{service}-{url.rsplit(':', 1)[1]}"]
            try:
                async with asyncio.timeout(READY_S):
                    while True:
                        if not process.running:
                            raise TimeoutError
                        with suppress(httpx.HTTPError):
                            if (await client.get(f"{url}/readyz")).status_code == 200:
                                break
                        await asyncio.sleep(0.05)
            except TimeoutError as error:
                raise NotReady(f"{service} did not start:\n{process.tail()}") from error


@asynccontextmanager
async def stage(kafka: str, port: int, image: str = "deploy.cli.main") -> AsyncIterator[Stage]:
    """Everything up and ready, and gone at the end; port 0 takes any free ones."""
    with _run_dir(port) as run_dir, Processes(run_dir) as processes:
        issuer = Issuer(reader=("370406-safety", "reader", ("officer",)))
        signing_key = run_dir / "signing-key.pem"
        write_key(signing_key)
        clock = run_dir / "clock"
        write_clock(clock, BEGINS)
        async with serving(issuer, port - 1 if port else 0) as issuer_url:
            server, cluster = await asyncio.gather(
                asyncio.to_thread(_postgres, run_dir, processes),
                asyncio.to_thread(start_kafka, kafka, run_dir, processes),
            )
            await asyncio.to_thread(clean, cluster, INSTALLATION)
            await ensure(cluster.bootstrap, declared())
            ports = [port + number if port else free_port() for number, _ in enumerate(Service)]
            urls = {
                str(service): f"http://127.0.0.1:{own}"
                for service, own in zip(Service, ports, strict=True)
            }
            found = Stage(
                issuer,
                issuer_url,
                clock,
                cluster,
                processes,
                server,
                urls,
                {
                    "FUYAN_KAFKA": cluster.bootstrap,
                    "FUYAN_INSTALLATION": INSTALLATION,
                    "FUYAN_ISSUER": issuer.issuer,
                    "FUYAN_JWKS_URL": f"{issuer_url}/.well-known/jwks.json",
                    "FUYAN_SIGN_IN_URL": f"{issuer_url}/sign-in",
                    "FUYAN_CLOCK": str(clock),
                    "FUYAN_DEMO": "true",
                    "FUYAN_SIGNING_KEY_FILE": str(signing_key),
                    "FUYAN_TREE_HEAD_SECONDS": "2",
                    "FUYAN_EVIDENCE": (run_dir / "evidence").as_uri(),
                    "FUYAN_CONTRACTS_URL": f"{urls[Service.notification]}/v1/contracts",
                },
                image,
            )
            for service, own in zip(Service, ports, strict=True):
                # One after the other: alembic keeps its context in module globals.
                await _database(server, service)
                found.serve(service, own)
            await _ready(found)
            found.equip()
            yield found
