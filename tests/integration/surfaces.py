"""Each service whole, on a real database and without Kafka, for tests of all its routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from deploy.cli.services import Service
from deploy.local.issuer import Issuer
from services.review.bodies import DefinitionBody
from services.review.programmes.opening import open_programme
from services.review.programmes.programme import Programme
from shared.contracts.programme import ProgrammeEvent
from tests.integration.bulletins import DRAFT, notification
from tests.integration.projection import projection
from tests.integration.review import CITY, DEFINITION, DISTRICT, FIRST, OPENING, SECOND, review
from tests.integration.review_steps import case, did, prepared, team
from tests.integration.submission import submission
from tests.unit.test_models import told

PROGRAMME = "shanting-2018"


AT_HOME = {
    "clerk": f"{FIRST}-office",
    "head": f"{FIRST}-office",
    "gov": f"{FIRST}-gov",
    "officer": DISTRICT,
    "leader": DISTRICT,
    "city": CITY,
}
ABROAD = {
    "clerk": f"{SECOND}-office",
    "head": f"{SECOND}-office",
    "gov": f"{SECOND}-gov",
    "city": "370300-safety",
}
# Whatever a key makes always has the same name.
BULLETIN = "f421a7b2-da13-5132-9188-e95179e2c818"
NAMED = {
    "bulletin_id": BULLETIN,
    "programme": PROGRAMME,
    "township": FIRST,
    "round": "1",
    "year": "2018",
}


@dataclass(frozen=True, slots=True)
class Surface:
    """A service that runs, and who may sign in to it."""

    app: FastAPI
    http: httpx.AsyncClient
    issuer: Issuer

    def who(self, officer: str, organisation: str, *roles: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(officer, organisation, roles)}"}


def in_whose_name(role: str, *, home: bool = True) -> tuple[str, str]:
    """An officer with that role and their organisation: of the first township and its district.

    A member is the team's leader, who may do what any member may. Not at `home` it is somebody with
    the same role in another organisation, or on no team.
    """
    if role == "member":
        return ("chen", DISTRICT) if home else ("stranger", "370402-safety")
    if home:
        return f"{role}-1", AT_HOME.get(role, f"{role}-bureau")
    return f"{role}-2", ABROAD.get(role, "370402-safety")


def opening() -> list[ProgrammeEvent]:
    """The shipped programme, as it is announced on the day it is opened."""
    body = DefinitionBody.model_validate(DEFINITION)
    site = body.site(body.code, OPENING)
    return list(open_programme(Programme(), body.definition(), site=site))


@asynccontextmanager
async def surface(service: Service, database: str, clock: Path) -> AsyncIterator[Surface]:
    """The service with the shipped programme open, and in review a team at work on a case."""
    match service:
        case Service.submission:
            async with submission(database, clock, date(2018, 9, 5), opening()) as found:
                yield Surface(found.app, found.http, found.issuer)
        case Service.review:
            async with review(database, clock) as reviewing:
                await prepared(reviewing)
                reviewing.on(9, 5)
                where = f"{case(FIRST)}/team"
                await did(await reviewing.post(where, team(), "o1", "officer"))
                yield Surface(reviewing.app, reviewing.http, reviewing.issuer)
        case Service.notification:
            day = date(2018, 12, 3)
            async with notification(database, clock, day, opening()) as notifying:
                drafted = await notifying.ask(
                    "POST",
                    "/v1/bulletins",
                    "officer",
                    DISTRICT,
                    json=DRAFT,
                    headers={"Idempotency-Key": "surface"},
                )
                assert drafted.json()["id"] == BULLETIN, drafted.text
                yield Surface(notifying.app, notifying.http, notifying.issuer)
        case Service.projection:
            async with projection(database, clock) as projecting:
                story = told().renamed(DISTRICT, "区应急局", date(2018, 11, 1), successor_of="em")
                await projecting.journal.tell(story.received)
                yield Surface(projecting.app, projecting.http, projecting.issuer)


def sample(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """A small value that a schema takes: its first example, or the least that it asks for."""
    match schema:
        case {"$ref": str(ref)}:
            return sample(document["components"]["schemas"][ref.rpartition("/")[2]], document)
        case {"examples": [first, *_]} | {"example": first} | {"const": first}:
            return first
        case {"enum": [first, *_]}:
            return first
        case {"anyOf": [first, *_]} | {"oneOf": [first, *_]} | {"allOf": [first, *_]}:
            return sample(first, document)
        case {"type": "object"}:
            named = schema.get("properties", {})
            return {name: sample(named[name], document) for name in schema.get("required", ())}
        case {"type": "array"}:
            least = schema.get("minItems", 0)
            each = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
            return [sample(each, document) for _ in range(least)]
        case {"type": "integer" | "number"}:
            return schema.get("minimum", 1)
        case {"type": "boolean"}:
            return True
        case {"type": "string"}:
            return _text(schema)
    return {}


def _text(schema: dict[str, Any]) -> str:
    match schema:
        case {"format": "date"}:
            return "2018-09-05"
        case {"format": "date-time"}:
            return "2018-09-10T09:00:00+08:00"
        case {"format": "uuid"}:
            return "0198a6c2-6f7e-7c3a-9d43-3f3f0e6f2a11"
        case {"format": "uri"}:
            return "https://example.org/hook"
        case {"pattern": str(pattern)} if "0-9a-f]{64}" in pattern:
            return "ab" * 32
        case {"pattern": str(pattern)} if "/[" in pattern:
            return f"{PROGRAMME}/{FIRST}/1"
    return "x"
