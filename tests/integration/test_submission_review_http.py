"""What becomes of a dossier whose application is under review, over HTTP, on a real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts import case
from tests.integration.submission import Submission, submission
from tests.integration.test_submission_http import DISTRICT, NEIGHBOUR, ready
from tests.unit.dossiers import MARCH, SEPTEMBER
from tests.unit.test_dossier_application import OCTOBER, case_site


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MARCH) as serving:
        yield serving


async def test_the_office_cannot_take_back_what_inspectors_found_and_the_district_can(
    service: Submission,
) -> None:
    await ready(service)
    service.on(SEPTEMBER)
    application = (await service.post("applications", {}, "head")).json()["application_id"]
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
    await ready(service)
    service.on(SEPTEMBER)
    application = (await service.post("applications", {}, "head")).json()["application_id"]
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


async def test_a_team_reads_the_application_it_reviews_and_nothing_else(
    service: Submission,
) -> None:
    await ready(service)
    service.on(SEPTEMBER)
    application = (await service.post("applications", {}, "head")).json()["application_id"]
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
