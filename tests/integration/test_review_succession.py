"""安监局 became 应急管理局 inside these two years: who takes a place may do what it could."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.review import CITY, DISTRICT, FIRST, PROGRAMME, Review, review
from tests.integration.review_steps import LETTER, case, code, did, names, passed, prepared

CITY_HEIR, DISTRICT_HEIR, OFFICE_HEIR = "370400-emergency", "370406-emergency", f"{FIRST}-new"


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield await prepared(serving)


async def follow(service: Review, heir: str, predecessor: str, from_on: str) -> None:
    body = {"name": "应急管理局", "from_on": from_on, "successor_of": predecessor} | {
        "document": LETTER | {"issued_on": from_on}
    }
    at = f"{PROGRAMME}/organisations/{heir}/names"
    await did(await service.post(at, body, "o1", "officer"))


async def test_who_follows_the_city_is_written_to_and_decides(service: Review) -> None:
    await passed(service, FIRST)
    service.on(9, 20)
    await follow(service, CITY_HEIR, CITY, "2018-09-18")
    letter = {"cases": [f"shanting-2018/{FIRST}/1"], "document": LETTER}
    await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
    assert (await service.get(case(FIRST)))["recommended"]["to"] == CITY_HEIR

    figures: dict[str, Any] = {"granularity": "total", "total_cp": 90000}
    figures["inspected_on"] = "2018-09-20"
    at = f"{case(FIRST)}/city-marks"
    for organisation in (CITY_HEIR, CITY):
        theirs = await service.post(at, figures, "sun", "city", organisation=organisation)
        await did(theirs)
        assert (await names(service, FIRST))["city-marks-recorded"] is None
    stranger = await service.post(at, figures, "sun", "city", organisation=DISTRICT)
    assert (stranger.json()["code"], stranger.json()["facts"]["organisation"]) == (
        "other-organisation",
        CITY_HEIR,
    )
    await did(await service.post(at, figures | {"document": LETTER}, "o1", "officer"))
    assert (await names(service, FIRST))["city-marks-recorded"] == CITY_HEIR


async def test_a_letter_of_a_day_before_is_to_whom_the_place_belonged_then(
    service: Review,
) -> None:
    await passed(service, FIRST)
    service.on(9, 20)
    await follow(service, CITY_HEIR, CITY, "2018-09-18")
    letter = {
        "cases": [f"shanting-2018/{FIRST}/1"],
        "document": LETTER | {"issued_on": "2018-09-17"},
        "effective_on": "2018-09-17",
        "backdated_reason": "补录",
    }
    await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
    assert (await service.get(case(FIRST)))["recommended"]["to"] == CITY


async def test_who_follows_the_district_or_the_office_sees_its_cases(service: Review) -> None:
    async def sees(role: str, organisation: str, path: str) -> str:
        headers = service.who("x", role, organisation=organisation)
        return code(await service.http.get(path, headers=headers))

    cases = "/v1/cases?programme=shanting-2018"
    ways = (
        ("officer", DISTRICT_HEIR, case(FIRST)),
        ("officer", DISTRICT_HEIR, cases),
        ("head", OFFICE_HEIR, case(FIRST)),
    )
    assert {await sees(*way) for way in ways} == {"other-organisation"}
    await follow(service, DISTRICT_HEIR, DISTRICT, "2018-09-03")
    await follow(service, OFFICE_HEIR, f"{FIRST}-office", "2018-09-03")
    assert {await sees(*way) for way in ways} == {"200"}
    assert await sees("head", DISTRICT_HEIR, case(FIRST)) == "other-organisation"
