"""The submission service over HTTP, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.issuer import Issuer
from deploy.local.processes import free_port
from services.submission.app import create_app
from services.submission.settings import SubmissionSettings
from shared.contracts import case
from tests.integration.submission import DOSSIER, Submission, submission
from tests.unit.dossiers import (
    AUGUST,
    MARCH,
    MAY,
    OFFICE,
    PROGRAMME,
    SEPTEMBER,
    TOWNSHIP,
    marks,
)
from tests.unit.test_dossier_application import OCTOBER, case_site
from tests.unit.web_app import settings_for

PLAN = {
    "target": "first-2018",
    "batch": "2018-1",
    "reach_on": "2018-11-30",
    "goals": ["达标"],
    "duties": [{"duty": "档案", "post": "内勤"}],
}
DISTRICT, NEIGHBOUR = "370406-safety", "370406102-office"


def scored(kind: str = "full", **points: int) -> dict[str, Any]:
    """A self-assessment's body; nothing lacks unless it is named."""
    return {
        "kind": kind,
        "marks": [{"item": one.item, "mark_cp": one.mark_cp} for one in marks(**points)],
    }


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MARCH) as serving:
        yield serving


async def ready(service: Submission) -> None:
    """A plan filed in March, a full assessment in August."""
    service.on(MARCH)
    assert (await service.post("plans", PLAN, "head")).status_code == 201
    service.on(AUGUST)
    assert (await service.post("self-assessments", scored(), "clerk")).status_code == 201


async def test_an_office_comes_from_its_plan_to_its_application_and_back(
    service: Submission,
) -> None:
    filed = await service.post("plans", PLAN, "head")
    assert (filed.status_code, filed.headers["ETag"]) == (201, '"1"')
    assert filed.json() | {"stream": ""} == {
        "stream": "",
        "version": 1,
        "position": 1,
    }

    service.on(MAY)
    gap = await service.post("self-assessments", scored("gap", files=5), "clerk")
    assessment = gap.json()["assessment_id"]
    found = await service.post(
        "deficiencies",
        {
            "assessment_id": assessment,
            "deficiencies": [
                {"item": "files", "description": "台账缺页", "due_on": "2018-06-29"},
                {"item": "vehicle", "description": "无车", "blocking": False},
            ],
        },
        "clerk",
    )
    files, vehicle = found.json()["deficiency_ids"]
    assert (found.status_code, found.json()["version"]) == (201, 4)
    planned = await service.post(
        f"deficiencies/{files}/rectification-plans",
        {"measure": "补页", "responsible_post": "内勤", "due_on": "2018-06-29"},
        "clerk",
    )
    assert planned.status_code == 201

    service.on(AUGUST)
    done = await service.post(f"deficiencies/{files}/completion", {"result": "已补"}, "clerk")
    assert done.headers["Location"] == f"{DOSSIER}/deficiencies/{files}"
    assert (await service.post("self-assessments", scored(), "clerk")).status_code == 201

    service.on(SEPTEMBER)
    applied = await service.post("applications", {"batch": "2018-1"}, "head")
    assert (applied.status_code, applied.json()["round"]) == (201, 1)
    application = applied.json()["application_id"]
    assert applied.headers["Location"] == f"{DOSSIER}/applications/{application}"
    shown = (
        await service.http.get(applied.headers["Location"], headers=service.who("head"))
    ).json()
    assert shown["submitted"]["totals"]["total_cp"] == 10_000
    assert shown["closed"] is None

    service.on(OCTOBER)
    site = case_site(OCTOBER) | {"application_id": application}
    returned = case.Returned(
        **site,
        by="district",
        items=(case.ReturnedItem(item="rules", reason="制度未更新", self_cp=3_000, agreed_cp=900),),
        totals=None,
        resubmit_by_on=date(2018, 11, 12),
        allowed_wd=20,
        decided_by="o1",
    )
    closed = case.Closed(**site, outcome="returned", closed_on=OCTOBER)
    await service.hear(returned, closed)
    dossier = (await service.get()).json()
    assert dossier["applications"][0]["closed"]["outcome"] == "returned"
    assert dossier["set_back_on"] == "2018-10-15"
    by_item = {one["found"]["item"]: one for one in dossier["deficiencies"]}
    assert {item: one["status"] for item, one in by_item.items()} == {
        "files": "done",
        "vehicle": "open",
        "rules": "open",
    }
    assert by_item["vehicle"]["deficiency_id"] == vehicle
    rules = by_item["rules"]["found"]
    assert (rules["found_by"], rules["blocking"], rules["gap_cp"]) == ("district", True, 2_100)


