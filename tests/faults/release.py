"""Two images of the projection on one database and one topic, their operator, and who watches."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from typer.testing import CliRunner

from deploy.cli.projections import app
from deploy.cli.services import ROOT
from deploy.local.issuer import Issuer
from deploy.local.issuer import serving as issuing
from deploy.local.processes import Process, Processes, free_port
from shared.clock import SHANGHAI, write_clock
from shared.contracts.registry import CONTEXTS
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Received
from shared.messaging.relay import partition_of
from tests.faults.another_image import become
from tests.faults.followed import message, prepare_projection, publish, topics
from tests.unit.story import Story
from tests.unit.told import P

TODAY = datetime(2018, 12, 21, 18, tzinfo=SHANGHAI)
IMAGE = "tests.faults.another_image"
READY_S = 120
PAGE = 25
"""Events that a rebuild takes at once."""


def history(offices: int) -> list[Received]:
    """Ten events of each office, interleaved as they would be."""
    names = [f"{number:03}" for number in range(offices)]
    story = Story().opened().enrolled(*names)
    for name in names:
        story.planned(name, date(2018, 3, 5)).assessed(name, date(2018, 5, 7), "gap")
    for name in names:
        story.found(name, date(2018, 5, 8)).rectifying(name, date(2018, 5, 9), date(2018, 6, 1))
        story.rectified(name, date(2018, 6, 4)).assessed(name, date(2018, 8, 24))
        story.applied(name, date(2018, 9, 3)).opened_case(name, date(2018, 9, 3))
        story.team(name, date(2018, 9, 10)).agreed(name, date(2018, 9, 20))
    return story.received


@dataclass
class Ran:
    """How a command of the operator ended."""

    code: int
    said: Any
    """What it answered as JSON; None where it answered nothing."""
    complained: str


@dataclass
class Release:
    """What stands; `fuyan` is the operator, `serve` starts a process of an image."""

    database: str
    kafka: Kafka
    run_dir: Path
    processes: Processes
    issuer: Issuer
    environment: dict[str, str]
    web: httpx.AsyncClient
    trouble: list[str] = field(default_factory=list)
    """What the watchers saw that nobody may see."""
    asked: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def serve(self, folds: int, port: int | None = None) -> tuple[str, Process]:
        """The address and the process."""
        port = port or free_port()
        process = self.processes.start(
            f"image-{folds}-{port}",
            [sys.executable, "-m", IMAGE, str(folds), str(PAGE), "serve", "projection"]
            + ["--port", str(port)],
            self.environment | {"FUYAN_DATABASE": self.database},
            cwd=ROOT,
        )
        return f"http://127.0.0.1:{port}", process

    async def fuyan(self, folds: int, *asked: str) -> Ran:
        """`fuyan projections …` of an image, as JSON; in this process, since a start takes long."""
        async with self._turn:
            return await asyncio.to_thread(self._fuyan, folds, asked)

    def _fuyan(self, folds: int, asked: Sequence[str]) -> Ran:
        become(folds, PAGE)
        try:
            done = CliRunner().invoke(app, [*asked, "--json"], env=self.environment)
        finally:
            become(1, PAGE)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ran(done.exit_code, orjson.loads(done.stdout) if done.stdout else None, done.stderr)

    async def killed(self, folds: int, asked: str, crash_at: str) -> int:
        """The exit code of `fuyan projections …` that is told to die somewhere."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", IMAGE, str(folds), str(PAGE), "projections", asked,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=ROOT,
            env={**os.environ, **self.environment, "FUYAN_CRASH_AT": crash_at},
        )  # fmt: skip
        return await process.wait()

    async def tell(self, received: Sequence[Received]) -> None:
        """Published, as their services would."""
        messages = []
        for number, one in enumerate(received):
            topic = CONTEXTS[one.record.context].topic
            to = partition_of(topic, one.record.key.encode())
            messages.append(message(one.record, number, partition=to.partition, topic=topic))
        await publish(self.kafka, messages)

    async def get(self, url: str, path: str) -> httpx.Response:
        token = self.issuer.token("o9", "370406-safety", ("auditor",))
        return await self.web.get(url + path, headers={"Authorization": f"Bearer {token}"})

    async def ready(self, url: str, status: int = 200, saying: str = "") -> None:
        """Until `/readyz` answers so."""
        told = "nobody answers"
        try:
            async with asyncio.timeout(READY_S):
                while True:
                    with suppress(httpx.TransportError):
                        answer = await self.web.get(f"{url}/readyz")
                        told = answer.text
                        if answer.status_code == status and saying in told:
                            return
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            logs = "\n".join(log.read_text()[-3000:] for log in self.run_dir.glob("image-*.log"))
            raise AssertionError(f"{url}: {told}\n{logs}") from error

    async def shows(self, url: str, one: Received) -> httpx.Response:
        """Its township's timeline, once it shows an event there."""
        record = one.record
        township = record.subject.split("/")[1]
        at_least = f"{record.context}/{record.subject}@{record.version}"
        return await self.get(
            url, f"/v1/progress/{P}/{township}/timeline?at_least={at_least}&wait=10s&limit=500"
        )

    @asynccontextmanager
    async def watching(self, *urls: str) -> AsyncIterator[None]:
        """Someone who asks each of these every few milliseconds, and notes what may not be."""
        watchers = [asyncio.create_task(self._watch(url)) for url in urls]
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    async def _watch(self, url: str) -> None:
        paths = ("/v1/programmes", f"/v1/progress/{P}/000/timeline?limit=5")
        position = 0
        while True:
            for path in paths:
                try:
                    answer = await self.get(url, path)
                except httpx.TransportError as error:
                    self.trouble.append(f"{url}{path}: {error!r}")
                    continue
                self.asked += 1
                if answer.status_code != 200:
                    self.trouble.append(f"{url}{path}: {answer.status_code} {answer.text}")
                    continue
                now = answer.json()["position"]
                if now < position:
                    self.trouble.append(f"{url}{path}: back from {position} to {now}")
                position = max(position, now)
            await asyncio.sleep(0.005)


@asynccontextmanager
async def release(database: str, bootstrap: str, run_dir: Path) -> AsyncIterator[Release]:
    """An empty database of this release and its topics; nothing serves yet."""
    await prepare_projection(database)
    kafka = Kafka(bootstrap)
    await topics(kafka)
    clock = run_dir / "clock"
    write_clock(clock, TODAY)
    issuer = Issuer()
    async with issuing(issuer) as url, httpx.AsyncClient(timeout=20) as web:
        with Processes(run_dir) as processes:
            environment = {
                "FUYAN_DATABASE_PROJECTION": database,
                "FUYAN_KAFKA": bootstrap,
                "FUYAN_ISSUER": issuer.issuer,
                "FUYAN_JWKS_URL": f"{url}/.well-known/jwks.json",
                "FUYAN_CLOCK": str(clock),
                "FUYAN_DEMO": "true",
                "FUYAN_CRASH_LOG": str(run_dir / "crashes"),
                "PYTHONPATH": str(ROOT),
            }
            yield Release(database, kafka, run_dir, processes, issuer, environment, web)
