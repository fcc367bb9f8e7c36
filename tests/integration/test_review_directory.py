"""Who may say where an officer serves, who reads it, and what an entry does to a team."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.review import (
    CITY,
    DEFINITION,
    DISTRICT,
    FIRST,
    PROGRAMME,
    SECOND,
    Review,
    review,
)
from tests.integration.review_steps import (
    TEAM,
    case,
    code,
    prepared,
    team,
)


@pytest.fixture
async def empty(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield serving


@pytest.fixture
async def service(empty: Review) -> Review:
    return await prepared(empty)


async def test_a_reviewer_of_the_applicants_own_office_is_refused(service: Review) -> None:
    own = team(TEAM | {"zhao": "member"})
    refused = await service.post(f"{case(FIRST)}/team", own, "o1", "officer")
    assert (refused.status_code, code(refused)) == (409, "own-office-reviewer")
    elsewhere = await service.post(f"{case(SECOND)}/team", own, "o1", "officer")
    assert elsewhere.status_code == 201


async def test_who_left_the_office_before_it_applied_may_review_it(service: Review) -> None:
    body = team(TEAM | {"zhao": "member"})
    service.on(9, 5)
    for until, then, told in (
        ("2018-09-03", "2018-09-04", "own-office-reviewer"),  # the day it applied
        ("2018-09-02", "2018-09-03", "201"),
    ):
        where = moved(f"{FIRST}-office", until, then)
        await service.post("/v1/officers/zhao", where, "o1", "officer", method="PUT")
        assert code(await service.post(f"{case(FIRST)}/team", body, "o1", "officer")) == told


def serving(organisation: str) -> dict[str, Any]:
    posting = {"organisation": organisation, "post": "科员", "name": "赵", "from_on": "2015-01-01"}
    return {"postings": [posting]}


def moved(where: str, until: str, then: str) -> dict[str, Any]:
    return {
        "postings": [
            {**serving(where)["postings"][0], "to_on": until},
            {**serving(DISTRICT)["postings"][0], "from_on": then},
        ]
    }


async def test_only_the_district_of_an_open_programme_enters_officers(service: Review) -> None:
    for stranger in (f"{FIRST}-office", CITY, "370402-safety"):
        refused = await service.post(
            *("/v1/officers/zhao", serving(DISTRICT), "x", "officer"),
            organisation=stranger,
            method="PUT",
        )
        assert (refused.status_code, code(refused)) == (403, "other-organisation")
    assert len(await service.get("/v1/officers/zhao/statements")) == 1


async def test_names_are_for_the_district_and_auditors(service: Review) -> None:
    for path in ("/v1/officers/zhao", "/v1/officers/zhao/statements"):
        office = await service.get(path, "x", "officer", organisation=f"{FIRST}-office")
        assert office["code"] == "other-organisation"
        audit = await service.get(path, "x", "auditor", organisation="audit")
        assert audit == await service.get(path)


async def test_an_officer_is_the_districts_that_entered_them_and_hidden_from_another(
    service: Review,
) -> None:
    other = "370402-safety"
    elsewhere = {"code": "shizhong-2018"}
    elsewhere |= {"district": DEFINITION["district"] | {"organisation": other}}
    opened = await service.post(
        "/v1/programmes", DEFINITION | elsewhere, "q1", "officer", organisation=other
    )
    assert opened.status_code == 201, opened.text

    async def enters(officer: str, organisation: str) -> str:
        path, body = f"/v1/officers/{officer}", serving(organisation)
        put = await service.post(
            path, body, "q1", "officer", organisation=organisation, method="PUT"
        )
        return str(put.json().get("code", "entered"))

    assert await enters("zhao", other) == "officer-not-found"
    for path in ("/v1/officers/zhao", "/v1/officers/zhao/statements"):
        hidden = await service.get(path, "q1", "leader", organisation=other)
        assert hidden["code"] == "officer-not-found"
    assert len(await service.get("/v1/officers/zhao/statements")) == 1
    assert await enters("qian", other) == "entered"
    assert (await service.get("/v1/officers/qian"))["code"] == "officer-not-found"
    assert "postings" in await service.get("/v1/officers/qian", "x", "auditor", organisation="au")


async def test_who_took_a_districts_place_reads_and_enters_its_officers(service: Review) -> None:
    heir = f"{DISTRICT}-emergency"
    taking: dict[str, Any] = {"name": "区应急局", "from_on": "2018-09-03", "successor_of": DISTRICT}
    taking |= {"document": {"title": "机构改革方案", "issued_on": "2018-09-03"}}
    names = f"{PROGRAMME}/organisations/{heir}/names"
    assert (await service.post(names, taking, "o1", "officer")).status_code == 201
    put = await service.post(
        *("/v1/officers/zhao", serving(heir), "o1", "officer"), organisation=heir, method="PUT"
    )
    assert put.status_code == 200, put.text
    told = await service.get("/v1/officers/zhao/statements", "o1", "leader", organisation=heir)
    assert [one["number"] for one in told] == [1, 2]


async def test_an_entry_rewritten_around_an_appointment_stays_on_record(service: Review) -> None:
    body = team(TEAM | {"zhao": "member"})
    service.on(9, 4)
    for where in (DISTRICT, DISTRICT):  # the same again is no new statement
        await service.post("/v1/officers/zhao", serving(where), "o2", "officer", method="PUT")
    assert (await service.post(f"{case(FIRST)}/team", body, "o1", "officer")).status_code == 201
    back = serving(f"{FIRST}-office")
    await service.post("/v1/officers/zhao", back, "o1", "officer", method="PUT")
    again = await service.post(f"{case(FIRST)}/team", body, "o1", "officer")
    assert code(again) == "own-office-reviewer"
    told = await service.get("/v1/officers/zhao/statements", "x", "auditor", organisation="audit")
    assert [
        (one["number"], one["actor"], one["recorded_at"], one["postings"][0]["organisation"])
        for one in told
    ] == [
        (1, f"{DISTRICT}:o1", "2018-02-05T01:00:00Z", f"{FIRST}-office"),
        (2, f"{DISTRICT}:o2", "2018-09-04T01:00:00Z", DISTRICT),
        (3, f"{DISTRICT}:o1", "2018-09-04T01:00:00Z", f"{FIRST}-office"),
    ]


HEIR = f"{FIRST}-emergency"


async def test_the_office_that_took_the_applicants_place_is_its_own_from_that_day(
    service: Review,
) -> None:
    async def appointed(postings: dict[str, Any]) -> str:
        await service.post("/v1/officers/zhao", postings, "o1", "officer", method="PUT")
        body = team(TEAM | {"zhao": "member"})
        return code(await service.post(f"{case(FIRST)}/team", body, "o1", "officer"))

    service.on(9, 4)
    assert await appointed(serving(HEIR)) == "201"
    service.on(9, 5)
    heir: dict[str, Any] = {"name": "山城街道应急办", "from_on": "2018-09-05"}
    heir |= {"successor_of": f"{FIRST}-office"}
    heir |= {"document": {"title": "机构改革方案", "issued_on": "2018-09-05"}}
    names = f"{PROGRAMME}/organisations/{HEIR}/names"
    assert (await service.post(names, heir, "o1", "officer")).status_code == 201
    assert await appointed(serving(HEIR)) == "own-office-reviewer"
    assert await appointed(serving(f"{FIRST}-office")) == "own-office-reviewer"
    assert await appointed(moved(HEIR, "2018-09-04", "2018-09-05")) == "201"
    service.on(9, 7)
    assert await appointed(moved(HEIR, "2018-09-05", "2018-09-06")) == "own-office-reviewer"
