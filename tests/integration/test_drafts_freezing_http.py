"""What becomes of a draft: one assessment, exactly as it was looked at."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.submission.drafts.draft import Draft, Drafts
from shared.store.pool import Pool
from tests.integration.drafts import FULL, Clerk, drafting, left
from tests.integration.submission import Submission
from tests.unit.dossiers import MAY, OFFICE, PROGRAMME, STRICTER, TOWNSHIP


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with drafting(database, tmp_path) as serving:
        yield serving


async def test_facts_are_stated_beside_the_points(service: Submission) -> None:
    clerk = Clerk(service)
    await clerk.fill(**FULL)
    unknown = await clerk.send("PUT", "draft/facts", {"facts": ["flood"]}, 0)
    assert unknown.json()["code"] == "unknown-fact"
    stated = await clerk.send("PUT", "draft/facts", {"facts": ["fatal-accident"]}, 0)
    assert (stated.status_code, stated.headers["ETag"]) == (200, '"5"')
    assert stated.json()["preview"]["totals"]["vetoes"] == ["fatal"]
    blocker = stated.json()["preview"]["blockers"][0]
    assert (blocker["name"], blocker["fact"], blocker["blocks"]) == (
        "死亡事故",
        "fatal-accident",
        "passing",
    )
    late = await clerk.send("PUT", "draft/facts", {"facts": []}, 0)
    assert (late.status_code, late.json()["code"]) == (412, "draft-facts-changed")
    frozen = await clerk.freeze(5)
    assert frozen.status_code == 201
    (recorded,) = (await service.get("self-assessments")).json()
    assert recorded["data"]["facts"] == ["fatal-accident"]
    assert recorded["data"]["totals"]["grade"] == "none"


async def test_a_frozen_draft_is_one_assessment_and_the_start_of_the_next(
    service: Submission, database: str
) -> None:
    clerk = Clerk(service)
    version = await clerk.fill(**FULL)
    moved = await clerk.freeze(version - 1)
    assert (moved.status_code, moved.json()["code"]) == (412, "draft-changed")
    assert moved.json()["facts"] == {"expected": version - 1, "version": version}
    frozen = await clerk.freeze(version, key="freeze-1")
    assert frozen.status_code == 201

    # Edited since, and the same key still answers the same; another one is refused.
    await clerk.mark("files", 3, mark_cp=500)
    again = await clerk.freeze(version, key="freeze-1")
    assert (again.status_code, again.json()) == (201, frozen.json())
    assert (await clerk.freeze(version)).json()["code"] == "draft-changed"
    (recorded,) = (await service.get("self-assessments")).json()
    assert {one["item"]: one["mark_cp"] for one in recorded["data"]["marks"]} == FULL
    sheet = await clerk.sheet()
    files = next(row for row in sheet["items"] if row["item"]["code"] == "files")
    assert (files["previous"]["mark_cp"], files["mark"]["mark_cp"]) == (2000, 500)
    assert sheet["previous_assessment_id"] == frozen.json()["assessment_id"]


async def test_only_a_gap_assessment_is_frozen_with_items_open(service: Submission) -> None:
    clerk = Clerk(service)
    version = await clerk.fill(staff=4000)
    kinds = {one["of"]: one["code"] for one in (await clerk.sheet())["allowed"]}
    assert kinds == {
        None: None,
        "gap": None,
        "full": "missing-items",
        "pre-application": "missing-items",
    }
    assert (await clerk.freeze(version)).json()["code"] == "missing-items"
    assert (await clerk.freeze(version, "gap")).status_code == 201


async def test_an_assessment_takes_marks_or_a_draft(service: Submission) -> None:
    clerk = Clerk(service)
    both = await clerk.freeze(1, marks=[])
    assert (both.status_code, both.json()["code"]) == (422, "invalid-body")
    neither = await service.post("self-assessments", {"kind": "gap"}, "clerk")
    assert neither.json()["code"] == "invalid-body"


async def test_the_files_that_marks_name_go_into_the_assessment(
    service: Submission, database: str
) -> None:
    async with Pool(database, "test-evidence", 1).connection() as connection:
        await connection.execute(
            "INSERT INTO evidence (sha256, programme, township, name, media_type, bytes,"
            " uploaded_by, at) VALUES ($1, $2, $3, '台账.pdf', 'application/pdf', 12, '', now())",
            "b" * 64, PROGRAMME, TOWNSHIP,
        )  # fmt: skip
    clerk = Clerk(service)
    await clerk.fill(**FULL)
    saved = await clerk.mark("files", 3, evidence=["b" * 64])
    assert saved.json()["mark"]["evidence"] == ["b" * 64]
    assert (await clerk.freeze(5)).status_code == 201
    (recorded,) = (await service.get("self-assessments")).json()
    assert recorded["data"]["evidence"] == [
        {"sha256": "b" * 64, "name": "台账.pdf", "media_type": "application/pdf", "bytes": 12}
    ]


async def test_an_edit_that_comes_while_a_draft_is_frozen_is_in_the_next_one(
    service: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, other = Clerk(service), Clerk(service, "clerk-2")
    version = await clerk.fill(**FULL)
    read = Drafts.read

    async def read_and_be_overtaken(self: Drafts, programme: str, township: str) -> Draft:
        draft = await read(self, programme, township)
        monkeypatch.setattr(Drafts, "read", read)
        assert (await other.mark("files", 3, mark_cp=500)).status_code == 200
        return draft

    monkeypatch.setattr(Drafts, "read", read_and_be_overtaken)
    frozen = await clerk.freeze(version)
    assert frozen.status_code == 201
    (recorded,) = (await service.get("self-assessments")).json()
    assert {one["item"]: one["mark_cp"] for one in recorded["data"]["marks"]} == FULL
    assert (await clerk.sheet())["items"][2]["mark"]["mark_cp"] == 500


async def test_freezing_takes_a_draft_as_it_was_at_one_moment(service: Submission) -> None:
    clerk, other = Clerk(service), Clerk(service, "clerk-2")
    version = await clerk.fill(**FULL)
    frozen, edited = await asyncio.gather(
        clerk.freeze(version), other.mark("files", 3, mark_cp=500)
    )
    assert edited.status_code == 200
    recorded = (await service.get("self-assessments")).json()
    if frozen.status_code == 201:
        marks = {one["item"]: one["mark_cp"] for one in recorded[0]["data"]["marks"]}
        assert marks == FULL
    else:
        assert (frozen.json()["code"], recorded) == ("draft-changed", [])
    assert (await clerk.sheet())["items"][2]["mark"]["mark_cp"] == 500


async def test_marks_that_a_new_standard_cannot_take_are_set_apart(service: Submission) -> None:
    clerk = Clerk(service)
    version = await clerk.fill(**FULL)
    harder = replace(
        STRICTER,
        in_force_on=MAY,
        items=tuple(
            replace(item, max_cp=1500, code="archive" if item.code == "vehicle" else item.code)
            if item.code in ("files", "vehicle")
            else item
            for item in STRICTER.items
        ),
    )
    await service.hear(harder)
    assert (await clerk.sheet())["stale"] == []
    service.on(MAY)
    sheet = await clerk.sheet()
    assert {one["item"]: one["why"]["code"] for one in sheet["stale"]} == {
        "files": "item-maximum-differs",
        "vehicle": "unknown-item",
    }
    assert sheet["preview"]["unmarked"] == ["files", "archive"]
    assert sheet["preview"]["totals"]["raw_cp"] == 7000
    refused = await clerk.freeze(version, "gap")
    assert (refused.status_code, refused.json()["code"]) == (409, "draft-stale")
    assert refused.json()["facts"]["items"] == ["files", "vehicle"]

    kept = await clerk.mark("files", 3, reason="照旧")
    assert kept.json()["code"] == "mark-missing"
    assert (await clerk.mark("files", 3, mark_cp=1500)).status_code == 200
    assert (await clerk.send("DELETE", "draft/items/vehicle", version=4)).status_code == 200
    sheet = await clerk.sheet()
    assert (sheet["stale"], sheet["preview"]["totals"]["raw_cp"]) == ([], 8500)
    assert (await clerk.freeze(sheet["draft_version"], "gap")).status_code == 201


async def test_the_draft_of_a_township_that_left_is_read_and_edited_no_more(
    service: Submission,
) -> None:
    clerk = Clerk(service)
    version = await clerk.fill(**FULL)
    await service.hear(left(OFFICE))
    answers = [
        await clerk.mark("staff", 1, mark_cp=0),
        await clerk.send("DELETE", "draft/items/staff", version=1),
        await clerk.send("PUT", "draft/facts", {"facts": []}, 0),
        await clerk.freeze(version),
    ]
    assert {one.json()["code"] for one in answers} == {"township-not-enrolled"}
    sheet = await clerk.sheet()
    assert sheet["draft_version"] == version
    assert {one["code"] for one in sheet["allowed"]} == {"township-not-enrolled"}
