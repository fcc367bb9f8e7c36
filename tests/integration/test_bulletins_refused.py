"""What of a bulletin is refused, and to whom it is shown: over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.bulletins import (
    DECEMBER,
    DRAFT,
    FIGURES,
    OFFICE,
    SIGNED,
    Notification,
    acts,
    code,
    draft,
    edit,
    issued,
    notices,
    notification,
    read,
    sign,
)
from tests.integration.review import CITY, DISTRICT
from tests.integration.surfaces import opening


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Notification]:
    async with notification(database, tmp_path / "clock", DECEMBER, opening()) as found:
        yield found


async def test_an_edit_names_the_version_it_was_made_on(service: Notification) -> None:
    made = await draft(service)
    path = f"/v1/bulletins/{made['id']}"
    blind = await service.ask("PATCH", path, "officer", DISTRICT, json={"title": "通报"})
    assert code(blind) == (428, "if-match-required")
    saved = await edit(service, made, title="关于复验进展的通报")
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"2"')
    assert code(await edit(service, made, title="又一个题目")) == (412, "version-mismatch")
    again = await edit(service, made, title="关于复验进展的通报")
    assert again.json()["version"] == 2, "sent again it says nothing new"


async def test_four_thousand_characters_are_too_many_and_told_by_their_count(
    service: Notification,
) -> None:
    made = await draft(service, title="题")
    lines = [{"kind": "paragraph", "text": "字" * 1999}, {"kind": "paragraph", "text": "字" * 2000}]
    refused = await edit(service, made, blocks=lines)
    assert code(refused) == (422, "bulletin-too-long")
    assert refused.json()["facts"]["characters"] == 4000
    lines[1]["text"] = "字" * 1999 + " "
    assert (await edit(service, made, blocks=lines)).json()["characters"] == 3999


async def test_a_document_number_is_used_once_however_it_is_typed(service: Notification) -> None:
    await issued(service)
    refused = await sign(service, await draft(service), document_number=" 山安监发[2018]３１号 ")
    assert code(refused) == (409, "document-number-in-use")
    assert (await issued(service, 32))["issue_no"] == 2, "a refused one leaves no gap"


async def test_who_signs_has_seen_the_last_version(service: Notification) -> None:
    made = await draft(service)
    await edit(service, made, title="关于复验进展的通报")
    assert code(await sign(service, made)) == (412, "version-mismatch")
    blind = await service.ask(
        "POST", f"/v1/bulletins/{made['id']}/issuance", "leader", DISTRICT, json=SIGNED
    )
    assert code(blind) == (428, "if-match-required")
    early = await sign(service, made | {"version": 3})
    assert code(early) == (412, "version-mismatch")
    assert await notices(service, "head", OFFICE) == []


async def test_a_draft_is_no_bulletin_to_correct(service: Notification) -> None:
    made = await draft(service)
    refused = await service.ask(
        "POST", "/v1/bulletins", "officer", DISTRICT, json=DRAFT | {"corrects": made["id"]}
    )
    assert code(refused) == (409, "bulletin-not-issued")


async def test_drafts_are_the_districts_and_signed_ones_everybodys_who_takes_part(
    service: Notification,
) -> None:
    made = await draft(service)
    path, query = "/v1/bulletins", {"programme": "shanting-2018"}

    async def listed(role: str, organisation: str) -> list[str]:
        answer = await service.ask("GET", path, role, organisation, params=query)
        return [one["state"] for one in answer.json()["bulletins"]]

    assert await listed("leader", DISTRICT) == ["draft"]
    assert await listed("auditor", "audit-bureau") == ["draft"]
    assert await listed("head", OFFICE) == []
    hidden = await service.ask("GET", f"{path}/{made['id']}", "head", OFFICE)
    assert code(hidden) == (404, "bulletin-unknown")

    await sign(service, made)
    assert await listed("head", OFFICE) == ["issued"]
    assert await listed("city", CITY) == ["issued"]
    assert await listed("bureau", "education-bureau") == [], "it is internal"
    await issued(service, 32, publicity="public")
    assert await listed("bureau", "education-bureau") == ["issued"]
    foreign = await service.ask("GET", path, "head", "370402001-office", params=query)
    assert code(foreign) == (403, "other-organisation")
    foreign = await service.ask("GET", f"{path}/{made['id']}", "head", "370402001-office")
    assert code(foreign) == (403, "other-organisation")


async def test_another_districts_people_neither_draft_nor_sign(service: Notification) -> None:
    made = await draft(service)
    other = "370402-safety"
    drafting = await service.ask("POST", "/v1/bulletins", "officer", other, json=DRAFT)
    assert code(drafting) == (403, "other-organisation")
    signing = await service.ask(
        "POST",
        f"/v1/bulletins/{made['id']}/issuance",
        "leader",
        other,
        json=SIGNED,
        headers={"If-Match": '"1"'},
    )
    assert code(signing) == (403, "other-organisation")


async def test_what_is_open_to_whom_is_said_beside_the_bulletin(service: Notification) -> None:
    made = await draft(service)
    assert acts(made) == {
        "text": None,
        "issuance": "role-not-allowed",
        "corrections": "bulletin-not-issued",
    }
    assert acts(await read(service, made))["issuance"] is None
    await sign(service, made)
    assert acts(await read(service, made, "officer")) == {
        "text": "bulletin-issued",
        "issuance": "role-not-allowed",
        "corrections": None,
    }


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"figures": FIGURES | {"more": "字" * 70_000}}, "figures-too-large"),
        ({"figures": FIGURES | {"as_of": "2018-10-31"}}, "figures-of-another"),
        ({"figures": FIGURES | {"programme": {"code": "other"}}}, "figures-of-another"),
        ({"figures": {"share": 0.5}}, "invalid-body"),
        ({"known_at": "2018-12-04T01:00:00Z"}, "known-at-in-future"),
        ({"as_of_on": "2018-12-04", "figures": {}}, "effective-day-too-early"),
        ({"title": "字" * 200, "figures": {"late": [{"name": "字" * 4000}]}}, "bulletin-too-long"),
    ],
)
async def test_figures_that_do_not_fit_are_refused(
    service: Notification, changes: dict[str, Any], refusal: str
) -> None:
    answer = await service.ask("POST", "/v1/bulletins", "officer", DISTRICT, json=DRAFT | changes)
    assert code(answer) == (422, refusal), answer.text


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"recipients": []}, "recipients-missing"),
        ({"recipients": ["370402001-office"]}, "recipients-unknown"),
        ({"effective_on": "2018-11-29", "backdated_reason": "补录"}, "effective-day-too-early"),
        ({"effective_on": "2018-11-30", "backdated_reason": "补录"}, "known-at-in-future"),
        ({"effective_on": "2018-12-02"}, "backdated-reason-missing"),
    ],
)
async def test_what_cannot_be_signed_is_refused_and_leaves_nothing(
    service: Notification, body: dict[str, Any], refusal: str
) -> None:
    made = await draft(service)
    assert code(await sign(service, made, **body)) == (422, refusal)
    assert (await read(service, made))["state"] == "draft"
