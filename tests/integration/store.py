"""A log on a real database, with streams that remember everything they were told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from shared.clock import civil_day, system_clock
from shared.contracts.dossier import DeficiencyWithdrawn, DossierEvent
from shared.store.command import Command
from shared.store.log import Duty, Log
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from shared.store.streams import Aggregate, Stream

MIGRATIONS = Path(__file__).parents[2] / "services" / "submission" / "migrations"
Told = tuple[DossierEvent, ...]


def _remember(told: Told, event: DossierEvent) -> Told:
    return (*told, event)


REMEMBERING: Aggregate[Told] = Aggregate("dossier", (), _remember)


def today() -> date:
    return civil_day(system_clock())


def note(reason: str = "noted", on: date | None = None, item: str = "staff-3") -> DossierEvent:
    """The smallest event there is."""
    return DeficiencyWithdrawn(
        programme="p", township="t", township_name="T", office="o",
        effective_on=on or today(),
        deficiency_id="d", item=item, by="self", reason=reason,
    )  # fmt: skip


def command(key: str | None = None, body: str = "body", expected: int | None = None) -> Command:
    return Command(
        key=key or str(uuid4()),
        fingerprint=sha256(body.encode()).digest(),
        actor="o:1",
        correlation=uuid4(),
        expected=expected,
    )


def stream(subject: str = "p/t") -> Stream:
    return Stream("dossier", subject)


def new_log(database: str, service: str = "submission") -> Log:
    return Log(database, [REMEMBERING], service=service, installation="test", clock=system_clock)


async def prepare(database: str) -> None:
    await migrate(database, MIGRATIONS, None, FROZEN)


@asynccontextmanager
async def serving(log: Log, duties: Sequence[Duty] = ()) -> AsyncIterator[Log]:
    """A log whose tenure has begun."""
    async with log.tenures(duties):
        await until_serving(log)
        yield log


async def until_serving(log: Log) -> None:
    async with asyncio.timeout(20):
        while not log.readiness().ready:
            await asyncio.sleep(0.01)
