"""The review service over HTTP, on a real database, with the programme as it is shipped."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.dossier import WithdrawalRequested
from tests.integration.review import (
    CITY,
    DEFINITION,
    FIRST,
    PROGRAMME,
    SECOND,
    Review,
    application,
    full,
    review,
)
from tests.integration.review_steps import (
    CATEGORIES,
    LETTER,
    agreed,
    award,
    case,
    code,
    did,
    given,
    names,
    passed,
    prepared,
    standard,
    team,
    verified,
)


@pytest.fixture
async def empty(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield serving


@pytest.fixture
async def service(empty: Review) -> Review:
    return await prepared(empty)


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
