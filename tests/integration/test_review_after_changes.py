"""What was there before a visit was moved, or before a township left, can still be read."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.review import FIRST, PROGRAMME, Review, review
from tests.integration.review_steps import TEAM, case, code, did, prepared, team

VISIT = {
    "starts_at": "2018-09-10T09:00:00+08:00",
    "ends_at": "2018-09-10T11:00:00+08:00",
    "place": "安监办",
}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield await prepared(serving)


async def plan(service: Review, **more: Any) -> Any:
    return await service.post(f"{case(FIRST)}/inspections", VISIT | more, "chen", "member")


async def test_a_visit_that_was_moved_is_shown_with_the_one_that_took_its_place(
    service: Review,
) -> None:
    await did(await service.post(f"{case(FIRST)}/team", team(TEAM), "o1", "officer"))
    first = (await did(await plan(service)))["inspection_id"]
    second = (await did(await plan(service, replaces=first, place="会议室")))["inspection_id"]
    at = f"{case(FIRST)}/inspections"
    old = await service.get(f"{at}/{first}")
    assert (old["scheduled"]["inspection_id"], old["replaced_by"]) == (first, second)
    assert (await service.get(f"{at}/{second}"))["replaced_by"] is None
    listed = await service.get(at)
    assert [one["scheduled"]["inspection_id"] for one in listed] == [second]


@pytest.mark.parametrize("instant", [1536541200, "1999-12-31T09:00:00+08:00"])
async def test_the_hour_of_a_visit_is_written_out(service: Review, instant: object) -> None:
    await did(await service.post(f"{case(FIRST)}/team", team(TEAM), "o1", "officer"))
    for end in ("starts_at", "ends_at"):
        assert code(await plan(service, **{end: instant})) == "invalid-body"


async def test_the_government_of_a_township_that_left_reads_its_case_on(service: Review) -> None:
    headers = service.who("g", "gov", organisation=f"{FIRST}-gov")
    assert code(await service.http.get(case(FIRST), headers=headers)) == "200"
    leaving = f"{PROGRAMME}/townships/{FIRST}/withdrawal"
    await did(await service.post(leaving, {"reason": "撤并"}, "liu", "leader"))
    assert code(await service.http.get(case(FIRST), headers=headers)) == "200"
    stranger = service.who("g", "gov", organisation="elsewhere-gov")
    assert code(await service.http.get(case(FIRST), headers=stranger)) == "other-organisation"
