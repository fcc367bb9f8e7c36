"""The review service over HTTP, on a real database, with the programme as it is shipped."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import TypeAdapter

from shared.contracts.dossier import WithdrawalRequested
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
    review,
)

LETTER = {
    "title": "关于推荐复验的函",
    "issued_on": "2018-09-20",
    "number": "山安监函〔2018〕20号",
    "sha256": "ab" * 32,
}
TEAM = {"chen": "leader", "li": "member", "wang": "member"}
CATEGORIES = [one["code"] for one in DEFINITION["standard"]["categories"]]


def case(township: str) -> str:
    return f"/v1/cases/shanting-2018/{township}/1"


def code(answer: httpx.Response) -> str:
    return str(answer.json().get("code", answer.status_code))


@pytest.fixture
async def empty(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield serving


@pytest.fixture
async def service(empty: Review) -> Review:
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


async def agreed(service: Review, township: str) -> int:
    """A case as far as its consensus; answers the version."""
    at = case(township)
    service.on(9, 5)
    await did(await service.post(f"{at}/team", team(), "o1", "officer"))
    visit = {
        "starts_at": "2018-09-10T09:00:00+08:00",
        "ends_at": "2018-09-10T17:00:00+08:00",
        "place": "安监办",
    }
    planned = await did(await service.post(f"{at}/inspections", visit, "chen", "member"))
    service.on(9, 10)
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


async def passed(service: Review, township: str) -> None:
    version = await agreed(service, township)
    service.on(9, 14)
    decision = {"decision": "pass"}
    at = f"{case(township)}/decision"
    await did(await service.post(at, decision, "liu", "leader", version=version))


async def verified(service: Review, *townships: str) -> None:
    """Recommended in one letter, and passed by the city."""
    for township in townships:
        await passed(service, township)
    service.on(9, 20)
    letter = {"cases": [case(one).removeprefix("/v1/cases/") for one in townships]}
    letter |= {"document": LETTER}  # type: ignore[dict-item]  # a body is any JSON
    await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
    service.on(10, 15)
    for township in townships:
        marks = {"granularity": "total", "total_cp": 95000, "inspected_on": "2018-10-12"}
        at = case(township)
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


def award(township: str, plaque: str) -> dict[str, Any]:
    case_id = case(township).removeprefix("/v1/cases/")
    return {"titles": [{"case_id": case_id, "title": "demonstration", "plaque_number": plaque}]}


async def given(service: Review, body: dict[str, Any]) -> httpx.Response:
    return await service.post(f"{PROGRAMME}/awards", body, "sun", "city", organisation=CITY)


async def test_the_shipped_programme_opens_in_one_append(empty: Review) -> None:
    opened = await did(await empty.post("/v1/programmes", DEFINITION, "o1", "officer"))
    found = await empty.get(PROGRAMME)
    assert opened["version"] == opened["position"] == found["version"]
    assert len(found["townships"]) == 10
    assert found["standard"]["in_force_on"] == "2018-02-05"
    again = await empty.post("/v1/programmes", DEFINITION, "o1", "officer")
    assert code(again) == "programme-exists"


async def test_only_its_own_district_opens_a_programme(empty: Review) -> None:
    other = await empty.post(
        "/v1/programmes", DEFINITION, "o1", "officer", organisation="370402-safety"
    )
    assert (other.status_code, code(other)) == (403, "other-organisation")


async def test_a_misspelt_field_of_a_definition_is_refused(empty: Review) -> None:
    odd = DEFINITION | {"standard": DEFINITION["standard"] | {"pass_mark": 1}}
    refused = await empty.post("/v1/programmes", odd, "o1", "officer")
    assert (refused.status_code, code(refused)) == (422, "invalid-body")


async def test_a_case_goes_from_application_to_plaque_money_and_end(service: Review) -> None:
    await verified(service, FIRST, SECOND)
    service.on(11, 1)
    body = award(FIRST, "枣安标〔2018〕1号")
    body["titles"] += award(SECOND, "枣安标〔2018〕2号")["titles"]
    await did(await given(service, body))
    at = case(FIRST)
    grant = {"fund": "city", "basis": "on-time", "amount_fen": 5_000_000}
    reward = await did(await service.post(f"{at}/rewards", grant, "liu", "leader"))
    payment = f"{at}/rewards/{reward['reward_id']}/payment"
    await did(await service.post(payment, {"amount_fen": 5_000_000}, "liu", "leader"))
    more = await service.post(payment, {"amount_fen": 1}, "liu", "leader")
    assert (more.status_code, code(more)) == (409, "payment-over-grant")
    await did(await service.post(f"{at}/closure", {}, "liu", "leader"))

    found = await service.get(at)
    assert (found["stage"], found["closed"]["outcome"]) == ("closed", "awarded")
    assert found["title"]["plaque_number"] == "枣安标〔2018〕1号"
    assert found["rewards"][0]["paid_fen"] == 5_000_000
    assert found["recommended"]["cases"] == [
        f"shanting-2018/{FIRST}/1",
        f"shanting-2018/{SECOND}/1",
    ]
    items = found["items"]
    assert all(one["self_cp"] == one["district_cp"] == one["max_cp"] for one in items)


async def test_an_office_that_applied_is_heard_once(service: Review) -> None:
    found = await service.get(f"/v1/cases?programme=shanting-2018&township={FIRST}")
    (row,) = found["cases"]
    assert (row["stage"], row["self_total_cp"]) == ("opened", 100_000)
    # Thirty working days from 3 September: the 24th and a week of October off, two weekends worked.
    assert row["decide_by_on"] == "2018-10-19"


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


@pytest.mark.parametrize(
    "path",
    [
        "/v1/programmes/%00",
        "/v1/programmes/a.b",
        "/v1/programmes?after=%00",
        "/v1/cases/shanting-2018/%00/1",
        "/v1/cases/shanting-2018/370406001/0",
        "/v1/cases?programme=%00",
        "/v1/cases?programme=shanting-2018&township=%00",
        "/v1/cases?programme=shanting-2018&status=%00",
        "/v1/cases?programme=shanting-2018&after=%00",
        "/v1/officers/%00",
        f"/v1/officers/{'x' * 101}/statements",
    ],
)
async def test_an_address_that_names_nothing_is_the_callers_mistake(
    service: Review, path: str
) -> None:
    answer = await service.http.get(path, headers=service.who("o1", "officer"))
    assert answer.status_code in (404, 422) or answer.json()["cases"] == [], answer.text


async def test_nobody_marks_before_the_inspection(service: Review) -> None:
    await did(await service.post(f"{case(FIRST)}/team", team(), "o1", "officer"))
    refused = await service.post(
        f"{case(FIRST)}/marks", {"marks": [{"item": "JG-1", "mark_cp": 4000}]}, "li", "member"
    )
    assert (refused.status_code, code(refused)) == (409, "inspection-not-held")


async def test_a_decision_names_the_version_it_rests_on(service: Review) -> None:
    version = await agreed(service, FIRST)
    at, body = f"{case(FIRST)}/decision", {"decision": "pass"}
    blind = await service.post(at, body, "liu", "leader")
    assert (blind.status_code, code(blind)) == (428, "if-match-required")
    stale = await service.post(at, body, "liu", "leader", version=version - 1)
    assert (stale.status_code, code(stale)) == (412, "version-mismatch")
    assert (await service.get(case(FIRST)))["version"] == version


async def test_who_marked_does_not_decide(service: Review) -> None:
    version = await agreed(service, FIRST)
    refused = await service.post(
        f"{case(FIRST)}/decision", {"decision": "pass"}, "li", "leader", version=version
    )
    assert (refused.status_code, code(refused)) == (403, "decider-marked")


async def test_a_plaque_number_is_given_once_however_it_is_typed(service: Review) -> None:
    await verified(service, FIRST, SECOND)
    service.on(11, 1)
    await did(await given(service, award(FIRST, "枣安标〔2018〕1号")))
    again = await given(service, award(SECOND, "枣安标[2018] １号"))
    assert (again.status_code, code(again)) == (409, "plaque-in-use")
    assert (await service.get(case(SECOND)))["stage"] == "city-passed"


async def test_a_letter_with_one_unfit_case_recommends_none(service: Review) -> None:
    await passed(service, FIRST)
    letter = {
        "cases": [f"shanting-2018/{FIRST}/1", f"shanting-2018/{SECOND}/1"],
        "document": LETTER | {"issued_on": "2018-09-14"},
    }
    refused = await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader")
    assert (refused.status_code, code(refused)) == (409, "wrong-stage")
    assert (await service.get(case(FIRST)))["stage"] == "preliminary-passed"


async def test_what_the_district_does_for_the_city_is_in_the_citys_name(service: Review) -> None:
    version = await agreed(service, FIRST)
    service.on(9, 14)
    at = case(FIRST)
    await did(
        await service.post(f"{at}/decision", {"decision": "pass"}, "liu", "leader", version=version)
    )
    service.on(9, 20)
    paper: dict[str, Any] = {"document": LETTER}
    letter = paper | {"cases": [f"shanting-2018/{FIRST}/1"]}
    await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
    before = await names(service, FIRST)
    assert not any(before.values())
    visit = {"level": "city", "place": "安监办", "starts_at": "2018-09-20T10:00:00+08:00"}
    visit["ends_at"] = "2018-09-20T11:00:00+08:00"
    theirs = await service.post(f"{at}/inspections", visit, "chen", "member")
    assert code(theirs) == "other-organisation"
    planned = await did(await service.post(f"{at}/inspections", visit, "o1", "officer"))
    record = f"{at}/inspections/{planned['inspection_id']}/record"
    await did(await service.post(record, paper | {"present": ["sun"]}, "o1", "officer"))
    figures = {"granularity": "total", "total_cp": 90000, "inspected_on": "2018-09-20"}
    seen = await did(await service.post(f"{at}/city-marks", paper | figures, "o1", "officer"))
    passing = paper | {"decision": "pass"}
    await did(
        await service.post(f"{at}/city-decision", passing, "o1", "officer", version=seen["version"])
    )
    titles = paper | award(FIRST, "枣安标〔2018〕1号")
    await did(await service.post(f"{PROGRAMME}/awards", titles, "o1", "officer"))
    after = await names(service, FIRST)
    assert {name: one for name, one in after.items() if name not in before} == {
        "city-passed": CITY,
        "city-marks-recorded": CITY,
        "title-awarded": CITY,
    }
    assert after["inspection-scheduled"] == after["inspection-held"] == CITY


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


async def test_the_district_records_for_the_city_only_with_its_paper(service: Review) -> None:
    await passed(service, FIRST)
    letter = {"cases": [f"shanting-2018/{FIRST}/1"], "document": LETTER}
    service.on(9, 20)
    await did(await service.post(f"{PROGRAMME}/recommendations", letter, "liu", "leader"))
    marks: dict[str, Any] = {
        "granularity": "total",
        "total_cp": 90000,
        "inspected_on": "2018-09-20",
    }
    at = f"{case(FIRST)}/city-marks"
    bare = await service.post(at, marks, "o1", "officer")
    assert (bare.status_code, code(bare)) == (422, "document-missing")
    await did(await service.post(at, marks | {"document": LETTER}, "o1", "officer"))
    assert (await service.get(case(FIRST)))["city_marks"]["on_behalf_of"] == CITY


async def test_greyed_buttons_come_from_the_decisions(service: Review) -> None:
    version = await agreed(service, FIRST)
    found = await service.get(case(FIRST), "liu", "leader")
    acts = {(one["act"], one["of"]): one for one in found["allowed"]}
    assert found["version"] == version
    assert acts["decision", "pass"]["allowed"]
    assert acts["team", None]["code"] == "role-not-allowed"
    assert acts["closure", None]["code"] == "wrong-stage"
    marked = await service.get(case(FIRST), "li", "leader", "member")
    acts = {(one["act"], one["of"]): one for one in marked["allowed"]}
    assert acts["decision", "pass"]["code"] == "decider-marked"
    assert acts["marks", None]["allowed"]
    assert acts["consensus", None]["code"] == "not-team-leader"


async def test_an_office_sees_no_marks_of_the_team_before_the_decision(service: Review) -> None:
    await agreed(service, FIRST)
    office = {"organisation": f"{FIRST}-office"}
    mine = await service.get(case(FIRST), "head", "head", **office)
    assert {one["district_cp"] for one in mine["items"]} == {None}
    assert mine["consensus"] is None
    other = await service.get(case(SECOND), "head", "head", **office)
    assert other["code"] == "other-organisation"


async def test_a_withdrawal_closes_the_case_until_it_is_decided(service: Review) -> None:
    def wish(township: str) -> WithdrawalRequested:
        return WithdrawalRequested(
            programme="shanting-2018",
            effective_on=date(2018, 9, 14),
            township=township,
            township_name=township,
            office=f"{township}-office",
            application_id=f"a-{township}-1",
            round=1,
            requested_on=date(2018, 9, 14),
            reason="材料有误",
        )

    await passed(service, FIRST)
    for township in (FIRST, SECOND):
        await service.hear(wish(township))
    assert (await service.get(case(FIRST)))["closed"] is None
    assert (await service.get(case(SECOND)))["closed"]["outcome"] == "withdrawn"

    await service.hear(application(await standard(service), SECOND, round=2))
    again = await service.get(case(SECOND).removesuffix("1") + "2")
    assert again["opened"]["previous_case_id"] == f"shanting-2018/{SECOND}/1"


async def test_what_is_allowed_at_a_visit_is_what_its_route_takes(service: Review) -> None:
    async def may(act: str, of: str, officer: str, role: str) -> str | None:
        found = await service.get(at, officer, role)
        acts: dict[tuple[str, str], str | None] = {
            (one["act"], one["of"]): one["code"] for one in found["allowed"]
        }
        return acts[act, of]

    at = case(FIRST)
    await did(await service.post(f"{at}/team", team(), "o1", "officer"))
    # Whoever leads the team may sign in as an officer of the district as well.
    assert await may("inspections", "district", "chen", "officer") is None
    assert await may("inspections", "district", "chen", "leader") == "role-not-allowed"
    visit = {
        "starts_at": "2018-09-10T09:00:00+08:00",
        "ends_at": "2018-09-10T17:00:00+08:00",
        "place": "安监办",
    }
    barred = await service.post(f"{at}/inspections", visit, "chen", "leader")
    assert code(barred) == "role-not-allowed"
    planned = await did(await service.post(f"{at}/inspections", visit, "chen", "officer"))
    assert await may("record", planned["inspection_id"], "chen", "officer") is None
    assert await may("record", planned["inspection_id"], "chen", "leader") == "role-not-allowed"


async def test_a_members_table_of_differences_is_for_their_leader(service: Review) -> None:
    await agreed(service, FIRST)
    refused = await service.get(f"{case(FIRST)}/differences", "li", "member")
    assert refused["code"] == "not-team-leader"
    early = await service.get(f"{case(FIRST)}/differences", "chen", "member")
    assert (early["code"], early["facts"]["categories"]) == ("own-marks-missing", CATEGORIES)
    marks = [{"item": one.item, "mark_cp": one.mark_cp} for one in full(await standard(service))]
    await did(await service.post(f"{case(FIRST)}/marks", {"marks": marks}, "chen", "member"))
    assert await service.get(f"{case(FIRST)}/differences", "chen", "member") == []
    sheet = await service.get(f"{case(FIRST)}/marking-sheet", "li", "member")
    assert all(one["own_mark"]["mark_cp"] == one["max_cp"] for one in sheet)


async def test_a_new_calendar_leaves_deadlines_that_were_set(service: Review) -> None:
    year = next(one for one in DEFINITION["calendars"] if one["year"] == 2018)
    holidays = [*year["holidays"], "2018-09-10"]
    body = {"holidays": holidays, "worked_weekends": [], "source": year["source"]}
    at = f"{PROGRAMME}/calendars/2018"
    await did(await service.post(at, body, "o1", "officer", method="PUT"))
    assert (await service.get(case(FIRST)))["opened"]["decide_by_on"] == "2018-10-19"
