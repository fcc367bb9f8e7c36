"""Bulletins over HTTP: drafted, edited, signed and sent, read for ever, and put right."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from docx import Document

from shared.canonical import canonical
from shared.contracts.programme import OrganisationRenamed
from tests.integration.bulletins import DRAFT, FIGURES, Notification, notification
from tests.integration.review import CITY, DISTRICT, FIRST
from tests.integration.surfaces import opening

OFFICE, GOV = f"{FIRST}-office", f"{FIRST}-gov"
SIGNED = {"document_number": "山安监发〔2018〕31号"}
DOCX = {"format": "docx"}
DECEMBER = date(2018, 12, 3)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Notification]:
    async with notification(database, tmp_path / "clock", DECEMBER, opening()) as found:
        yield found


async def draft(service: Notification, **changes: Any) -> dict[str, Any]:
    answer = await service.ask("POST", "/v1/bulletins", "officer", DISTRICT, json=DRAFT | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sign(
    service: Notification, bulletin: dict[str, Any], *, key: str = "", **body: Any
) -> httpx.Response:
    headers = {"If-Match": f'"{bulletin["version"]}"'}
    return await service.ask(
        "POST",
        f"/v1/bulletins/{bulletin['id']}/issuance",
        "leader",
        DISTRICT,
        json=SIGNED | body,
        headers=headers | ({"Idempotency-Key": key} if key else {}),
    )


async def issued(service: Notification, number: int = 31, **changes: Any) -> dict[str, Any]:
    bulletin = await draft(service, **changes)
    answer = await sign(service, bulletin, document_number=f"山安监发〔2018〕{number}号")
    assert answer.status_code == 201, answer.text
    return await read(service, bulletin)


async def read(
    service: Notification, bulletin: dict[str, Any], role: str = "leader", who: str = DISTRICT
) -> dict[str, Any]:
    answer = await service.ask("GET", f"/v1/bulletins/{bulletin['id']}", role, who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def paper(service: Notification, bulletin: dict[str, Any], **headers: str) -> httpx.Response:
    return await service.ask(
        "GET", f"/v1/bulletins/{bulletin['id']}", "head", OFFICE, params=DOCX, headers=headers
    )


async def edit(service: Notification, bulletin: dict[str, Any], **body: Any) -> httpx.Response:
    headers = {"If-Match": f'"{bulletin["version"]}"'}
    path = f"/v1/bulletins/{bulletin['id']}"
    return await service.ask("PATCH", path, "officer", DISTRICT, json=body, headers=headers)


def acts(bulletin: dict[str, Any]) -> dict[str, str | None]:
    return {act["act"]: act["code"] for act in bulletin["allowed"]}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def notices(service: Notification, role: str, organisation: str) -> list[dict[str, Any]]:
    answer = await service.ask(
        "GET", "/v1/notices", role, organisation, params={"programme": "shanting-2018"}
    )
    found: list[dict[str, Any]] = answer.json()["notices"]
    return found


async def test_a_draft_says_what_the_figures_say_and_names_their_digest(
    service: Notification,
) -> None:
    made = await draft(service)
    assert made["state"] == "draft"
    assert made["figures_digest"] == sha256(canonical(FIGURES)).hexdigest()
    said = "".join(block["text"] for block in made["blocks"])
    assert "截至2018年11月30日" in said
    assert "首批承诺4家：2家已过市级复验" in said
    assert "北庄镇（首批有风险）" in said
    assert ["整改中", "4", "北庄镇、城头镇、徐庄镇、凫城镇"] in made["table"]["rows"]
    assert made["characters"] < made["limit"] == 4000
    assert made["document_number"] is None
    assert made["issue_no"] is None


async def test_the_same_key_drafts_one_bulletin_and_another_body_is_refused(
    service: Notification,
) -> None:
    async def again(**changes: Any) -> httpx.Response:
        headers = {"Idempotency-Key": "once"}
        body = DRAFT | changes
        return await service.ask(
            "POST", "/v1/bulletins", "officer", DISTRICT, json=body, headers=headers
        )

    first, second = await again(), await again()
    assert first.json()["id"] == second.json()["id"]
    assert code(await again(title="另一份")) == (422, "idempotency-key-reused")


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


async def test_signed_it_lies_in_every_inbox_and_governments_and_city_have_a_copy(
    service: Notification, database: str
) -> None:
    made = await draft(service)
    answer = await sign(service, made)
    assert answer.status_code == 201, answer.text
    assert answer.json()["stream"] == "shanting-2018/bulletin/1"
    for role, organisation, copy in (
        ("head", OFFICE, False),
        ("gov", GOV, True),
        ("city", CITY, True),
    ):
        (told,) = await notices(service, role, organisation)
        assert told["title"].startswith(f"{made['title']}（山安监发〔2018〕31号）")
        assert told["title"].endswith("2018年11月30日")
        assert (told["copy"], told["read_at"]) == (copy, None)
        assert told["cause"]["subject"] == "shanting-2018/bulletin/1"
    receipt = f"/v1/notices/{told['id']}/receipt"
    query = {"programme": "shanting-2018"}
    assert (await service.ask("POST", receipt, "city", CITY, params=query)).status_code == 201
    assert (await notices(service, "city", CITY))[0]["read_at"] is not None

    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT id, type, data FROM log ORDER BY position LIMIT 3")
    await connection.close()
    event, requested = orjson.loads(rows[0]["data"]), orjson.loads(rows[1]["data"])
    assert rows[0]["type"] == "fuyan.notice.bulletin-issued.v1"
    assert requested["cause"] == str(rows[0]["id"])
    assert event["figures"] == FIGURES
    assert event["figures_digest"] == sha256(canonical(event["figures"])).hexdigest()
    assert event["issue_no"] == 1
    assert event["changes"] is None


async def test_the_signed_paper_is_the_same_bytes_for_ever_by_the_names_of_its_day(
    service: Notification,
) -> None:
    bulletin = await issued(service)
    first = await paper(service, bulletin)
    assert first.headers["ETag"] == f'"{sha256(first.content).hexdigest()}"'
    assert bulletin["docx_sha256"] == sha256(first.content).hexdigest()
    service.on(date(2019, 12, 3))
    assert (await paper(service, bulletin)).content == first.content
    unchanged = await paper(service, bulletin, **{"If-None-Match": first.headers["ETag"]})
    assert unchanged.status_code == 304
    lines = [line.text for line in Document(io.BytesIO(first.content)).paragraphs]
    assert "山安监发〔2018〕31号" in lines
    assert "2018年12月3日" in lines
    assert code(await edit(service, bulletin, title="改")) == (409, "bulletin-issued")
    assert (await read(service, bulletin))["title"] == bulletin["title"]


async def test_a_paper_of_a_renamed_bureau_prints_the_name_of_its_own_day(
    database: str, tmp_path: Path
) -> None:
    renamed = OrganisationRenamed(
        programme="shanting-2018",
        effective_on=date(2018, 12, 1),
        organisation=DISTRICT,
        name="山亭区应急管理局",
        previous_name="山亭区安全生产监督管理局",
        from_on=date(2019, 1, 1),
    )
    clock = tmp_path / "clock"
    async with notification(database, clock, DECEMBER, [*opening(), renamed]) as service:
        old = await issued(service)
        service.on(date(2019, 1, 2))
        new = await issued(service, 32)
        for bulletin, present in ((old, False), (new, True)):
            content = (await paper(service, bulletin)).content
            lines = [line.text for line in Document(io.BytesIO(content)).paragraphs]
            assert ("山亭区应急管理局" in lines) == present


async def test_a_draft_paper_is_marked_and_has_no_number(service: Notification) -> None:
    made = await draft(service)
    answer = await service.ask(
        "GET",
        f"/v1/bulletins/{made['id']}",
        "officer",
        DISTRICT,
        headers={
            "Accept": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        },
    )
    document = Document(io.BytesIO(answer.content))
    assert "草稿" in document.sections[0].header.paragraphs[0].text
    assert not any("〔2018〕" in line.text for line in document.paragraphs)


async def test_leaders_who_sign_at_once_get_numbers_without_a_gap(service: Notification) -> None:
    drafts = [await draft(service, title=f"通报之{place}") for place in range(4)]
    answers = await asyncio.gather(
        *(
            sign(service, made, document_number=f"山安监发〔2018〕{place}号")
            for place, made in enumerate(drafts)
        )
    )
    assert [answer.status_code for answer in answers] == [201] * 4
    assert sorted(answer.json()["stream"] for answer in answers) == [
        f"shanting-2018/bulletin/{number}" for number in (1, 2, 3, 4)
    ]


async def test_one_draft_is_signed_once_whoever_signs_and_a_repeated_key_answers_the_same(
    service: Notification,
) -> None:
    made = await draft(service)
    first, second = await asyncio.gather(
        sign(service, made, key="first"),
        sign(service, made, key="second", document_number="山安监发〔2018〕32号"),
    )
    assert sorted((first.status_code, second.status_code)) == [201, 409]
    signed = first if first.status_code == 201 else second
    key = "first" if signed is first else "second"
    number = SIGNED["document_number"] if signed is first else "山安监发〔2018〕32号"
    again = await sign(service, made, key=key, document_number=number)
    assert (again.status_code, again.json()) == (201, signed.json())
    assert len(await notices(service, "head", OFFICE)) == 1


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


async def test_a_correction_names_what_it_puts_right_and_the_corrected_one_by_whom(
    service: Notification,
) -> None:
    wrong = await issued(service)
    targets = [dict(one) for one in FIGURES["targets"]]
    targets[0]["achieved"] = 3
    right = await issued(service, 32, corrects=wrong["id"], figures=FIGURES | {"targets": targets})
    assert right["changes"] == [{"path": "/targets/first-2018/achieved", "was": 2, "is": 3}]
    assert right["title"].endswith("更正通报")
    assert "更正山安监发〔2018〕31号" in right["blocks"][0]["text"]
    before = await read(service, wrong)
    assert before["corrected_by"] == {
        "bulletin_id": right["id"],
        "document_number": "山安监发〔2018〕32号",
        "issued_on": "2018-12-03",
    }
    assert before["version"] != wrong["version"]
    again = await service.ask(
        "POST", "/v1/bulletins", "officer", DISTRICT, json=DRAFT | {"corrects": wrong["id"]}
    )
    assert code(again) == (409, "bulletin-corrected")


async def test_two_corrections_of_one_bulletin_cannot_both_be_signed(
    service: Notification,
) -> None:
    wrong = await issued(service)
    two = [await draft(service, corrects=wrong["id"]) for _ in range(2)]
    answers = await asyncio.gather(
        *(
            sign(service, made, document_number=f"山安监发〔2018〕{number}号")
            for number, made in enumerate(two, 40)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


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


async def test_named_recipients_get_it_and_nobody_else(service: Notification) -> None:
    made = await draft(service)
    answer = await sign(service, made, recipients=[OFFICE], copied=[OFFICE, CITY])
    assert answer.status_code == 201, answer.text
    bulletin = await read(service, made)
    assert (bulletin["recipients"], bulletin["copied"]) == ([OFFICE], [CITY])
    assert await notices(service, "gov", GOV) == []
