"""What a case refuses over HTTP: each code once at least, and nothing moves by it."""

import ast
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.refusals import REFUSALS
from tests.integration.case_refusals import (
    AT,
    BEYOND_RULES,
    ITEMS,
    ONE_REWARD,
    PLAQUE,
    STAGES,
    TITLE,
    marks,
    visit,
)
from tests.integration.review import (
    CITY,
    FIRST,
    PROGRAMME,
    ROOT,
    Review,
    full,
    review,
)
from tests.integration.review_steps import (
    LETTER,
    code,
    did,
    given,
    prepared,
    standard,
    team,
)

ROOM = ROOT / "services" / "review"
MODULES = (
    *("case", "access", "place", "appointment", "team", "consensus", "verdict", "veto", "letters"),
    *("city", "title", "titles", "reward", "views", "review_changes"),
    *("cases_api", "letters_api", "titles_api"),
)
# What no command here can bring about, and why.
UNSEEN = {
    "award-unknown": "see test_review_parts: only a reading says so",
    "not-yet-known": "the district would have to pass a case while its letter is being sent",
    "standard-unknown": "a case is opened only under a standard that is known",
    "rules-not-in-force": "the shipped programme has all its rules from its first day",
    "plaque-number-empty": "the body asks for a text",
    "vetoed": "see test_review_acts: what is vetoed goes no further on this path",
    "title-replaced": "see test_review_titles: it takes a second round",
}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield await prepared(serving)


async def by_the_city(service: Review, act: str, **body: Any) -> None:
    version = (await service.get(AT))["version"]
    await did(
        await service.post(f"{AT}/{act}", body, "sun", "city", organisation=CITY, version=version)
    )


async def total(service: Review, total_cp: int) -> None:
    await by_the_city(
        service, "city-marks", granularity="total", total_cp=total_cp, inspected_on="2018-09-20"
    )


async def walk(service: Review, stage: str, made: dict[str, str]) -> None:
    """One step further: from the stage before to this one."""
    body: dict[str, Any]
    match stage:
        case "opened":
            service.on(9, 5)
        case "appointed":
            seats_ = team()
            seats_["members"][2]["categories"] = ["DA"]
            await did(await service.post(f"{AT}/team", seats_, "o1", "officer"))
            planned = await service.post(f"{AT}/inspections", visit(), "chen", "member")
            made["visit"] = (await did(planned))["inspection_id"]
        case "held":
            service.on(9, 10)
            minutes = {"present": ["chen", "li"], "document": LETTER | {"issued_on": "2018-09-10"}}
            at = f"{AT}/inspections/{made['visit']}/record"
            await did(await service.post(at, minutes, "chen", "member"))
        case "marked":
            await did(await service.post(f"{AT}/marks", {"marks": marks()}, "li", "member"))
        case "agreed":
            done = await service.post(f"{AT}/consensus", {"marks": marks()}, "chen", "member")
            await did(done)
        case "passed":
            version = (await service.get(AT))["version"]
            body = {"decision": "pass"}
            await did(await service.post(f"{AT}/decision", body, "liu", "leader", version=version))
        case "recommended":
            service.on(9, 20)
            letter = {"cases": [f"shanting-2018/{FIRST}/1"], "document": LETTER}
            await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
        case "short":
            await total(service, 79_999)
        case "compliant":
            await total(service, 85_000)
        case "verified":
            await by_the_city(service, "city-decision", decision="pass")
        case "awarded":
            one = {"case_id": f"shanting-2018/{FIRST}/1", "title": "compliant"}
            await did(await given(service, {"titles": [one | {"plaque_number": PLAQUE}]}))
            for name, body in (
                ("reward", ONE_REWARD),
                ("paid", BEYOND_RULES),
                ("gone", BEYOND_RULES | {"fund": "district", "basis": "on-time"}),
            ):
                granted = await service.post(f"{AT}/rewards", body, "liu", "leader")
                made[name] = (await did(granted))["reward_id"]
            for name, act, body in (
                ("paid", "payment", {"amount_fen": 100}),
                ("gone", "cancellation", {"reason": "误录"}),
            ):
                at = f"{AT}/rewards/{made[name]}/{act}"
                await did(await service.post(at, body, "liu", "leader"))
        case "closed":
            await did(await service.post(f"{AT}/closure", {}, "liu", "leader"))
            gone = {"code": "forged", "reason": "弄虚作假"}
            await did(await service.post(f"{TITLE}/revocation", gone, "liu", "leader"))
            part = f"{AT}/rewards/{made['reward']}/cancellation"
            await did(await service.post(part, {"reason": "撤销"}, "liu", "leader"))


@pytest.mark.parametrize("stage", STAGES)
async def test_a_refusal_is_told_by_its_code_and_moves_nothing(service: Review, stage: str) -> None:
    made: dict[str, str] = {}
    names = list(STAGES)
    for one in names[: names.index(stage) + 1]:
        await walk(service, one, made)
    before = service.log.committed
    seen = (await service.get(AT))["version"]
    for attempt in STAGES[stage]:
        path = attempt.path.format(**made)
        if attempt.get:
            who = service.who(attempt.officer, attempt.role, organisation=attempt.organisation)
            answer = await service.http.get(path, headers=who)
        else:
            answer = await service.post(
                path,
                dict(attempt.body),
                attempt.officer,
                attempt.role,
                organisation=attempt.organisation,
                version=seen if attempt.version == -1 else attempt.version,
            )
        assert (code(answer), answer.status_code) == (
            attempt.code,
            REFUSALS[attempt.code].status,
        ), f"{path}: {answer.text}"
        assert 400 <= answer.status_code < 500
        assert service.log.committed == before, f"{path} moved something"
    assert (await service.get(AT))["version"] == seen
    assert len(full(await standard(service))) == len(ITEMS)


def raised() -> set[str]:
    """Every code that a module of cases raises itself."""
    found = set()
    for module in MODULES:
        for node in ast.walk(ast.parse((ROOM / f"{module}.py").read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name("Refused" | "Unavailable"), args=[ast.Constant(one), *_]
                ):
                    found.add(str(one))
    return found


def test_every_code_of_a_case_is_refused_once_at_least() -> None:
    tried = {one.code for attempts in STAGES.values() for one in attempts}
    assert raised() - tried - set(UNSEEN) == set()
