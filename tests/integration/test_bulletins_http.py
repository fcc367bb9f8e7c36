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
from tests.integration.bulletins import (
    DECEMBER,
    DRAFT,
    FIGURES,
    GOV,
    OFFICE,
    SIGNED,
    Notification,
    code,
    draft,
    edit,
    issued,
    notices,
    notification,
    paper,
    read,
    sign,
)
from tests.integration.mailbox import mailbox
from tests.integration.review import CITY, DISTRICT
from tests.integration.surfaces import opening


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Notification]:
    async with notification(database, tmp_path / "clock", DECEMBER, opening()) as found:
        yield found


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


async def test_whoever_wants_mail_has_the_title_in_a_letter(database: str, tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    async with mailbox() as box:
        smtp = {
            "smtp": f"smtp://127.0.0.1:{box.port}",
            "smtp_from": "fuyan@district.example",
        }
        async with notification(database, clock, DECEMBER, opening(), **smtp) as service:
            address = {"address": "duty@gov.example"}
            await service.ask("PUT", f"/v1/addresses/{GOV}", "gov", GOV, json=address)
            await issued(service)
            [letter] = await box.until(1)
            [told] = await notices(service, "gov", GOV)
            # A long subject begins on a line of its own.
            assert letter["Subject"].strip() == told["title"]
            assert "山安监发〔2018〕31号" in letter["Subject"]


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


async def test_named_recipients_get_it_and_nobody_else(service: Notification) -> None:
    made = await draft(service)
    answer = await sign(service, made, recipients=[OFFICE], copied=[OFFICE, CITY])
    assert answer.status_code == 201, answer.text
    bulletin = await read(service, made)
    assert (bulletin["recipients"], bulletin["copied"]) == ([OFFICE], [CITY])
    assert await notices(service, "gov", GOV) == []