async def test_the_same_key_has_one_effect_and_one_answer(service: Submission) -> None:
    service.on(MAY)
    body = {"deficiencies": [{"item": "files", "description": "缺页"}]}
    first = await service.post("deficiencies", body, "clerk", key="k1")
    again = await service.post("deficiencies", body, "clerk", key="k1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len((await service.get("deficiencies")).json()) == 1


async def test_the_same_key_names_what_was_open_then_whatever_came_of_it(
    service: Submission,
) -> None:
    service.on(MAY)
    body = {"deficiencies": [{"item": "files", "description": "缺页"}]}
    (old,) = (await service.post("deficiencies", body, "clerk")).json()["deficiency_ids"]
    told = await service.post("deficiencies", body, "clerk", key="k1")
    await service.post(f"deficiencies/{old}/completion", {"result": "补齐"}, "clerk")
    (new,) = (await service.post("deficiencies", body, "clerk")).json()["deficiency_ids"]
    assert new != old
    again = await service.post("deficiencies", body, "clerk", key="k1")
    assert again.json() == told.json()


async def test_the_same_key_with_another_body_is_refused(service: Submission) -> None:
    await service.post("plans", PLAN, "head", key="k1")
    other = await service.post("plans", PLAN | {"batch": None}, "head", key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_an_open_item_keeps_the_name_it_has(service: Submission) -> None:
    service.on(MAY)
    body = {"deficiencies": [{"item": "files", "description": "缺页"}]}
    first = await service.post("deficiencies", body, "clerk")
    again = await service.post("deficiencies", body, "clerk")
    assert again.json()["deficiency_ids"] == first.json()["deficiency_ids"]
    assert again.json()["version"] == 1


async def test_whoever_saw_an_older_version_decides_nothing(service: Submission) -> None:
    await service.post("plans", PLAN, "head")
    stale = await service.post(
        "plans", PLAN | {"reason": "调整", "batch": None}, "head", If_Match='"0"'
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version-mismatch")
    fresh = await service.post(
        "plans", PLAN | {"reason": "调整", "batch": None}, "head", If_Match='"1"'
    )
    assert (fresh.status_code, fresh.headers["ETag"]) == (201, '"2"')
    assert [one["version"] for one in (await service.get("plans")).json()] == [1, 2]


async def test_another_townships_clerk_neither_acts_nor_reads(service: Submission) -> None:
    acted = await service.post("self-assessments", scored(), "clerk", organisation=NEIGHBOUR)
    assert (acted.status_code, acted.json()["code"]) == (403, "other-organisation")
    read = await service.get(organisation=NEIGHBOUR)
    assert (read.status_code, read.json()["code"]) == (403, "other-organisation")
    assert (await service.get()).json()["version"] == 0


async def test_a_clerk_does_not_sign_for_the_head(service: Submission) -> None:
    refused = await service.post("plans", PLAN, "clerk")
    assert (refused.status_code, refused.json()["code"]) == (403, "role-not-allowed")


@pytest.mark.parametrize(
    ("role", "organisation", "status"),
    [
        ("officer", DISTRICT, 200),
        ("leader", DISTRICT, 200),
        ("auditor", "elsewhere", 200),
        ("officer", "another-district", 403),
        ("city", "370400-safety", 403),
    ],
)
async def test_the_district_and_auditors_read(
    service: Submission, role: str, organisation: str, status: int
) -> None:
    assert (await service.get("", role, organisation=organisation)).status_code == status


async def test_a_back_dated_act_says_why(service: Submission) -> None:
    service.on(MAY)
    silent = await service.post("plans", PLAN | {"effective_on": "2018-03-20"}, "head")
    assert silent.json()["code"] == "backdated-reason-missing"
    reason = {"effective_on": "2018-03-20", "backdated_reason": "纸质方案补录"}
    told = await service.post("plans", PLAN | reason, "head")
    assert told.status_code == 201
    plan = (await service.get()).json()["plan"]
    assert (plan["effective_on"], plan["late_wd"]) == ("2018-03-20", 0)


async def test_nothing_happens_tomorrow(service: Submission) -> None:
    refused = await service.post("plans", PLAN | {"effective_on": "2018-03-21"}, "head")
    assert refused.json()["code"] == "effective-day-in-future"


async def test_a_programme_not_heard_of_yet_is_unknown(service: Submission) -> None:
    answer = await service.http.get(
        f"/v1/dossiers/elsewhere/{TOWNSHIP}", headers=service.who("clerk")
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-programme")


async def test_a_misspelt_field_is_refused_and_named(service: Submission) -> None:
    answer = await service.post("plans", PLAN | {"goal": "达标"}, "head")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-body")
    assert [error["field"] for error in answer.json()["errors"]] == ["/goal"]


async def test_the_list_shows_every_enrolled_township(service: Submission) -> None:
    await service.post("plans", PLAN, "head")
    who = service.who("officer", organisation=DISTRICT)
    rows = (await service.http.get(f"/v1/dossiers?programme={PROGRAMME}", headers=who)).json()
    (row,) = rows["dossiers"]
    assert (row["township"], row["office"], row["target"]) == (TOWNSHIP, OFFICE, "first-2018")
    assert rows["next"] is None


async def test_without_kafka_it_serves_and_says_what_it_misses(
    database: str, tmp_path: Path
) -> None:
    clock = tmp_path / "clock"
    async with submission(database, clock, MARCH):
        pass  # migrated, and the lease given back
    settings = settings_for(
        Issuer(),
        SubmissionSettings,
        database=database,
        clock=str(clock),
        kafka=f"127.0.0.1:{free_port()}",
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://submission.test") as http,
        asyncio.timeout(60),
    ):
        while not (ready := (await http.get("/readyz")).json())["ready"]:
            await asyncio.sleep(0.05)
    assert any("relay" in missing for missing in ready["degraded"])
