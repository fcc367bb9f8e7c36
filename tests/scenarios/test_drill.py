"""A house loses one store, and then all four: a backup and its topics bring all of it back."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.cli.services import Service
from deploy.local.kafka import ApacheKafka
from deploy.local.player import play
from deploy.local.processes import wait_until
from deploy.local.scenario import Scenario, load
from deploy.local.settling import WRITERS, settled
from deploy.local.stage import Stage, stage
from tests.scenarios.programme import judged
from tests.scenarios.test_faults import readiness

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(480)]

TOLD = "SELECT position, context, subject, version, id, leaf, data, command FROM log ORDER BY 1"
# The stream that a command is answered about is not in its events, where it wrote to others.
COMMANDS = "SELECT key, first, last FROM command WHERE first > 0 ORDER BY first"
CLAIMS = "SELECT * FROM claim ORDER BY 1, 2"


@dataclass
class Drill:
    """What an operator does, by the commands of the book, and what the house has on record."""

    parts: Stage
    backup: Path
    asked: list[asyncio.Task[Any]] = field(default_factory=list)

    async def fuyan(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run a command with the operator's settings; what it answers as JSON."""
        told = {
            **self.parts.environment,
            **{f"FUYAN_DATABASE_{n.upper()}": dsn for n, dsn in self.parts.databases.items()},
        }
        # In a thread, where it has a loop of its own; as a process it would take seconds to begin.
        ran = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"], env=told)
        assert ran.exit_code == code, f"{words}: {ran.exit_code} {ran.stderr} {ran.exception!r}"
        return dict(json.loads(ran.stdout)) if ran.stdout else {}

    def during(self, day: date, done: int, total: int, what: str) -> None:
        """Take the backup in the middle of the play, while commands come."""
        if not self.asked and done / total >= 0.4:
            self.asked.append(asyncio.create_task(self.fuyan("backup", str(self.backup))))

    async def lose(self, *services: Service) -> None:
        """Processes and databases are gone, without a word."""
        for service in services:
            self.parts.processes.kill(f"{service}-{self._port(service)}")
            name = self.parts.databases[service].rsplit("/", 1)[1]
            await self.parts.server.drop_database(name)
            await self.parts.server.create_database(name)

    def start(self, *services: Service) -> None:
        for service in services:
            self.parts.serve(service, self._port(service))

    def until(self, service: Service, *wanted: tuple[int, list[str]]) -> None:
        port = self._port(service)
        assert wait_until(lambda: readiness(port) in wanted), readiness(port)

    async def on_record(self) -> Mapping[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for service in WRITERS:
            connection = await asyncpg.connect(self.parts.databases[service])
            for name, statement in (("log", TOLD), ("command", COMMANDS), ("claim", CLAIMS)):
                rows = await connection.fetch(statement)
                found[f"{service} {name}"] = [tuple(row) for row in rows]
            await connection.close()
        return found

    def contents(self) -> dict[str, bytes]:
        """The bytes of evidence that lie in the store."""
        return {file.name: file.read_bytes() for file in self._store.glob("content/*/*")}

    def lose_evidence(self) -> int:
        """All that the backup has goes; what came later stays, in a store of its own."""
        gone = [one for one in (self.backup / "evidence").rglob("*") if one.is_file()]
        for one in gone:
            (self._store / one.relative_to(self.backup / "evidence")).unlink()
        return len(gone)

    @property
    def _store(self) -> Path:
        return Path(self.parts.environment["FUYAN_EVIDENCE"].removeprefix("file://"))

    def _port(self, service: Service) -> int:
        return int(self.parts.urls[service].rsplit(":", 1)[1])


def beginning(scenario: Scenario, lines: int) -> Scenario:
    """Its first lines alone."""
    acts = scenario.acts[:lines]
    return replace(scenario, acts=acts, ends_on=acts[-1].recorded, checked_on=())


async def test_a_house_that_lost_one_store_and_then_all_four_comes_back_whole(
    own_kafka: ApacheKafka, tmp_path: Path
) -> None:
    scenario = beginning(load(), 128)
    async with stage(own_kafka.bootstrap, 0) as parts:
        drill = Drill(parts, tmp_path / "backup")
        played = await play(
            parts.urls, parts.issuer, parts.clock, scenario, on_progress=drill.during
        )
        (taken,) = await asyncio.gather(*drill.asked)
        await drill.fuyan("backup", "verify", str(drill.backup))
        await settled(parts.databases, scenario.ends_on)
        before, evidence = await drill.on_record(), drill.contents()
        told = {f"{row[1]}/{row[2]}": row[3] for name in WRITERS for row in before[f"{name} log"]}
        assert {name: v for name, v in played.last.items() if told[name] < v} == {}
        assert evidence, "the play shows what was mended"
        for name in WRITERS:
            assert 0 < taken["last"][name] < len(before[f"{name} log"]), "taken in the middle"

        # One store: its service starts by itself once the tail is taken back.
        await drill.lose(Service.review)
        await drill.fuyan("restore", str(drill.backup), "--only", "review")
        drill.start(Service.review)
        drill.until(Service.review, (503, ["store-behind-topic"]))
        found = await drill.fuyan("events", "adopt", "review")
        assert found["taken"] == len(before["review log"]) - taken["last"]["review"]
        drill.until(Service.review, (200, []))
        await settled(parts.databases, scenario.ends_on)
        assert await drill.on_record() == before

        # All four, and the evidence.
        await drill.lose(*Service)
        gone = drill.lose_evidence()
        restored = await drill.fuyan("restore", str(drill.backup))
        assert restored["evidence_put"] == gone > 0
        assert await drill.fuyan("restore", str(drill.backup), code=1) == {}, "nothing written over"
        for name in WRITERS:
            await drill.fuyan("events", "adopt", name)
        drill.start(*Service)
        for service in Service:
            drill.until(service, (200, []))
        verdict = await judged(parts, scenario)
        assert verdict.differences == []
        assert await drill.on_record() == before
        assert drill.contents() == evidence
