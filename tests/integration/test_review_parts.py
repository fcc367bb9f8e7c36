"""Every address that a case's acts answer with can be read, by whoever may read the case."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.integration.review import CITY, FIRST, PROGRAMME, SECOND, Review, review
from tests.integration.review_steps import (
    award,
    case,
    code,
    given,
    passed,
    prepared,
    team,
    verified,
)

OFFICE = f"{FIRST}-office"


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as empty:
        yield await prepared(empty)


async def read(service: Review, path: str, role: str, organisation: str) -> httpx.Response:
    who = service.who("r1", role, organisation=organisation)
    return await service.http.get(path, headers=who)


async def test_every_location_that_was_answered_can_be_read(service: Review) -> None:
    answered: set[str] = set()

    async def note(answer: httpx.Response) -> None:
        if answer.request.method == "POST" and answer.status_code == 201:
            answered.add(answer.headers["Location"])

    service.http.event_hooks["response"].append(note)
    await verified(service, FIRST)
    await given(service, award(FIRST, "鲁安〔2018〕1号"))
    reward = {"fund": "district", "basis": "demonstration", "amount_fen": 100}
    await service.post(f"{case(FIRST)}/rewards", reward, "liu", "leader")
    await service.post(f"{case(FIRST)}/closure", {}, "liu", "leader")
    kinds = {
        path.removeprefix(case(FIRST)).split("/")[1] for path in answered if case(FIRST) in path
    }
    acts = {"team", "inspections", "marks", "consensus", "decision", "city-marks", "city-decision"}
    assert acts | {"rewards", "closure"} == kinds
    for path in sorted(answered):
        answer = await read(service, path, "auditor", "audit-bureau")
        assert answer.status_code == 200, (path, answer.text)


async def test_a_part_that_is_not_there_yet_is_named(service: Review) -> None:
    service.on(9, 5)
    await service.post(f"{case(FIRST)}/team", team(), "o1", "officer")
    for part in ("consensus", "decision", "city-marks", "city-decision", "closure", "rewards/x"):
        answer = await read(service, f"{case(FIRST)}/{part}", "officer", "370406-safety")
        assert (answer.status_code, code(answer)) == (404, "case-part-missing"), part
        assert answer.json()["facts"] == {"part": part}
    unknown = await read(service, f"{PROGRAMME}/awards/x", "city", CITY)
    assert (unknown.status_code, code(unknown)) == (404, "award-unknown")


async def test_an_office_reads_the_parts_of_its_own_case_alone(service: Review) -> None:
    await passed(service, FIRST)
    decided = await read(service, f"{case(FIRST)}/decision", "head", OFFICE)
    assert decided.json()["decided_by"] == "liu"
    other = await read(service, f"{case(FIRST)}/decision", "head", f"{SECOND}-office")
    assert (other.status_code, code(other)) == (403, "other-organisation")
