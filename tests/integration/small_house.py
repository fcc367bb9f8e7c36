"""A house after its first weeks, and copies of its databases in which something was done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

import asyncpg
import pytest

from deploy.cli.services import Service
from deploy.doctor.examine import House, examine
from deploy.doctor.finding import Finding
from deploy.local.player import play
from deploy.local.scenario import load
from deploy.local.stage import Stage, stage
from shared.messaging.kafka import Kafka

ACTS = 45
Damage = Callable[[asyncpg.Connection], Awaitable[object]]
Damaged = Callable[[Service, Damage], Awaitable[str]]


@dataclass
class Small:
    """A house after its first weeks: its services were asked, and ended."""

    parts: Stage
    house: House
    while_it_ran: list[Finding]

    async def looked(self, **databases: str) -> dict[str, Finding]:
        """What the doctor says, with copies of some databases in the place of theirs."""
        given = {Service(name): dsn for name, dsn in databases.items()}
        asked = replace(self.house, databases={**self.house.databases, **given})
        return {one.check: one async for one in examine(asked, nobody)}


def nobody(step: str, done: int, total: int) -> None:
    """Watches the progress."""


async def _asked(house: House) -> list[Finding]:
    return [one async for one in examine(house, nobody)]


@pytest.fixture(scope="module")
async def small() -> AsyncIterator[Small]:
    scenario = load()
    begun = replace(scenario, acts=scenario.acts[:ACTS], checked_on=())
    async with stage("embedded", 0) as parts:
        await play(parts.urls, parts.issuer, parts.clock, begun)
        house = House(
            {service: parts.databases[service] for service in Service},
            Kafka(parts.cluster.bootstrap),
            parts.environment["FUYAN_INSTALLATION"],
            {service: parts.urls[service] for service in Service},
            wait_s=10,
        )
        found = await _asked(house)
        for service in Service:
            port = parts.urls[service].rsplit(":", 1)[1]
            await asyncio.to_thread(parts.processes.stop, f"{service}-{port}")
        yield Small(parts, replace(house, urls={}, wait_s=0.2), found)


@pytest.fixture
async def copy(small: Small) -> AsyncIterator[Damaged]:
    """Makes a copy of a database in which something was done; dropped after the test."""
    made: list[str] = []

    async def damaged(service: Service, damage: Damage) -> str:
        name = f"doctored_{uuid4().hex}"
        keeper = await asyncpg.connect(small.parts.server.dsn("postgres"))
        try:
            await keeper.execute(f'CREATE DATABASE "{name}" TEMPLATE "fuyan_{service}"')
        finally:
            await keeper.close()
        made.append(name)
        connection = await asyncpg.connect(small.parts.server.dsn(name))
        try:
            await connection.execute("SET session_replication_role = replica")  # no trigger
            await damage(connection)
        finally:
            await connection.close()
        return small.parts.server.dsn(name)

    yield damaged
    keeper = await asyncpg.connect(small.parts.server.dsn("postgres"))
    for name in made:
        await keeper.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await keeper.close()


def wrongs(found: Mapping[str, Finding]) -> set[str]:
    return {check for check, one in found.items() if one.state in ("wrong", "away")}


def doing(*statements: str) -> Damage:
    async def damage(connection: asyncpg.Connection) -> None:
        for statement in statements:
            done = await connection.execute(statement)
            assert done.rpartition(" ")[2] != "0", f"the damage did nothing: {statement}"

    return damage
