"""Scoring sheets as workbooks over HTTP, on a real database: out, filled in, and back."""

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from openpyxl import load_workbook

from shared.web.spreadsheets import CSV, XLSX
from tests.integration.submission import DOSSIER, Submission, submission
from tests.unit.dossiers import MAY, OFFICE, PROGRAMME, STRICTER, TOWNSHIP
from tests.unit.workbooks import AT, HEAD, saved

ROW = {code: HEAD + at for at, code in enumerate(("staff", "rules", "files", "vehicle"), 1)}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MAY) as serving:
        yield serving


def filled(sent: bytes, values: Mapping[tuple[str, str], Any]) -> bytes:
    book = load_workbook(io.BytesIO(sent))
    for (code, key), value in values.items():
        book.worksheets[0].cell(ROW[code], AT[key]).value = value
    return saved(book)


async def sheet(service: Submission, **how: Any) -> bytes:
    answer = await service.http.get(
        f"{DOSSIER}/draft", headers={"Accept": XLSX, **service.who("clerk")}, **how
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    return answer.content


async def upload(
    service: Submission,
    content: bytes,
    *,
    query: str = "",
    role: str = "clerk",
    organisation: str = OFFICE,
    **headers: str,
) -> httpx.Response:
    who = service.who(role, organisation=organisation)
    return await service.http.post(
        f"{DOSSIER}/draft/imports{query}",
        content=content,
        headers={"Content-Type": XLSX, **who, **headers},
    )


async def draft(service: Submission) -> dict[str, int]:
    """The points of each item that is marked."""
    found = (await service.get("draft")).json()
    return {one["item"]["code"]: one["mark"]["mark_cp"] for one in found["items"] if one["mark"]}


async def patched(service: Submission, item: str, version: int, **fields: Any) -> None:
    answer = await service.http.patch(
        f"{DOSSIER}/draft/items/{item}",
        json=fields,
        headers={**service.who("clerk"), "If-Match": f'"{version}"'},
    )
    assert answer.status_code == 200, answer.text


def code(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


async def test_a_sheet_goes_out_is_filled_in_and_comes_back(service: Submission) -> None:
    sent = filled(
        await sheet(service),
        {
            ("staff", "points"): "４０ 分",
            ("rules", "measure"): 2,
            ("vehicle", "applicable"): "否",
            ("vehicle", "reason"): "无车辆",
        },
    )
    answer = await upload(service, sent)
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert {name: done[name] for name in ("changed", "unchanged", "cleared", "untouched")} == {
        "changed": 3,
        "unchanged": 1,
        "cleared": 0,
        "untouched": 0,
    }
    assert (answer.headers["etag"], done["version"]) == ('"1"', 1)
    assert done["preview"]["unmarked"] == ["files"]
    assert await draft(service) == {"staff": 4000, "rules": 2800, "vehicle": 0}
    found = (await service.get("draft")).json()
    assert found["items"][3]["mark"]["reason"] == "无车辆"


async def test_a_link_in_a_browser_may_ask_for_the_sheet(service: Submission) -> None:
    who = service.who("clerk")
    answer = await service.http.get(f"{DOSSIER}/draft?format=xlsx", headers=who)
    assert answer.headers["content-type"] == XLSX
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    plain = await service.http.get(f"{DOSSIER}/draft", headers={"Accept": "*/*", **who})
    assert plain.headers["content-type"] == "application/json"


async def test_the_same_sheet_twice_changes_nothing_more(service: Submission) -> None:
    sent = filled(await sheet(service), {("staff", "points"): 40})
    await upload(service, sent)
    again = (await upload(service, sent)).json()
    assert (again["changed"], again["unchanged"], again["version"]) == (0, 4, 1)


async def test_a_dry_run_says_what_would_change_and_changes_nothing(service: Submission) -> None:
    sent = filled(await sheet(service), {("staff", "points"): 40})
    would = (await upload(service, sent, query="?dry_run=true")).json()
    assert (would["dry_run"], would["changed"], would["version"]) == (True, 1, 0)
    assert would["preview"]["totals"]["raw_cp"] == 4000
    assert await draft(service) == {}


async def test_an_emptied_row_clears_and_a_deleted_one_leaves(service: Submission) -> None:
    await patched(service, "staff", 0, mark_cp=4000)
    await patched(service, "rules", 0, mark_cp=3000)
    sent = filled(await sheet(service), {("staff", "points"): None, ("staff", "applicable"): None})
    book = load_workbook(io.BytesIO(sent))
    book.worksheets[0].delete_rows(ROW["rules"])
    done = (await upload(service, saved(book))).json()
    assert (done["cleared"], done["untouched"], done["unchanged"]) == (1, 1, 2)
    assert await draft(service) == {"rules": 3000}


async def test_evidence_has_no_column_and_is_kept(service: Submission) -> None:
    await patched(service, "staff", 0, mark_cp=4000, measure="0", unit="人")
    sent = filled(await sheet(service), {("staff", "points"): 38, ("staff", "measure"): 2})
    await upload(service, sent)
    kept = (await service.get("draft")).json()["items"][0]["mark"]
    assert (kept["mark_cp"], kept["measure"], kept["unit"]) == (3800, "2", "人")


async def test_any_mistake_keeps_all_of_it_out(service: Submission) -> None:
    sent = filled(
        await sheet(service),
        {("staff", "points"): 40, ("rules", "points"): 1.005, ("files", "points"): 99},
    )
    answer = await upload(service, sent)
    assert (answer.status_code, code(answer)) == (422, "workbook-invalid")
    told = answer.json()
    assert told["facts"] == {"count": 2}
    assert [(one["row"], one["column"], one["item"], one["code"]) for one in told["errors"]] == [
        (8, "I", "rules", "cell-too-fine"),
        (9, "I", "files", "mark-over-maximum"),
    ]
    assert all(one["zh"] and one["en"] for one in told["errors"])
    assert await draft(service) == {}


async def test_mistakes_come_back_in_the_same_workbook(service: Submission) -> None:
    sent = filled(await sheet(service), {("staff", "points"): 40, ("rules", "points"): 1.005})
    answer = await upload(service, sent, Accept=XLSX)
    assert (answer.status_code, answer.headers["content-type"]) == (422, XLSX)
    assert answer.headers["x-problem-code"] == "workbook-invalid"
    assert answer.headers["x-problem-count"] == "1"
    page = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert "1.005" in str(page.cell(ROW["rules"], 12).value)
    assert page.cell(ROW["staff"], AT["points"]).value == 40
    mended = filled(answer.content, {("rules", "points"): 30})
    assert (await upload(service, mended)).json()["changed"] == 2


async def test_another_table_pasted_in_is_not_told_line_by_line(service: Submission) -> None:
    book = load_workbook(io.BytesIO(await sheet(service)))
    for at in range(1200):
        book.worksheets[0].cell(20 + at, AT["code"]).value = f"X-{at}"
    told = (await upload(service, saved(book))).json()
    assert (told["facts"], len(told["errors"])) == ({"count": 1200}, 1000)


async def test_what_two_clerks_changed_meets_in_its_row(service: Submission) -> None:
    blank = await sheet(service)
    await patched(service, "staff", 0, mark_cp=4000)
    await patched(service, "rules", 0, mark_cp=3000)
    await patched(service, "files", 0, mark_cp=2000)
    other = await upload(service, filled(blank, {("staff", "points"): 20, ("rules", "points"): 30}))
    assert [(one["row"], one["code"]) for one in other.json()["errors"]] == [
        (ROW["staff"], "draft-item-changed")
    ]
    alike = (await upload(service, filled(blank, {("rules", "points"): 30}))).json()
    assert (alike["changed"], alike["unchanged"], alike["untouched"]) == (0, 2, 2)
    assert await draft(service) == {"staff": 4000, "rules": 3000, "files": 2000}


async def test_of_two_sheets_at_the_same_moment_one_is_told_of_the_other(
    service: Submission,
) -> None:
    blank = await sheet(service)
    answers = await asyncio.gather(
        *(upload(service, filled(blank, {("staff", "points"): one})) for one in (10, 20, 30))
    )
    assert sorted(one.status_code for one in answers) == [200, 422, 422]


async def test_a_sheet_of_an_older_standard_is_refused(service: Submission) -> None:
    sent = filled(await sheet(service), {("staff", "points"): 40})
    await service.hear(STRICTER)
    service.on(STRICTER.in_force_on)
    answer = await upload(service, sent)
    assert (answer.status_code, code(answer)) == (422, "workbook-standard-differs")


async def test_only_the_offices_clerk_imports(service: Submission) -> None:
    sent = filled(await sheet(service), {("staff", "points"): 40})
    head = await upload(service, sent, role="head")
    other = await upload(service, sent, organisation="370406102-office")
    assert (code(head), code(other)) == ("role-not-allowed", "other-organisation")


async def test_what_is_sent_must_be_called_a_workbook(service: Submission) -> None:
    answer = await upload(service, b"{}", **{"Content-Type": "text/csv"})
    assert (answer.status_code, code(answer)) == (415, "media-type-not-xlsx")


async def test_five_mebibytes_are_read_and_no_more(service: Submission) -> None:
    much = await upload(service, b"PK" + bytes(5 * 1024 * 1024 - 2))
    too_much = await upload(service, b"PK" + bytes(5 * 1024 * 1024))
    assert (code(much), code(too_much)) == ("workbook-damaged", "body-too-large")


async def test_no_process_outlives_the_service(database: str, tmp_path: Path) -> None:
    async with submission(database, tmp_path / "clock", MAY) as serving:
        await sheet(serving)
        started = [one for one in psutil.Process().children() if "spawn_main" in str(one.cmdline())]
        assert started
    assert not any(one.is_running() for one in started)


async def test_the_dossiers_are_a_table_too(service: Submission) -> None:
    who = service.who("officer", organisation="370406-safety")
    address = f"/v1/dossiers?programme={PROGRAMME}"
    text = await service.http.get(address, headers={**who, "Accept": CSV})
    assert text.content.startswith(b"\xef\xbb\xbf")
    assert text.content.decode("utf-8-sig").splitlines()[1].startswith(f"{TOWNSHIP},山城街道,")
    book = await service.http.get(f"{address}&format=xlsx", headers=who)
    assert load_workbook(io.BytesIO(book.content)).worksheets[0]["B2"].value == "山城街道"
    plain = await service.http.get(address, headers=who)
    assert plain.json()["dossiers"][0]["township"] == TOWNSHIP
