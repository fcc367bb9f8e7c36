"""Who may say where an officer serves, who reads it, and what an entry does to a team."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.review import (
    CITY,
    DISTRICT,
    FIRST,
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


async def test_the_dated_directory_decides_where_an_officer_served(service: Review) -> None:
    postings = [
        {
            "organisation": f"{FIRST}-office",
            "post": "主任",
            "name": "赵",
            "from_on": "2015-01-01",
            "to_on": "2018-09-04",
        },
        {"organisation": DISTRICT, "post": "科长", "name": "赵", "from_on": "2018-09-05"},
    ]
    await service.post("/v1/officers/zhao", {"postings": postings}, "o1", "officer", method="PUT")
    body = team(TEAM | {"zhao": "member"})
    service.on(9, 4)
    early = await service.post(f"{case(FIRST)}/team", body, "o1", "officer")
    assert code(early) == "own-office-reviewer"
    service.on(9, 5)
    assert (await service.post(f"{case(FIRST)}/team", body, "o1", "officer")).status_code == 201


def serving(organisation: str) -> dict[str, Any]:
    posting = {"organisation": organisation, "post": "科员", "name": "赵", "from_on": "2015-01-01"}
    return {"postings": [posting]}


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
