"""The clerks of an office, with a draft open before them, on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from shared.contracts.programme import Gate, GateRule, TownshipEnrolled, TownshipWithdrawn
from tests.integration.submission import Submission, submission
from tests.unit.dossiers import FEBRUARY, MARCH, OFFICE, OPENING, PROGRAMME, STANDARD

DISTRICT, NEIGHBOUR = "370406-safety", "370406102-office"
FACTUAL = replace(
    STANDARD,
    gates=(
        *STANDARD.gates,
        Gate(code="fatal", kind="veto", name="死亡事故", rule=GateRule(fact="fatal-accident")),
    ),
)
NEXT_DOOR = TownshipEnrolled(
    programme=PROGRAMME,
    effective_on=FEBRUARY,
    township="370406102",
    name="西集镇",
    kind="town",
    office=NEIGHBOUR,
    office_name="西集镇安监办",
    government="370406102-gov",
    government_name="西集镇人民政府",
    enrolled_on=FEBRUARY,
)
FULL = {"staff": 4000, "rules": 3000, "files": 2000, "vehicle": 1000}


@asynccontextmanager
async def drafting(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    """Two townships, and a standard that asks about a fact, in force in March."""
    opening = [FACTUAL if one is STANDARD else one for one in OPENING]
    async with submission(database, tmp_path / "clock", MARCH, [*opening, NEXT_DOOR]) as serving:
        yield serving


def left(office: str) -> TownshipWithdrawn:
    """The township of that office takes part no longer, from March on."""
    return TownshipWithdrawn(
        programme=PROGRAMME,
        effective_on=MARCH,
        township=office.removesuffix("-office"),
        township_name="…",
        office=office,
        withdrawn_on=MARCH,
        reason="区划调整",
    )


class Clerk:
    """One of the office's clerks, with a draft open before them."""

    def __init__(self, service: Submission, name: str = "clerk-1", office: str = OFFICE) -> None:
        self._http = service.http
        token = service.issuer.token(name, office, ("clerk",))
        self._who = {"Authorization": f"Bearer {token}"}
        self.dossier = f"/v1/dossiers/{PROGRAMME}/{office.removesuffix('-office')}"

    async def send(
        self, method: str, path: str, body: Any = None, version: int | None = None, **headers: str
    ) -> httpx.Response:
        seen = {} if version is None else {"If-Match": f'"{version}"'}
        return await self._http.request(
            method, f"{self.dossier}/{path}", json=body, headers={**self._who, **seen, **headers}
        )

    async def mark(self, item: str, version: int | None, **fields: Any) -> httpx.Response:
        return await self.send("PATCH", f"draft/items/{item}", fields, version)

    async def sheet(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.send("GET", "draft")).json()
        return found

    async def fill(self, **marks: int) -> int:
        """Everything that is named, and the draft's version then."""
        for item, mark_cp in marks.items():
            rows = {row["item"]["code"]: row for row in (await self.sheet())["items"]}
            answer = await self.mark(item, rows[item]["version"], mark_cp=mark_cp)
            assert answer.status_code == 200, answer.text
        return int((await self.sheet())["draft_version"])

    async def freeze(self, version: int, kind: str = "full", **more: Any) -> httpx.Response:
        key = more.pop("key", uuid4().hex)
        body = {"kind": kind, "draft": version, **more}
        return await self.send("POST", "self-assessments", body, **{"Idempotency-Key": key})
