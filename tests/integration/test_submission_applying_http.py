"""How an office applies and what becomes of it, over HTTP, on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.contracts import case
from tests.integration.submission import Submission, submission
from tests.integration.test_submission_http import DISTRICT, NEIGHBOUR, PLAN, ready, scored
from tests.unit.dossiers import (
    ASKING,
    AUGUST,
    LATER,
    MARCH,
    MAY,
    OPENING,
    SEPTEMBER,
    STANDARD,
    STRICTER,
)
from tests.unit.test_dossier_application import OCTOBER, case_site
from tests.unit.test_dossier_programmes import LEFT


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MARCH) as serving:
        yield serving


async def test_an_application_in_august_is_told_when_to_come(service: Submission) -> None:
    await ready(service)
    refused = (await service.post("applications", {}, "head")).json()
    assert refused["code"] == "window-not-open"
    assert refused["title"] == "申报自 2018年9月1日 起受理"


async def test_below_the_pass_mark_the_sentence_says_how_much_is_missing(
    service: Submission,
) -> None:
    await ready(service)
    await service.post("self-assessments", scored(staff=25, rules=18, files=10), "clerk")
    service.on(SEPTEMBER)
    refused = await service.post("applications", {}, "head")
    assert refused.status_code == 409
    assert refused.json()["title"] == "还差 17.00 分；0 项整改未销号"
    allowed = {one["act"]: one for one in (await service.get("", "head")).json()["allowed"]}
    assert allowed["applications"]["title"] == refused.json()["title"]
    assert allowed["plans"]["allowed"]


async def test_what_is_allowed_depends_on_who_asks(service: Submission) -> None:
    await ready(service)
    service.on(SEPTEMBER)
    head = {one["act"]: one for one in (await service.get("", "head")).json()["allowed"]}
    assert head["applications"]["allowed"]
    assert head["self-assessments"]["code"] == "role-not-allowed"
    clerk = {one["act"]: one for one in (await service.get("", "clerk")).json()["allowed"]}
    assert clerk["self-assessments"]["allowed"]
    assert clerk["applications"]["code"] == "role-not-allowed"


async def test_a_standard_that_was_replaced_no_longer_carries_an_application(
    service: Submission,
) -> None:
    service.on(MAY)
    assert (await service.post("plans", PLAN, "head")).status_code == 201
    assert (await service.post("self-assessments", scored(), "clerk")).status_code == 201
    await service.hear(STRICTER)
    service.on(SEPTEMBER)
    refused = await service.post("applications", {}, "head")
    assert refused.json()["code"] == "assessment-outdated"
    older = await service.post("self-assessments", scored() | {"standard_version": 1}, "clerk")
    assert older.json()["code"] == "standard-not-in-force"


async def applied(service: Submission) -> str:
    """The id of an application made in September."""
    await ready(service)
    service.on(SEPTEMBER)
    answer = await service.post("applications", {}, "head")
    assert answer.status_code == 201, answer.json()
    return str(answer.json()["application_id"])


async def test_the_office_cannot_take_back_what_inspectors_found_and_the_district_can(
    service: Submission,
) -> None:
    application = await applied(service)
    site = case_site(SEPTEMBER) | {"application_id": application}
    await service.hear(
        case.Returned(
            **site,
            by="district",
            items=(case.ReturnedItem(item="files", reason="缺页", self_cp=2_000),),
            totals=None,
            resubmit_by_on=OCTOBER,
            allowed_wd=20,
            decided_by="o1",
        )
    )
    (found,) = (await service.get("deficiencies")).json()
    path = f"deficiencies/{found['deficiency_id']}/withdrawal"
    own = await service.post(path, {"reason": "误录"}, "clerk")
    assert (own.status_code, own.json()["code"]) == (409, "deficiency-found-by-inspectors")
    district = await service.post(path, {"reason": "误录"}, "officer", organisation=DISTRICT)
    assert district.status_code == 201
    (withdrawn,) = (await service.get("deficiencies?status=withdrawn")).json()
    assert withdrawn["deficiency_id"] == found["deficiency_id"]


async def test_a_withdrawal_is_asked_for_and_the_second_round_follows(service: Submission) -> None:
    application = await applied(service)
    asked = await service.post(f"applications/{application}/withdrawal", {"reason": "搬迁"}, "head")
    assert asked.status_code == 201
    site = case_site(SEPTEMBER) | {"application_id": application}
    await service.hear(case.Closed(**site, outcome="withdrawn", closed_on=SEPTEMBER))
    again = await service.post("applications", {}, "head")
    assert (again.status_code, again.json()["round"]) == (201, 2)
    diff = await service.get(f"applications/{again.json()['application_id']}?diff=previous")
    shown = diff.json()["diff"]
    assert shown["changes"] == shown["returned"] == []
    assert shown["was"] == shown["now"]
    assert (shown["now"]["total_cp"], shown["now"]["grade"]) == (10_000, "demonstration")


async def test_an_office_that_left_still_takes_back_its_open_application(
    service: Submission,
) -> None:
    application = await applied(service)
    await service.hear(replace(LEFT, effective_on=SEPTEMBER, withdrawn_on=SEPTEMBER))
    allowed = {one["act"]: one for one in (await service.get("", "head")).json()["allowed"]}
    assert allowed["withdrawal"]["allowed"]
    assert allowed["plans"]["code"] == "township-not-enrolled"
    asked = await service.post(f"applications/{application}/withdrawal", {"reason": "撤并"}, "head")
    assert asked.status_code == 201, asked.json()
    refused = await service.post("plans", PLAN, "head")
    assert refused.json()["code"] == "township-not-enrolled"


async def test_a_team_reads_the_application_it_reviews_and_nothing_else(
    service: Submission,
) -> None:
    application = await applied(service)
    path = f"applications/{application}"
    appointed = case.TeamAppointed(
        **(case_site(SEPTEMBER) | {"application_id": application}),
        team_version=1,
        members=(
            case.Member(officer="member-1", organisation=DISTRICT, role="leader", categories=()),
        ),
        recused=(),
        min_markers=1,
    )
    before = await service.get(path, "member", organisation=DISTRICT)
    assert (before.status_code, before.json()["code"]) == (403, "role-not-allowed")
    await service.hear(appointed)
    read = await service.get(path, "member", organisation=DISTRICT)
    assert (read.status_code, read.headers["ETag"]) == (200, '"3"')
    assert read.json()["submitted"]["application_id"] == application
    elsewhere = await service.get(path, "member", organisation=NEIGHBOUR)
    assert elsewhere.status_code == 403
    assert (await service.get("", "member", organisation=DISTRICT)).status_code == 403


async def test_whoever_failed_is_told_from_when_to_apply_again(service: Submission) -> None:
    site = case_site(SEPTEMBER) | {"application_id": await applied(service)}
    failed = case.Closed(**site, outcome="failed", closed_on=SEPTEMBER, may_reapply_on=OCTOBER)
    await service.hear(failed)
    early = await service.post("applications", {}, "head")
    assert (early.status_code, early.json()["code"]) == (409, "reapply-too-early")
    assert early.json()["title"] == "自 2018年10月15日 起方可再次申报"
    dossier = (await service.get("", "head")).json()
    assert dossier["applications"][0]["closed"]["may_reapply_on"] == "2018-10-15"
    allowed = {one["act"]: one["code"] for one in dossier["allowed"]}
    assert allowed["applications"] == "reapply-too-early"
    service.on(OCTOBER)
    assert (await service.post("self-assessments", scored(), "clerk")).status_code == 201
    assert (await service.post("applications", {}, "head")).status_code == 201


async def test_the_second_application_shows_what_was_done_about_what_was_sent_back(
    service: Submission,
) -> None:
    await ready(service)
    service.on(AUGUST)
    await service.post("self-assessments", scored(files=12), "clerk")
    service.on(SEPTEMBER)
    first = (await service.post("applications", {}, "head")).json()["application_id"]
    site = case_site(SEPTEMBER) | {"application_id": first}
    await service.hear(
        case.Returned(
            **site,
            by="district",
            items=(case.ReturnedItem(item="files", reason="缺页", self_cp=1_200, agreed_cp=500),),
            totals=None,
            resubmit_by_on=OCTOBER,
            allowed_wd=20,
            decided_by="o1",
        ),
        case.Closed(**site, outcome="returned", closed_on=SEPTEMBER),
    )
    service.on(OCTOBER)
    (gap,) = (await service.get("deficiencies")).json()
    path = f"deficiencies/{gap['deficiency_id']}/completion"
    assert (await service.post(path, {"result": "已补"}, "clerk")).status_code == 201
    assert (await service.post("self-assessments", scored(), "clerk")).status_code == 201
    second = (await service.post("applications", {}, "head")).json()["application_id"]
    plain = (await service.get(f"applications/{second}")).json()
    assert plain["diff"] is None
    shown = (await service.get(f"applications/{second}?diff=previous")).json()["diff"]
    assert (shown["was"]["total_cp"], shown["now"]["total_cp"]) == (9_200, 10_000)
    assert shown["changes"] == [{"item": "files", "was_cp": 1_200, "is_cp": 2_000}]
    assert shown["returned"] == [
        {
            "item": "files",
            "was_cp": 1_200,
            "is_cp": 2_000,
            "reason": "缺页",
            "marked_otherwise": True,
            "evidence_added": [],
        }
    ]
    nothing_before = (await service.get(f"applications/{first}?diff=previous")).json()
    assert nothing_before["diff"] is None


async def test_what_an_office_states_goes_from_its_assessment_into_its_application(
    database: str, tmp_path: Path
) -> None:
    opening = [ASKING if event == STANDARD else event for event in OPENING]
    async with submission(database, tmp_path / "clock", MARCH, opening) as service:
        await ready(service)
        unknown = await service.post("self-assessments", scored() | {"facts": ["rain"]}, "clerk")
        assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-fact")
        stated = scored() | {"facts": ["fatal-accident"]}
        assert (await service.post("self-assessments", stated, "clerk")).status_code == 201
        shown = (await service.get()).json()["assessment"]
        assert (shown["facts"], shown["totals"]["vetoes"]) == (["fatal-accident"], ["accident"])
        service.on(SEPTEMBER)
        vetoed = await service.post("applications", {}, "head")
        assert (vetoed.json()["code"], vetoed.json()["facts"]) == (
            "vetoed",
            {"gates": ["事故超标"]},
        )
        assert (await service.post("self-assessments", scored(), "clerk")).status_code == 201
        unsealed = await service.post("applications", {"facts": ["office-unsealed"]}, "head")
        assert unsealed.json()["code"] == "prerequisites-not-met"


async def test_a_target_that_was_moved_is_planned_for_by_its_new_day(service: Submission) -> None:
    later = PLAN | {"reach_on": "2019-01-31"}
    service.on(SEPTEMBER)
    assert (await service.post("plans", later, "head")).json()["code"] == "reach-after-target"
    await service.hear(LATER)
    assert (await service.post("plans", later, "head")).status_code == 201
