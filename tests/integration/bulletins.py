"""The notification service on a real database, which heard of a programme before it was started."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from deploy.local.issuer import Issuer
from services.notification.app import create_app
from services.notification.settings import NotificationSettings
from shared.clock import SHANGHAI, write_clock
from shared.contracts.programme import ProgrammeEvent
from shared.contracts.registry import encode, type_of
from shared.events.envelope import Record
from shared.settings import ServiceSettings
from shared.store.migrate import migrate
from shared.store.schema import COLUMNS, FROZEN
from shared.web.keys import Keys
from tests.integration.review import DISTRICT, FIRST
from tests.unit.web_app import IssuerSide, settings_for

ROOT = Path(__file__).parents[2]
MIGRATIONS = ROOT / "services" / "notification" / "migrations"
FIGURES: dict[str, Any] = json.loads(
    (ROOT / "tests" / "browser" / "overviews" / "2018-11-30.json").read_text("utf-8")
)
DRAFT: dict[str, Any] = {
    "programme": "shanting-2018",
    "as_of_on": "2018-11-30",
    "known_at": "2018-12-01T01:00:00Z",
    "cut": [{"topic": "fuyan.case.v1", "partition": 0, "next_offset": 412}],
    "rules": [{"kind": "risk", "version": 2}],
    "figures": FIGURES,
    "publicity": "internal",
}
"""A draft as it is sent in the first days of December."""
OFFICE, GOV = f"{FIRST}-office", f"{FIRST}-gov"
SIGNED = {"document_number": "山安监发〔2018〕31号"}
DOCX = {"format": "docx"}
DECEMBER = date(2018, 12, 3)


@dataclass(frozen=True, slots=True)
class Notification:
    """The service, its clock, and who may speak to it."""

    app: FastAPI
    http: httpx.AsyncClient
    issuer: Issuer
    clock: Path

    def on(self, day: date) -> None:
        """It is nine in the morning of that day in Shanghai."""
        write_clock(self.clock, datetime.combine(day, time(9), SHANGHAI))

    async def ask(
        self, method: str, path: str, role: str, organisation: str, **given: Any
    ) -> httpx.Response:
        """A question or command of somebody with that role, under a key of its own."""
        token = self.issuer.token(f"{role}-1", organisation, [role])
        headers = {"Authorization": f"Bearer {token}"} | given.pop("headers", {})
        if method == "POST":
            headers = {"Idempotency-Key": uuid4().hex} | headers
        return await self.http.request(method, path, headers=headers, **given)


async def hear_before(database: str, events: Sequence[ProgrammeEvent]) -> None:
    """What another service had told before this one was started."""
    connection = await asyncpg.connect(database)
    try:
        await connection.copy_records_to_table(
            "heard",
            records=[(*_record(place, event), place) for place, event in enumerate(events, 1)],
            columns=[*COLUMNS, "arrival"],
        )
    finally:
        await connection.close()


@asynccontextmanager
async def notification(
    database: str,
    clock: Path,
    day: date,
    heard: Sequence[ProgrammeEvent] = (),
    **settings: Any,
) -> AsyncIterator[Notification]:
    """Serving on that day, without Kafka."""
    await migrate(database, MIGRATIONS, None, FROZEN)
    await hear_before(database, heard)
    issuer = Issuer()
    usual: ServiceSettings = settings_for(
        issuer, database=database, clock=str(clock), kafka="127.0.0.1:1"
    )
    write_clock(clock, datetime.combine(day, time(9), SHANGHAI))
    app = create_app(NotificationSettings(**(usual.model_dump() | settings)))
    side = httpx.AsyncClient(transport=IssuerSide(issuer))
    app.state.auth.keys = Keys("http://issuer/jwks", side)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://notification.test") as http,
    ):
        while (await http.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.02)
        yield Notification(app, http, issuer, clock)


def _record(version: int, event: ProgrammeEvent) -> Record:
    then = datetime.combine(event.effective_on, time(9), SHANGHAI).astimezone(UTC)
    return Record(
        position=version,
        context="programme",
        subject=event.programme,
        version=version,
        id=uuid4(),
        type=type_of(event),
        effective_on=event.effective_on,
        effective_at=then,
        recorded_at=then,
        actor="370406-safety:o1",
        on_behalf_of=None,
        correlation=uuid4(),
        causation=uuid4(),
        command=bytes(32),
        traceparent=None,
        data=encode(event),
        salt=bytes(16),
        leaf=bytes(32),
    )


async def draft(service: Notification, **changes: Any) -> dict[str, Any]:
    answer = await service.ask("POST", "/v1/bulletins", "officer", DISTRICT, json=DRAFT | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sign(
    service: Notification, bulletin: dict[str, Any], *, key: str = "", **body: Any
) -> httpx.Response:
    headers = {"If-Match": f'"{bulletin["version"]}"'}
    return await service.ask(
        "POST",
        f"/v1/bulletins/{bulletin['id']}/issuance",
        "leader",
        DISTRICT,
        json=SIGNED | body,
        headers=headers | ({"Idempotency-Key": key} if key else {}),
    )


async def issued(service: Notification, number: int = 31, **changes: Any) -> dict[str, Any]:
    bulletin = await draft(service, **changes)
    answer = await sign(service, bulletin, document_number=f"山安监发〔2018〕{number}号")
    assert answer.status_code == 201, answer.text
    return await read(service, bulletin)


async def read(
    service: Notification, bulletin: dict[str, Any], role: str = "leader", who: str = DISTRICT
) -> dict[str, Any]:
    answer = await service.ask("GET", f"/v1/bulletins/{bulletin['id']}", role, who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def paper(service: Notification, bulletin: dict[str, Any], **headers: str) -> httpx.Response:
    return await service.ask(
        "GET", f"/v1/bulletins/{bulletin['id']}", "head", OFFICE, params=DOCX, headers=headers
    )


async def edit(service: Notification, bulletin: dict[str, Any], **body: Any) -> httpx.Response:
    headers = {"If-Match": f'"{bulletin["version"]}"'}
    path = f"/v1/bulletins/{bulletin['id']}"
    return await service.ask("PATCH", path, "officer", DISTRICT, json=body, headers=headers)


def acts(bulletin: dict[str, Any]) -> dict[str, str | None]:
    return {act["act"]: act["code"] for act in bulletin["allowed"]}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def notices(service: Notification, role: str, organisation: str) -> list[dict[str, Any]]:
    answer = await service.ask(
        "GET", "/v1/notices", role, organisation, params={"programme": "shanting-2018"}
    )
    found: list[dict[str, Any]] = answer.json()["notices"]
    return found
