"""What a later round shows of the one before, and the three marks of each item side by side."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.blocks import Mark
from shared.contracts.dossier import ApplicationSubmitted
from shared.standard import score
from tests.integration.review import CITY, FIRST, PROGRAMME, Review, application, full, review
from tests.integration.review_steps import agreed, case, did, prepared, recommended, standard, team

OFFICE = {"organisation": f"{FIRST}-office"}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield await prepared(serving)


async def returned(service: Review, *items: str) -> None:
    version = await agreed(service, FIRST)
    service.on(9, 14)
    asked = [{"item": one, "reason": f"{one} 证据不足", "example": "批复原件"} for one in items]
    await did(
        await service.post(
            f"{case(FIRST)}/decision",
            {"decision": "return", "items": asked},
            "liu",
            "leader",
            version=version,
        )
    )


def second_round(first: ApplicationSubmitted, marks: tuple[Mark, ...]) -> ApplicationSubmitted:
    return replace(first, effective_on=date(2018, 11, 1), marks=marks)


async def test_a_team_sees_first_what_was_asked_or_has_changed(service: Review) -> None:
    await returned(service, "JG-2")
    found = await standard(service)
    marks = list(full(found))
    third = next(place for place, one in enumerate(marks) if one.item == "ZF-1")
    marks[third] = replace(marks[third], evidence=("cd" * 32,))
    service.on(11, 1)
    again = application(found, FIRST, round=2)
    await service.hear(second_round(again, tuple(marks)))
    service.on(11, 5)
    at = case(FIRST, 2)
    await did(await service.post(f"{at}/team", team(), "o1", "officer"))

    changes = await service.get(f"{at}/changes", "liu", "leader")
    assert changes["previous_case_id"] == f"shanting-2018/{FIRST}/1"
    assert (changes["outcome"], changes["returned_by"]) == ("returned", "district")
    first, second, *rest = changes["items"]
    assert (first["item"], first["asked"], first["example"]) == (
        "JG-2",
        "JG-2 证据不足",
        "批复原件",
    )
    assert (first["mark_changed"], first["evidence_changed"]) == (False, False)
    assert (second["item"], second["evidence_changed"], second["asked"]) == ("ZF-1", True, None)
    assert first["before"]["district_cp"] == first["before"]["self_cp"] == first["now"]["self_cp"]
    assert first["now"]["district_cp"] is None
    assert not any(one["asked"] or one["mark_changed"] for one in rest)

    sheet = await service.get(f"{at}/marking-sheet", "li", "member")
    assert [one["item"] for one in sheet[:2]] == ["JG-2", "ZF-1"]
    assert sheet[0]["previous"]["asked"] == "JG-2 证据不足"


async def test_a_first_round_has_nothing_before_it(service: Review) -> None:
    answer = await service.get(f"{case(FIRST)}/changes", "liu", "leader")
    assert answer["code"] == "no-previous-review"
    await did(await service.post(f"{case(FIRST)}/team", team(), "o1", "officer"))
    sheet = await service.get(f"{case(FIRST)}/marking-sheet", "li", "member")
    assert {one["previous"] for one in sheet} == {None}


async def test_the_office_sees_what_was_asked_and_no_new_mark_of_the_team(
    service: Review,
) -> None:
    await returned(service, "JG-1")
    found = await standard(service)
    lower = tuple(replace(one, mark_cp=0) if one.item == "JG-2" else one for one in full(found))
    again = replace(application(found, FIRST, round=2), totals=score(found, lower))
    service.on(11, 1)
    await service.hear(second_round(again, lower))
    await agreed(service, FIRST, round=2)
    at = f"{case(FIRST, 2)}/changes"
    mine = await service.get(at, "head", "head", **OFFICE)
    assert {one["now"]["district_cp"] for one in mine["items"]} == {None}
    changed = {one["item"] for one in mine["items"] if one["mark_changed"]}
    assert changed == {"JG-2"}
    theirs = await service.get(at, "liu", "leader")
    assert None not in {one["now"]["district_cp"] for one in theirs["items"]}


async def test_three_marks_stand_side_by_side_each_with_its_hand_and_day(
    service: Review,
) -> None:
    await recommended(service, FIRST)
    service.on(10, 15)
    everything = full(await standard(service))
    city: dict[str, Any] = {
        "granularity": "item",
        "marks": [
            {"item": one.item, "mark_cp": one.mark_cp, "reason": "现场核对"} for one in everything
        ],
        "inspected_on": "2018-10-12",
    }
    at = case(FIRST)
    await did(await service.post(f"{at}/city-marks", city, "sun", "city", organisation=CITY))
    found = await service.get(at)
    item = found["items"][0]
    assert (item["own"]["signed_by"], item["own"]["on"]) == ("head", "2018-09-03")
    assert (item["district"]["leader"], item["district"]["on"]) == ("chen", "2018-09-10")
    assert item["district"]["mark"]["marked_by"] == ["li"]
    assert (item["city"]["inspected_on"], item["city"]["on"]) == ("2018-10-12", "2018-10-15")
    assert item["city"]["mark"]["reason"] == "现场核对"
    assert item["own"]["mark"]["reason"] is None, "one mark's reason is no other's"
    assert found["totals"]["city_granularity"] == "item"
    assert all(one["city"]["total_cp"] == one["own"]["total_cp"] for one in found["categories"])


async def test_a_citys_total_alone_stands_beside_the_items_that_it_does_not_mark(
    service: Review,
) -> None:
    await recommended(service, FIRST)
    service.on(10, 15)
    total = {"granularity": "total", "total_cp": 95_000, "inspected_on": "2018-10-12"}
    at = case(FIRST)
    await did(await service.post(f"{at}/city-marks", total, "sun", "city", organisation=CITY))
    found = await service.get(at)
    assert {one["city"] for one in found["items"]} == {None}
    assert {one["city"] for one in found["categories"]} == {None}
    assert found["totals"] == {
        "self_cp": 100_000,
        "district_cp": 100_000,
        "city_cp": 95_000,
        "city_granularity": "total",
    }


async def test_an_office_that_failed_waits_and_a_rejected_round_hides_nothing(
    service: Review,
) -> None:
    rules = {"decide_wd": 30, "resubmit_wd": 20, "reapply_wd": 30}
    body = {"kind": "deadlines", "rules": rules}
    await did(await service.post(f"{PROGRAMME}/rules", body, "liu", "leader"))
    version = await agreed(service, FIRST)
    service.on(9, 14)
    failing = {"decision": "fail", "reasons": [{"code": "weak", "text": "台账不实"}]}
    at = f"{case(FIRST)}/decision"
    await did(await service.post(at, failing, "liu", "leader", version=version))
    closed = (await service.get(case(FIRST)))["closed"]
    assert closed["may_reapply_on"] > "2018-10-15"

    service.on(11, 20)
    found = await standard(service)
    for round, day in ((2, date(2018, 9, 20)), (3, date(2018, 10, 15)), (4, date(2018, 11, 19))):
        again = application(found, FIRST, round=round)
        await service.hear(replace(again, effective_on=day))
    for round in (2, 3):
        assert (await service.get(case(FIRST, round)))["code"] == "case-unknown"
    opened = (await service.get(case(FIRST, 4)))["opened"]
    assert opened["previous_case_id"] == f"shanting-2018/{FIRST}/1"
