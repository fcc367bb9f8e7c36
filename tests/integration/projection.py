"""A projection service on a real database and the real journal, which a test tells of events."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from deploy.local.issuer import Issuer
from services.projection import api
from services.projection.dashboard import page
from services.projection.first import first_view
from services.projection.folding import Fold
from services.projection.journal import Journal
from shared.clock import SHANGHAI, clock_from, write_clock
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Received
from shared.store.migrate import migrate
from shared.store.sql import event_arrays, insert_events
from shared.web.app import new_app
from shared.web.freshness import FRESH
from tests.unit.web_app import IssuerSide, settings_for

MIGRATIONS = Path(__file__).parents[2] / "services" / "projection" / "migrations"
TODAY = date(2018, 12, 21)


class Told(Journal):
    """A journal that is told of events by the test, and folds them as its writer would."""

    folding: Fold

    async def tell(self, received: Sequence[Received]) -> None:
        begin = self.position
        records = [one.record for one in received]
        columns = event_arrays(records)
        columns[0] = list(range(begin + 1, begin + 1 + len(records)))
        insert = insert_events("journal", 1, {"store_position": "bigint"})
        async with self.snapshot() as models:
            assert models.position == begin
        connection = self.folding._connection
        await connection.execute(insert, *columns, [record.position for record in records])
        self.folding._more.set()
        while self.folding.position < begin + len(records):
            await self._reached(await self.folding.step())


@dataclass(slots=True)
class Projection:
    """The service, its clock, and who may speak to it."""

    app: FastAPI
    journal: Told
    issuer: Issuer
    http: httpx.AsyncClient
    clock: Path

    def on(self, day: date) -> None:
        write_clock(self.clock, datetime.combine(day, time(18), SHANGHAI))

    async def get(self, path: str, role: str = "auditor", **headers: str) -> httpx.Response:
        token = self.issuer.token("o9", "370406-safety", (role,))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.get(path, headers={"Authorization": f"Bearer {token}", **named})

    async def json(self, path: str) -> Any:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def projection(database: str, clock: Path) -> AsyncIterator[Projection]:
    """Serving on `TODAY`, told of nothing yet."""
    await migrate(database, MIGRATIONS, None, ("journal",))
    write_clock(clock, datetime.combine(TODAY, time(18), SHANGHAI))
    issuer = Issuer()
    side = IssuerSide(issuer)
    journal = Told(database, Kafka("127.0.0.1:1"), clock_from(str(clock), demo=True))
    connection = await asyncpg.connect(database)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = new_app(
        "projection",
        settings_for(issuer, database=database),
        running,
        hears=("programme", "dossier", "case"),
        reached=journal.reached,
        issuer_client=httpx.AsyncClient(transport=side),
    )
    app.include_router(api.routes(journal), dependencies=FRESH)
    app.include_router(page.routes(first_view(journal)))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        journal.folding = Fold(connection)
        await journal.folding.remember()
        async with httpx.AsyncClient(transport=transport, base_url="http://projection") as http:
            yield Projection(app, journal, issuer, http, clock)
    finally:
        await connection.close()
        journal.close()
