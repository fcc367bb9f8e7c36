"""A submission service on a real database, which is told of its programme without Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
from fastapi import FastAPI

from deploy.local.issuer import Issuer
from services.submission.app import LARGER_BODIES, new_log, routes
from services.submission.reactions import HANDLERS
from services.submission.settings import SubmissionSettings
from shared.clock import SHANGHAI, write_clock
from shared.contracts import case, programme
from shared.contracts.registry import encode, type_of
from shared.events.envelope import Record
from shared.store.log import Log, Tenure
from shared.store.migrate import migrate
from shared.store.pool import Pool
from shared.store.schema import FROZEN
from shared.web.app import new_app
from shared.web.freshness import FRESH
from tests.integration.ears import heed
from tests.unit.dossiers import OFFICE, OPENING, PROGRAMME, TOWNSHIP
from tests.unit.web_app import IssuerSide, settings_for

MIGRATIONS = Path(__file__).parents[2] / "services" / "submission" / "migrations"
DOSSIER = f"/v1/dossiers/{PROGRAMME}/{TOWNSHIP}"


class Ears:
    """A duty that hears what a test says, where Kafka would speak."""

    def __init__(self) -> None:
        self.tenures: asyncio.Queue[Tenure] = asyncio.Queue(1)
        self.tenure: Tenure
        self._versions: dict[str, int] = {}

    async def before(self, tenure: Tenure) -> None:
        """Nothing to look at."""

    async def run(self, tenure: Tenure) -> None:
        await self.tenures.put(tenure)
        await asyncio.Event().wait()

    async def hear(self, log: Log, event: programme.ProgrammeEvent | case.CaseEvent) -> None:
        """As if it had just been told."""
        await heed(log, self.tenure, HANDLERS, self._record(event))

    async def heed(self, log: Log, record: Record) -> bool:
        """What another service really said; False where it was heard before."""
        return await heed(log, self.tenure, HANDLERS, record)

    def _record(self, event: programme.ProgrammeEvent | case.CaseEvent) -> Record:
        of_case = isinstance(event, case.CaseEvent)
        subject = event.case_id if isinstance(event, case.CaseEvent) else event.programme
        version = self._versions[subject] = self._versions.get(subject, 0) + 1
        then = datetime.combine(event.effective_on, time(9), SHANGHAI).astimezone(UTC)
        return Record(
            position=sum(self._versions.values()),
            context="case" if of_case else "programme",
            subject=subject,
            version=version,
            # The same whoever tells it again.
            id=uuid5(NAMESPACE_URL, f"{subject}@{version}"),
            type=type_of(event),
            effective_on=event.effective_on,
            effective_at=then,
            recorded_at=then,
            actor="370406-safety:o1",
            on_behalf_of=None,
            correlation=uuid4(),
            causation=uuid4(),
            command=b"\x00" * 32,
            traceparent=None,
            data=encode(event),
            salt=b"\x00" * 16,
            leaf=b"\x00" * 32,
        )


@dataclass(slots=True)
class Submission:
    """The service, its clock, and who may speak to it."""

    app: FastAPI
    log: Log
    ears: Ears
    issuer: Issuer
    clock: Path
    http: httpx.AsyncClient

    def on(self, day: date) -> None:
        """It is nine in the morning of that day in Shanghai."""
        write_clock(self.clock, datetime.combine(day, time(9), SHANGHAI))

    async def hear(self, *events: programme.ProgrammeEvent | case.CaseEvent) -> None:
        for event in events:
            await self.ears.hear(self.log, event)

    def who(self, *roles: str, organisation: str = OFFICE) -> dict[str, str]:
        token = self.issuer.token(f"{roles[0]}-1", organisation, roles)
        return {"Authorization": f"Bearer {token}"}

    async def post(
        self,
        path: str,
        body: dict[str, Any],
        *roles: str,
        organisation: str = OFFICE,
        key: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """A command of the office's clerk or head, under a key of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(
            f"{DOSSIER}/{path}",
            json=body,
            headers={
                **self.who(*roles, organisation=organisation),
                "Idempotency-Key": key or uuid4().hex,
                **named,
            },
        )

    async def get(self, path: str = "", *roles: str, organisation: str = OFFICE) -> httpx.Response:
        address = f"{DOSSIER}/{path}" if path else DOSSIER
        who = self.who(*(roles or ("clerk",)), organisation=organisation)
        return await self.http.get(address, headers=who)


@asynccontextmanager
async def submission(
    database: str,
    clock: Path,
    day: date,
    opening: Sequence[programme.ProgrammeEvent] = OPENING,
    **given: Any,
) -> AsyncIterator[Submission]:
    """Serving on that day, with the programme heard."""
    await migrate(database, MIGRATIONS, None, FROZEN)
    write_clock(clock, datetime.combine(day, time(9), SHANGHAI))
    issuer = Issuer()
    side = IssuerSide(issuer)
    settings = settings_for(
        issuer,
        SubmissionSettings,
        database=database,
        clock=str(clock),
        **({"evidence": (clock.parent / "evidence").as_uri()} | given),
    )
    log, ears = new_log(settings), Ears()
    tables = Pool(database, "fuyan-submission-tables", 4)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with log.tenures([ears]):
            ears.tenure = await ears.tenures.get()
            yield
        tables.close()

    app = new_app(
        "submission",
        settings,
        running,
        readiness=log.readiness,
        says=("dossier",),
        hears=("programme", "case"),
        reached=log.reached,
        larger_bodies=LARGER_BODIES,
        issuer_client=httpx.AsyncClient(transport=side),
    )
    app.include_router(routes(log, tables, settings), dependencies=FRESH)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://submission.test") as http,
    ):
        service = Submission(app, log, ears, issuer, clock, http)
        await service.hear(*opening)
        yield service
