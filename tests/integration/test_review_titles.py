"""Titles over HTTP: found by their plaques, put right, revoked, and replaced in a later round."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from services.review.packages import letters
from shared.store.streams import Stream
from tests.integration.review import CITY, FIRST, PROGRAMME, SECOND, Review, application, review
from tests.integration.review_steps import (
    award,
    case,
    code,
    did,
    given,
    prepared,
    standard,
    verified,
)

PLAQUE, RIGHT = "枣安标〔2018〕1号", "枣安标〔2018〕7号"


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    """Both offices have passed the city, and the first holds its plaque."""
    async with review(database, tmp_path / "clock") as serving:
        await prepared(serving)
        await verified(serving, FIRST, SECOND)
        serving.on(11, 1)
        await did(await given(serving, award(FIRST, PLAQUE)))
        yield serving


def at(plaque: str, act: str = "") -> str:
    return f"/v1/titles/{quote(plaque, safe='')}{act}"


def right(was: str | None = PLAQUE, is_: str | None = RIGHT, **more: Any) -> dict[str, Any]:
    return {"field": "plaque_number", "was": was, "is": is_, "reason": "印错"} | more


async def correct(service: Review, body: dict[str, Any], plaque: str = PLAQUE) -> httpx.Response:
    return await service.post(at(plaque, "/correction"), body, "liu", "leader")


async def revoke(service: Review, plaque: str = PLAQUE) -> httpx.Response:
    body = {"code": "forged", "reason": "弄虚作假"}
    return await service.post(at(plaque, "/revocation"), body, "sun", "city", organisation=CITY)


async def test_a_title_is_found_however_its_number_is_typed(service: Review) -> None:
    for typed in (PLAQUE, "枣安标[2018]１号", "枣安标（2018） 1号"):
        found = await service.get(at(typed))
        assert (found["plaque_number"], found["state"]) == (PLAQUE, "in-force")
        assert found["case_id"] == f"shanting-2018/{FIRST}/1"
    missing = await service.http.get(at("枣安标〔2018〕9号"), headers=service.who("o1", "officer"))
    assert (missing.status_code, code(missing)) == (404, "plaque-unknown")


async def test_a_corrected_number_leaves_both_used_and_names_what_was_wrong(
    service: Review,
) -> None:
    done = await correct(service, right())
    written = await did(done)
    assert done.headers["location"] == at(PLAQUE)
    events = {
        one.type.split(".")[2]: one
        for one in await service.log.history(Stream("case", f"shanting-2018/{FIRST}/1"))
    }
    wrong = events["title-corrected"].data.decode()
    assert str(events["title-awarded"].id) in wrong
    for number in (PLAQUE, RIGHT):
        found = await service.get(at(number))
        assert (found["plaque_number"], found["plaques"]) == (RIGHT, [PLAQUE, RIGHT])
        assert found["version"] == written["version"]
        again = await given(service, award(SECOND, number))
        assert (again.status_code, code(again)) == (409, "plaque-in-use")
    other = await correct(service, right(RIGHT, "8"), RIGHT)
    assert other.status_code == 201
    back = await correct(service, right("8", PLAQUE), "8")
    assert back.status_code == 201, "its own number may come back to a title"


async def test_a_number_of_another_title_is_not_taken(service: Review) -> None:
    await did(await given(service, award(SECOND, RIGHT)))
    refused = await correct(service, right())
    assert (refused.status_code, code(refused)) == (409, "plaque-in-use")
    assert (await service.get(at(PLAQUE)))["plaque_number"] == PLAQUE


async def test_a_correction_names_an_event_that_said_so(service: Review) -> None:
    other = "0190a0b0-0000-7000-8000-000000000000"
    refused = await correct(service, right(corrects=other))
    assert (refused.status_code, code(refused)) == (422, "correction-of-another")
    for odd in (
        {"field": "title", "was": "demonstration", "is": "golden", "reason": "x"},
        {"field": "valid_until_on", "was": None, "is": "2021", "reason": "x"},
        right(is_=None),
    ):
        answer = await correct(service, odd)
        assert (answer.status_code, code(answer)) == (422, "invalid-body")


async def test_a_title_is_corrected_and_revoked_after_the_end_and_its_money_stopped(
    service: Review,
) -> None:
    grant = {"fund": "city", "basis": "on-time", "amount_fen": 5_000_000}
    wrong = await service.post(f"{case(FIRST)}/rewards", grant | {"amount_fen": 1}, "liu", "leader")
    assert (wrong.status_code, code(wrong)) == (409, "amount-differs-from-rules")
    reward = await did(await service.post(f"{case(FIRST)}/rewards", grant, "liu", "leader"))
    await did(await service.post(f"{case(FIRST)}/closure", {}, "liu", "leader"))
    lower = {"field": "title", "was": "demonstration", "is": "compliant", "reason": "写错"}
    await did(await correct(service, lower))
    until = {"field": "valid_until_on", "was": None, "is": "2021-10-31", "reason": "漏写"}
    await did(await correct(service, until))
    done = await did(await revoke(service))
    again = await did(await revoke(service))
    assert done["version"] == again["version"], "revoked twice, once recorded"
    found = await service.get(at(PLAQUE))
    assert (found["state"], found["title"]) == ("revoked", "compliant")
    assert found["valid_until_on"] == "2021-10-31"
    assert code(await correct(service, right())) == "title-revoked"
    late = await service.post(
        f"{case(FIRST)}/rewards", grant | {"basis": "demonstration"}, "liu", "leader"
    )
    assert code(late) == "title-revoked"
    part = f"{case(FIRST)}/rewards/{reward['reward_id']}"
    assert code(await service.post(f"{part}/payment", {"amount_fen": 1}, "liu", "leader")) == (
        "title-revoked"
    )
    await did(await service.post(f"{part}/cancellation", {"reason": "撤销"}, "liu", "leader"))
    kept = (await service.get(case(FIRST)))["rewards"][0]
    assert kept["cancelled"]["amount_fen"] == 5_000_000
    taken = await given(service, award(SECOND, PLAQUE))
    assert code(taken) == "plaque-in-use"


async def test_only_leaders_of_the_district_and_the_city_touch_a_title(service: Review) -> None:
    body = right()
    officer = await service.post(at(PLAQUE, "/correction"), body, "o1", "officer")
    assert (officer.status_code, code(officer)) == (403, "role-not-allowed")
    for role in ("leader", "city"):
        other = await service.post(
            at(PLAQUE, "/correction"), body, "x", role, organisation="370402-safety"
        )
        assert (other.status_code, code(other)) == (403, "other-organisation")
    posing = await service.post(at(PLAQUE, "/correction"), body, "x", "city")
    assert code(posing) == "other-organisation", "the district is not the city"


async def test_the_register_lists_the_titles_of_a_programme_with_their_states(
    service: Review,
) -> None:
    await did(await given(service, award(SECOND, RIGHT)))
    await did(await revoke(service))
    found = await service.get("/v1/titles?programme=shanting-2018", "b1", "bureau")
    states = {one["plaque_number"]: one["state"] for one in found["titles"]}
    assert states == {PLAQUE: "revoked", RIGHT: "in-force"}
    only = await service.get("/v1/titles?programme=shanting-2018&status=in-force&limit=1")
    assert (only["titles"], only["next"]) == ([], f"shanting-2018/{FIRST}/1")
    rest = await service.get(f"/v1/titles?programme=shanting-2018&after={only['next']}")
    assert [one["plaque_number"] for one in rest["titles"]] == [RIGHT]
    nowhere = await service.http.get(
        "/v1/titles?programme=nowhere", headers=service.who("o1", "officer")
    )
    assert (nowhere.status_code, code(nowhere)) == (404, "unknown-programme")


async def test_a_later_title_replaces_the_one_before_it(service: Review) -> None:
    await did(await service.post(f"{case(FIRST)}/closure", {}, "liu", "leader"))
    again = replace(
        application(await standard(service), FIRST, round=2), effective_on=date(2018, 11, 1)
    )
    await service.hear(again)
    await verified(service, FIRST, round=2)
    service.on(12, 20)
    body = award(FIRST, "枣安标〔2018〕20号", round=2)
    await did(await given(service, body))
    first, second = await service.get(at(PLAQUE)), await service.get(at("枣安标〔2018〕20号"))
    assert (first["state"], first["replaced_by"]) == ("replaced", "枣安标〔2018〕20号")
    assert (second["state"], second["replaces"]) == ("in-force", PLAQUE)
    for answer in (await correct(service, right()), await revoke(service)):
        assert (answer.status_code, code(answer)) == (409, "title-replaced")
    greyed = await service.get(case(FIRST), "liu", "leader")
    acts = {one["act"]: one["code"] for one in greyed["allowed"]}
    assert acts["correction"] == acts["revocation"] == "title-replaced"


async def test_greyed_buttons_of_a_title_come_from_its_decisions(service: Review) -> None:
    async def may(township: str) -> dict[str, str | None]:
        found = await service.get(case(township), "liu", "leader")
        return {one["act"]: one["code"] for one in found["allowed"]}

    assert (await may(FIRST))["correction"] is None
    assert (await may(SECOND))["revocation"] == "title-missing"
    await did(await revoke(service))
    acts = await may(FIRST)
    assert acts["correction"] == acts["revocation"] == acts["rewards"] == "title-revoked"


async def test_a_letter_is_found_in_the_log_by_its_place(service: Review) -> None:
    ((place, sent),) = await letters(service.log, "shanting-2018", after=0, limit=10)
    assert [one.case_id for one in sent.events] == [
        f"shanting-2018/{one}/1" for one in (FIRST, SECOND)
    ]
    assert await letters(service.log, "shanting-2018", after=place, limit=10) == []
    assert PROGRAMME.endswith(sent.first.programme)
