"""`docs/access.csv` says which role may use which route, in whose name; every cell is visited."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.cli import surface as committed
from deploy.cli.services import Service
from shared.web.app import roles_by_route
from shared.web.shown import ROLE_NAMES
from tests.integration.bulletins import DRAFT
from tests.integration.review import DEFINITION, FIRST
from tests.integration.review_steps import LETTER, award
from tests.integration.surfaces import NAMED, PROGRAMME, Surface, in_whose_name, sample, surface

TABLE = committed.DOCS / "access.csv"
NO, OPEN, SIGNED_IN = "-", "open", "signed-in"
ANY, OWN, TEAM, MINE, NAMED_BY_CASE = "any", "own", "team", "mine", "case"
PART = "part"

UPLOAD = "0198a6c2-6f7e-7c3a-9d43-3f3f0e6f2a11"
# Whoever steps down is on no team any more, and a closed programme has no district's officers.
LAST = ("recusals", "closure")

# What they are about comes late in the life of a case; their own tests show who may.
UNREACHED = (
    "/v1/cases/{programme}/{township}/{round}/inspections/{inspection_id}/record",
    "/v1/titles/{plaque}/correction",
    "/v1/titles/{plaque}/revocation",
)
# A file on its way is its sender's alone, and a mailbox that of the organisation that named it.
NOT_FOR_AUDITORS = ("/v1/evidence/uploads/{id}", "/v1/addresses/{organisation}")
CASE = "/v1/cases/{programme}/{township}/{round}"
# Where the least that a document asks for is refused before it is asked whose it is.
BODIES: dict[str, dict[str, Any]] = {
    "/v1/addresses/{organisation}": {"address": "office@example.org"},
    "/v1/bulletins": DRAFT,
    "/v1/dossiers/{programme}/{township}/self-assessments": {"kind": "gap", "marks": []},
    "/v1/programmes": DEFINITION,
    "/v1/programmes/{programme}/awards": award(FIRST, "鲁安〔2018〕1号"),
    "/v1/titles/{plaque}/correction": {
        "field": "title",
        "was": "compliant",
        "is": "demonstration",
        "reason": "误写",
    },
    "/v1/programmes/{programme}/recommendations": {
        "cases": [f"{PROGRAMME}/{FIRST}/1"],
        "document": LETTER,
    },
}

GIVEN = (ANY, OWN, PART, TEAM, MINE, NAMED_BY_CASE)

services = pytest.mark.parametrize("service", list(Service))


@dataclass(frozen=True, slots=True)
class Cell:
    """A role before a route, at home or abroad, and what the table says of it."""

    method: str
    path: str
    role: str
    says: str
    home: bool

    def __str__(self) -> str:
        where = "own" if self.home else "another"
        return f"{self.role} of {where} organisation: {self.method} {self.path} ({self.says})"

    @property
    def allowed(self) -> bool:
        return self.says == ANY or (self.says in (OWN, PART, TEAM, MINE) and self.home)

    @property
    def asker(self) -> tuple[str, str]:
        """Another office of the same programme has its part in it, too: a stranger has none."""
        if self.says == PART and not self.home:
            return "stranger", "370402-safety"
        return in_whose_name(self.role, home=self.home)


def rows(service: Service) -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["service"] == service]


def cells(service: Service) -> Iterator[Cell]:
    for row in rows(service):
        for role in ROLE_NAMES:
            if row[role] not in (OPEN, SIGNED_IN):
                for home in (True, False):
                    yield Cell(row["method"], row["path"], role, row[role], home)


@services
def test_the_table_names_every_route_and_no_other(service: Service) -> None:
    named = [(row["method"], row["path"]) for row in rows(service)]
    assert sorted(named) == sorted(roles_by_route(committed.app_of(service)))


@services
def test_the_table_gives_a_role_what_its_route_gives(service: Service) -> None:
    table = roles_by_route(committed.app_of(service))
    for row in rows(service):
        given = {role for role in ROLE_NAMES if row[role] in GIVEN}
        roles = table[row["method"], row["path"]]
        if roles is None:
            assert {row[role] for role in ROLE_NAMES} <= {OPEN, SIGNED_IN}, row
        else:
            assert given == roles, row


@services
def test_auditors_read_everything_and_change_nothing(service: Service) -> None:
    for row in rows(service):
        reads = row["method"] in ("GET", "HEAD") and row["path"] not in NOT_FOR_AUDITORS
        expected = {ANY, OPEN, SIGNED_IN} if reads else {NO}
        assert row["auditor"] in expected, row


@services
async def test_every_cell_is_as_the_table_says(
    service: Service, database: str, tmp_path: Path
) -> None:
    async with surface(service, database, tmp_path / "clock") as visited:
        document = visited.app.openapi()

        async def wrong(cell: Cell) -> str | None:
            who = visited.who(*cell.asker, cell.role)
            answer = await visit(visited, document, cell, who)
            told = answer.status_code in (401, 403, 404) and cell.method != "HEAD"
            said = answer.json()["code"] if told else ""
            if cell.says == NAMED_BY_CASE:
                # Its team and its city, of which nothing was heard here: nobody is one of them.
                fine = answer.status_code in (403, 404)
            elif cell.allowed:
                fine = answer.status_code not in (401, 403)
            elif cell.says == NO:
                fine = answer.status_code == 403 and said in ("role-not-allowed", "")
            else:
                fine = answer.status_code == 403 and said != "role-not-allowed"
                if cell.says == MINE:
                    fine = answer.status_code == 404 or answer.json() == []
                elif cell.path in UNREACHED:
                    fine = fine or answer.status_code in (404, 409)
            return None if fine else f"{cell}: {answer.status_code} {answer.text[:120]}"

        # Refusals and readings change nothing, so they come before whatever does.
        found = sorted(
            cells(service),
            key=lambda cell: (
                cell.allowed,
                cell.method not in ("GET", "HEAD"),
                cell.path.endswith(LAST),
            ),
        )
        lines = [line for cell in found if (line := await wrong(cell))]
        assert lines == [], "\n".join(lines)


@services
async def test_nobody_is_let_in_without_a_token(
    service: Service, database: str, tmp_path: Path
) -> None:
    async with surface(service, database, tmp_path / "clock") as visited:
        document = visited.app.openapi()
        for row in rows(service):
            cell = Cell(row["method"], row["path"], "clerk", row["clerk"], True)
            answer = await visit(visited, document, cell, {})
            if row["clerk"] == OPEN:
                assert answer.status_code not in (401, 403), cell
            else:
                assert answer.status_code == 401, cell


async def visit(
    visited: Surface, document: dict[str, Any], cell: Cell, who: dict[str, str]
) -> httpx.Response:
    """Ask as a client would that knows the document: everything that is required, and no more."""
    operation = document["paths"].get(cell.path, {}).get(cell.method.lower(), {})
    path, query = cell.path, {}
    headers, auditor = dict(who), visited.who("a1", "audit-bureau", "auditor")
    known = NAMED | {
        "organisation": in_whose_name(cell.role)[1],
        "plaque": "鲁安（2018）1号",
        "id": UPLOAD,
    }
    for one in operation.get("parameters", ()):
        value = known.get(one["name"]) or one.get("example") or sample(one["schema"], document)
        match one["in"]:
            case "path":
                path = path.replace("{" + one["name"] + "}", str(value))
            case "query" if one["name"] == "organisation":
                query["organisation"] = in_whose_name(cell.role)[1]
            case "header" if one["name"] == "If-Match" and one["required"]:
                seen = await visited.http.get(path.rpartition("/")[0], headers=auditor)
                headers["If-Match"] = seen.headers.get("ETag", one["example"])
            case "query" if one["required"]:
                query[one["name"]] = str(value)
    if cell.method not in ("GET", "HEAD"):
        headers |= {"Idempotency-Key": uuid4().hex}
    content = operation.get("requestBody", {}).get("content", {})
    body: dict[str, Any] = {}
    if "application/json" in content:
        least = sample(content["application/json"]["schema"], document)
        here = {name: NAMED[name] for name in ("programme", "township") if name in least}
        body["json"] = BODIES.get(cell.path, least | here)
        if cell.path.endswith("/inspections") and cell.role != "member":
            body["json"] |= {"level": "city"}
        if cell.path.endswith("/recusals") and cell.role != "member":
            body["json"] |= {"officer": "li"}
    elif content:
        kind = next(iter(content))
        headers["Content-Type"] = kind
        body["content"] = b"x"
    # Streams end at once in a service that was told to stop.
    visited.app.state.draining.set()
    answer = await visited.http.request(cell.method, path, params=query, headers=headers, **body)
    visited.app.state.draining.clear()
    return answer
