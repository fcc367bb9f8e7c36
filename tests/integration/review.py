"""A review service on a real database, which is told of applications without Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml
from fastapi import FastAPI

from deploy.local.issuer import Issuer
from services.review import api
from services.review.app import new_log
from services.review.directory import Directory
from services.review.reactions import HANDLERS
from shared.clock import SHANGHAI, write_clock
from shared.contracts.blocks import Mark
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.contracts.programme import StandardPublished
from shared.contracts.registry import encode, type_of
from shared.events.envelope import Record
from shared.settings import ServiceSettings
from shared.standard import prerequisites, score
from shared.store.log import Log, Tenure
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from shared.web.app import new_app
from shared.web.freshness import FRESH
from tests.integration.ears import heed
from tests.unit.web_app import IssuerSide, settings_for

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "services" / "review" / "migrations"
DEFINITION = yaml.safe_load(
    (ROOT / "deploy" / "programmes" / "shanting-2018.yaml").read_text(encoding="utf-8")
)
PROGRAMME, OPENING = "/v1/programmes/shanting-2018", date(2018, 2, 5)
DISTRICT, CITY = "370406-safety", "370400-safety"
FIRST, SECOND = "370406001", "370406100"
Told = ApplicationSubmitted | WithdrawalRequested


class Ears:
    """A duty that hears what a test says, where Kafka would speak."""

    def __init__(self) -> None:
        self.tenure: asyncio.Future[Tenure] = asyncio.get_running_loop().create_future()
        self._versions: dict[str, int] = {}

    async def before(self, tenure: Tenure) -> None:
        """Nothing to look at."""

    async def run(self, tenure: Tenure) -> None:
        self.tenure.set_result(tenure)
        await asyncio.Event().wait()

    async def hear(self, log: Log, event: Told) -> None:
        """As if it had just been told."""
        await heed(log, await self.tenure, HANDLERS, self._record(event))

    async def heed(self, log: Log, record: Record) -> bool:
        """What another service really said; False where it was heard before."""
        return await heed(log, await self.tenure, HANDLERS, record)

    def _record(self, event: Told) -> Record:
        subject = f"{event.programme}/{event.township}"
        version = self._versions[subject] = self._versions.get(subject, 0) + 1
        then = datetime.combine(event.effective_on, time(9), SHANGHAI).astimezone(UTC)
        return Record(
            position=sum(self._versions.values()),
            context="dossier",
            subject=subject,
            version=version,
            id=uuid4(),
            type=type_of(event),
            effective_on=event.effective_on,
            effective_at=then,
            recorded_at=then,
            actor=f"{event.office}:head",
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
class Review:
    """The service, its clock, and who may speak to it."""

    app: FastAPI
    database: str
    log: Log
    ears: Ears
    issuer: Issuer
    clock: Path
    http: httpx.AsyncClient

    def on(self, month: int, day: int, year: int = 2018) -> None:
        """It is nine in the morning of that day in Shanghai."""
        write_clock(self.clock, datetime(year, month, day, 9, tzinfo=SHANGHAI))

    async def hear(self, event: Told) -> None:
        await self.ears.hear(self.log, event)

    def who(self, officer: str, *roles: str, organisation: str = DISTRICT) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(officer, organisation, roles)}"}

    async def post(
        self,
        path: str,
        body: dict[str, Any],
        officer: str,
        *roles: str,
        organisation: str = DISTRICT,
        version: int | None = None,
        method: str = "POST",
    ) -> httpx.Response:
        """A command under a key of its own; `version` is what the caller has seen."""
        headers = {
            **self.who(officer, *roles, organisation=organisation),
            "Idempotency-Key": uuid4().hex,
        }
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.http.request(method, path, json=body, headers=headers)

    async def get(
        self, path: str, officer: str = "o1", *roles: str, organisation: str = DISTRICT
    ) -> Any:
        who = self.who(officer, *(roles or ("officer",)), organisation=organisation)
        answer = await self.http.get(path, headers=who)
        return answer.json()


@asynccontextmanager
async def review(database: str, clock: Path) -> AsyncIterator[Review]:
    """Serving on the day of the opening, with nothing opened yet."""
    await migrate(database, MIGRATIONS, None, FROZEN)
    write_clock(clock, datetime.combine(OPENING, time(9), SHANGHAI))
    issuer = Issuer()
    side = IssuerSide(issuer)
    settings: ServiceSettings = settings_for(issuer, database=database, clock=str(clock))
    log, directory, ears = new_log(settings), Directory(database), Ears()

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with log.tenures([ears]):
            await ears.tenure
            yield
        await directory.close()

    app = new_app(
        "review",
        settings,
        running,
        readiness=log.readiness,
        says=("programme", "case"),
        hears=("dossier",),
        reached=log.reached,
        issuer_client=httpx.AsyncClient(transport=side),
    )
    app.include_router(api.routes(log, directory), dependencies=FRESH)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://review.test") as http,
    ):
        yield Review(app, database, log, ears, issuer, clock, http)


def full(standard: StandardPublished) -> tuple[Mark, ...]:
    """Everything at its maximum."""
    return tuple(
        Mark(item=one.code, mark_cp=one.max_cp, max_cp=one.max_cp) for one in standard.items
    )


def application(standard: StandardPublished, township: str, round: int = 1) -> ApplicationSubmitted:
    marks = full(standard)
    return ApplicationSubmitted(
        programme="shanting-2018",
        effective_on=date(2018, 9, 3),
        township=township,
        township_name=township,
        office=f"{township}-office",
        application_id=f"a-{township}-{round}",
        round=round,
        batch="2018-1",
        target="first-2018",
        standard=standard.standard,
        assessment_id="s1",
        marks=marks,
        totals=score(standard, marks),
        evidence=(),
        prerequisites=prerequisites(standard, marks),
        plan_version=1,
        reach_on=date(2018, 11, 30),
        signed_by="head",
    )
