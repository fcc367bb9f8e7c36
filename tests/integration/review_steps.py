"""How a case is taken along its path over HTTP, as far as a test needs."""

from typing import Any

import asyncpg
import httpx
from pydantic import TypeAdapter

from shared.contracts.programme import StandardPublished
from tests.integration.review import (
    CITY,
    DEFINITION,
    DISTRICT,
    FIRST,
    PROGRAMME,
    SECOND,
    Review,
    application,
    full,
)

LETTER = {
    "title": "关于推荐复验的函",
    "issued_on": "2018-09-20",
    "number": "山安监函〔2018〕20号",
    "sha256": "ab" * 32,
}
TEAM = {"chen": "leader", "li": "member", "wang": "member"}
CATEGORIES = [one["code"] for one in DEFINITION["standard"]["categories"]]


def case(township: str, round: int = 1) -> str:
    return f"/v1/cases/shanting-2018/{township}/{round}"


def month(first: int, round: int) -> int:
    """A second round goes the same way two months later."""
    return first + 2 * (round - 1)


def code(answer: httpx.Response) -> str:
    return str(answer.json().get("code", answer.status_code))


async def prepared(empty: Review) -> Review:
    """The programme is open, officers are known, two offices have applied."""
    opened = await empty.post("/v1/programmes", DEFINITION, "o1", "officer")
    assert opened.status_code == 201, opened.text
    for officer in (*TEAM, "zhao"):
        where = f"{FIRST}-office" if officer == "zhao" else DISTRICT
        posting = {
            "organisation": where,
            "post": "科员",
            "name": officer,
            "from_on": "2015-01-01",
        }
        put = await empty.post(
            f"/v1/officers/{officer}", {"postings": [posting]}, "o1", "officer", method="PUT"
        )
        assert put.status_code == 200, put.text
    empty.on(9, 3)
    for township in (FIRST, SECOND):
        await empty.hear(application(await standard(empty), township))
    return empty


async def standard(service: Review) -> StandardPublished:
    found = await service.get(PROGRAMME)
    return TypeAdapter(StandardPublished).validate_python(found["standard"])


def team(members: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "members": [
            {"officer": officer, "role": role, "categories": CATEGORIES}
            for officer, role in (members or TEAM).items()
        ]
    }


async def did(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def agreed(service: Review, township: str, round: int = 1) -> int:
    """A case as far as its consensus; answers the version."""
    at, nine = case(township, round), month(9, round)
    service.on(nine, 5)
    await did(await service.post(f"{at}/team", team(), "o1", "officer"))
    visit = {
        "starts_at": f"2018-{nine:02}-10T09:00:00+08:00",
        "ends_at": f"2018-{nine:02}-10T17:00:00+08:00",
        "place": "安监办",
    }
    planned = await did(await service.post(f"{at}/inspections", visit, "chen", "member"))
    service.on(nine, 10)
    minutes = {"present": ["chen", "li"], "document": LETTER | {"issued_on": "2018-09-10"}}
    await did(
        await service.post(
            f"{at}/inspections/{planned['inspection_id']}/record", minutes, "chen", "member"
        )
    )
    marks = [{"item": one.item, "mark_cp": one.mark_cp} for one in full(await standard(service))]
    await did(await service.post(f"{at}/marks", {"marks": marks}, "li", "member"))
    done = await did(await service.post(f"{at}/consensus", {"marks": marks}, "chen", "member"))
    return int(done["version"])


async def passed(service: Review, township: str, round: int = 1) -> None:
    version = await agreed(service, township, round)
    service.on(month(9, round), 14)
    decision = {"decision": "pass"}
    at = f"{case(township, round)}/decision"
    await did(await service.post(at, decision, "liu", "leader", version=version))


async def recommended(service: Review, *townships: str, round: int = 1) -> str:
    """Passed by the district and recommended in one letter; answers its id."""
    for township in townships:
        await passed(service, township, round)
    service.on(month(9, round), 20)
    cases = [case(one, round).removeprefix("/v1/cases/") for one in townships]
    letter: dict[str, Any] = {"cases": cases, "document": LETTER}
    sent = await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
    return str(sent["recommendation_id"])


async def verified(service: Review, *townships: str, round: int = 1) -> None:
    """Recommended in one letter, and passed by the city."""
    await recommended(service, *townships, round=round)
    ten = month(10, round)
    service.on(ten, 15)
    for township in townships:
        marks = {"granularity": "total", "total_cp": 95000, "inspected_on": f"2018-{ten:02}-12"}
        at = case(township, round)
        seen = await did(
            await service.post(f"{at}/city-marks", marks, "sun", "city", organisation=CITY)
        )
        await did(
            await service.post(
                f"{at}/city-decision",
                {"decision": "pass"},
                "sun",
                "city",
                organisation=CITY,
                version=seen["version"],
            )
        )


def award(township: str, plaque: str, round: int = 1) -> dict[str, Any]:
    case_id = case(township, round).removeprefix("/v1/cases/")
    return {"titles": [{"case_id": case_id, "title": "demonstration", "plaque_number": plaque}]}


async def given(service: Review, body: dict[str, Any]) -> httpx.Response:
    return await service.post(f"{PROGRAMME}/awards", body, "sun", "city", organisation=CITY)


async def names(service: Review, township: str) -> dict[str, str | None]:
    """For whom the actor of the last event of each kind acted, as the log says."""
    connection = await asyncpg.connect(service.database)
    try:
        rows = await connection.fetch(
            "SELECT type, on_behalf_of FROM log WHERE subject = $1 ORDER BY version",
            f"shanting-2018/{township}/1",
        )
    finally:
        await connection.close()
    return {row["type"].split(".")[2]: row["on_behalf_of"] for row in rows}
