"""What a programme refuses over HTTP: each code once at least, and nothing moves by it."""

import ast
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from shared.contracts.refusals import REFUSALS
from tests.integration.programme_refusals import (
    NAME,
    NAMES,
    OPENINGS,
    RULES,
    SCHEDULE,
    SECOND_TIME,
    SHEETS,
    STANDARDS,
    SUBJECTS,
    TAKING_PART,
    Attempt,
    sheet,
)
from tests.integration.review import DEFINITION, DISTRICT, PROGRAMME, ROOT, Review, review
from tests.integration.review_steps import code, did

# Those that are raised here for others to hear: cases ask for deadlines and for their district.
OF_CASES = {"rules-not-in-force"}
ROOM = ROOT / "services" / "review" / "programmes"
MODULES = (
    *("programme", "opening", "publishing", "schedule", "organisations", "annual"),
    *("definition", "standards", "allowed", "annual_api", "views"),
)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        await did(await serving.post("/v1/programmes", DEFINITION, "o1", "officer"))
        yield serving


async def refuses(service: Review, attempts: Sequence[Attempt], under: str = PROGRAMME) -> None:
    """Each attempt gets its code and its status, and the programme is as it was."""
    for one in attempts:
        service.on(*one.on)
        before = await service.get(PROGRAMME)
        answer = await service.post(
            f"{under}{one.path}",
            dict(one.body),
            "liu",
            one.role,
            organisation=one.organisation,
            method=one.method,
        )
        assert (code(answer), answer.status_code) == (
            one.code,
            REFUSALS[one.code].status,
        ), f"{one.path}: {answer.text}"
        assert (await service.get(PROGRAMME))["version"] == before["version"], one.path


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_what_cannot_be_is_refused_and_changes_nothing(service: Review, subject: str) -> None:
    await refuses(service, SUBJECTS[subject])


async def test_what_cannot_be_opened_is_not_there_afterwards(service: Review) -> None:
    await refuses(service, OPENINGS, "/v1/programmes")
    assert (await service.get("/v1/programmes/other"))["code"] == "unknown-programme"


async def test_a_programme_that_nobody_opened_takes_nothing(service: Review) -> None:
    for one in (*SCHEDULE, *NAMES, *SHEETS):
        if one.code == "role-not-allowed" or one.code == "invalid-body":
            continue
        answer = await service.post(
            f"/v1/programmes/other{one.path}", dict(one.body), "liu", one.role, method=one.method
        )
        assert (answer.status_code, code(answer)) == (404, "unknown-programme")


async def test_what_was_never_there_is_not_found(service: Review) -> None:
    for path, wanted in (
        ("/annual-assessments/2018", "annual-assessment-missing"),
        ("/organisations/x", "unknown-organisation"),
    ):
        answer = await service.http.get(f"{PROGRAMME}{path}", headers=service.who("o1", "officer"))
        assert (answer.status_code, code(answer)) == (404, wanted)


@pytest.mark.parametrize("as_of", ["0", "1527782400", "2018-06", "x", "2018-06-01T00:00:00Z"])
async def test_a_day_that_is_none_is_the_callers_mistake(service: Review, as_of: str) -> None:
    for path in ("", "/organisations", f"/organisations/{DISTRICT}"):
        found = await service.get(f"{PROGRAMME}{path}?as_of={as_of}")
        assert found["code"] == "invalid-parameter"


async def test_a_place_is_taken_and_a_year_is_signed_once(service: Review) -> None:
    service.on(6, 1)
    paper = {"title": "机构改革方案", "issued_on": "2018-06-01"}
    heir = NAME | {"successor_of": DISTRICT, "document": paper}
    await did(await service.post(f"{PROGRAMME}/organisations/x/names", heir, "o1", "officer"))
    await did(await service.post(f"{PROGRAMME}/annual-assessments", sheet(), "liu", "leader"))
    await refuses(service, SECOND_TIME)


async def test_a_programme_that_is_over_keeps_what_it_was(service: Review) -> None:
    service.on(6, 1)
    await did(await service.post(f"{PROGRAMME}/closure", {"achieved": 0}, "liu", "leader"))
    over = [
        Attempt("programme-closed", one.path, one.body, role=one.role, method=one.method)
        for one in (*STANDARDS, *RULES, *SCHEDULE, *TAKING_PART)
        if one.code not in ("role-not-allowed", "other-organisation", "invalid-body")
    ]
    await refuses(service, over)


def test_every_code_that_a_programme_raises_is_asked_for_here() -> None:
    raised = {
        node.args[0].value
        for module in MODULES
        for node in ast.walk(ast.parse((ROOM / f"{module}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Refused"
        and isinstance(node.args[0], ast.Constant)
    }
    asked = {one.code for group in (*SUBJECTS.values(), OPENINGS, SECOND_TIME) for one in group}
    asked |= {"programme-closed", "unknown-programme"}
    assert raised - asked - OF_CASES == set()
