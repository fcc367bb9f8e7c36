"""Marking sheets as workbooks over HTTP, on a real database, and lists as tables."""

import io
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from shared.web.spreadsheets import CSV, XLSX
from tests.integration.review import FIRST, SECOND, Review, review
from tests.integration.review_steps import LETTER, TEAM, case, did, prepared, team
from tests.unit.workbooks import AT, HEAD, saved

AT_CASE = case(FIRST)
# Who marks what: whole categories, as the team was appointed.
SHARES = {"chen": ["JG", "RY", "BG", "ZB", "ZD", "ZF", "DA"], "li": ["JG", "DA"], "wang": ["JG"]}


@pytest.fixture
async def visited(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    """A case whose team has been there and has not marked anything."""
    async with review(database, tmp_path / "clock") as serving:
        service = await prepared(serving)
        service.on(9, 5)
        members = team(TEAM)
        for member in members["members"]:
            member["categories"] = SHARES[member["officer"]]
        await did(await service.post(f"{AT_CASE}/team", members, "o1", "officer"))
        visit = {
            "starts_at": "2018-09-10T09:00:00+08:00",
            "ends_at": "2018-09-10T17:00:00+08:00",
            "place": "安监办",
        }
        planned = await did(await service.post(f"{AT_CASE}/inspections", visit, "chen", "member"))
        service.on(9, 10)
        minutes = {"present": ["chen", "li"], "document": LETTER | {"issued_on": "2018-09-10"}}
        at = f"{AT_CASE}/inspections/{planned['inspection_id']}/record"
        await did(await service.post(at, minutes, "chen", "member"))
        yield service


async def sheet(service: Review, officer: str) -> bytes:
    who = service.who(officer, "member")
    answer = await service.http.get(f"{AT_CASE}/marking-sheet?format=xlsx", headers=who)
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX)
    return answer.content


async def hand_in(
    service: Review, officer: str, content: bytes, *, key: str | None = None, **headers: str
) -> httpx.Response:
    sent = {
        **service.who(officer, "member"),
        "Content-Type": XLSX,
        "Idempotency-Key": key or uuid4().hex,
        **headers,
    }
    return await service.http.post(f"{AT_CASE}/marks", content=content, headers=sent)


def rows(page: Worksheet) -> dict[str, int]:
    found = ((page.cell(at, AT["code"]).value, at) for at in range(HEAD + 1, page.max_row + 1))
    return {str(code): at for code, at in found if code}


def filled(sent: bytes, category: str, **others: Any) -> bytes:
    """Every item of the category at its maximum, but for the others, by code (`JG_1`)."""
    book = load_workbook(io.BytesIO(sent))
    page = book.worksheets[0]
    for code, at in rows(page).items():
        if code.startswith(category):
            page.cell(at, AT["points"]).value = page.cell(at, AT["most"]).value
    for code, value in others.items():
        page.cell(rows(page)[code.replace("_", "-")], AT["points"]).value = value
    return saved(book)


async def own(service: Review, officer: str) -> Mapping[str, int]:
    found = await service.get(f"{AT_CASE}/marking-sheet", officer, "member")
    return {one["item"]: one["own_mark"]["mark_cp"] for one in found if one["own_mark"]}


def code(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


async def test_a_member_hands_in_the_sheet_of_their_own_categories(visited: Review) -> None:
    blank = await sheet(visited, "li")
    page = load_workbook(io.BytesIO(blank)).worksheets[0]
    assert {one[:2] for one in rows(page)} == {"JG", "DA"}
    assert page.cell(rows(page)["JG-1"], AT["beside"]).value == 40
    done = await hand_in(visited, "li", filled(blank, "JG", JG_4="15.00"))
    assert done.status_code == 201, done.text
    assert done.headers["location"] == f"{AT_CASE}/marks"
    marked = await own(visited, "li")
    assert (marked["JG-1"], marked["JG-4"]) == (4000, 1500)
    assert not any(item.startswith("DA") for item in marked)


async def test_the_same_key_hands_it_in_once(visited: Review) -> None:
    sent = filled(await sheet(visited, "li"), "JG")
    first = await hand_in(visited, "li", sent, key="marks-1")
    again = await hand_in(visited, "li", sent, key="marks-1")
    other = await hand_in(visited, "li", filled(sent, "JG", JG_4=15), key="marks-1")
    assert first.json() == again.json()
    assert (other.status_code, code(other)) == (422, "idempotency-key-reused")


async def test_a_key_is_needed(visited: Review) -> None:
    headers = {**visited.who("li", "member"), "Content-Type": XLSX}
    answer = await visited.http.post(f"{AT_CASE}/marks", content=b"PK", headers=headers)
    assert code(answer) == "idempotency-key-missing"


async def test_a_category_is_handed_in_whole(visited: Review) -> None:
    blank = await sheet(visited, "li")
    answer = await hand_in(visited, "li", filled(blank, "JG", JG_2=None))
    told = [(one["item"], one["code"]) for one in answer.json()["errors"]]
    assert (answer.status_code, told) == (422, [("JG-2", "points-missing")])
    book = load_workbook(io.BytesIO(filled(blank, "JG")))
    book.worksheets[0].delete_rows(rows(book.worksheets[0])["JG-2"])
    answer = await hand_in(visited, "li", saved(book))
    assert [(one["row"], one["code"]) for one in answer.json()["errors"]] == [(None, "row-missing")]
    assert await own(visited, "li") == {}


async def test_a_deleted_row_leaves_the_earlier_mark(visited: Review) -> None:
    blank = await sheet(visited, "li")
    await hand_in(visited, "li", filled(blank, "JG", JG_4=15))
    book = load_workbook(io.BytesIO(filled(await sheet(visited, "li"), "ZZ", JG_1=0)))
    book.worksheets[0].delete_rows(rows(book.worksheets[0])["JG-4"])
    done = await hand_in(visited, "li", saved(book))
    assert done.status_code == 201, done.text
    marked = await own(visited, "li")
    assert (marked["JG-1"], marked["JG-4"]) == (0, 1500)


async def test_a_category_marked_anew_counts_as_marked_last(visited: Review) -> None:
    blank = await sheet(visited, "li")
    both = filled(filled(blank, "JG"), "DA")
    await hand_in(visited, "li", both)
    book = load_workbook(io.BytesIO(filled(blank, "JG", JG_1=0)))
    await hand_in(visited, "li", saved(book))
    marked = await own(visited, "li")
    assert (marked["JG-1"], marked["DA-1"] > 0) == (0, True)


async def test_nobody_hands_in_the_sheet_of_another(visited: Review) -> None:
    sent = filled(await sheet(visited, "li"), "JG")
    answer = await hand_in(visited, "wang", sent)
    assert (answer.status_code, code(answer)) == (422, "workbook-other-officer")
    assert answer.json()["facts"] == {"said": "li", "wanted": "wang"}


async def test_a_sheet_belongs_to_its_case(visited: Review) -> None:
    sent = filled(await sheet(visited, "li"), "JG")
    visited.on(9, 11)
    members = team(TEAM)
    await did(await visited.post(f"{case(SECOND)}/team", members, "o1", "officer"))
    headers = {
        **visited.who("li", "member"),
        "Content-Type": XLSX,
        "Idempotency-Key": "elsewhere",
    }
    answer = await visited.http.post(f"{case(SECOND)}/marks", content=sent, headers=headers)
    assert code(answer) == "workbook-other-township"


async def test_a_category_of_others_is_a_mistake_in_its_row(visited: Review) -> None:
    book = load_workbook(io.BytesIO(filled(await sheet(visited, "wang"), "JG")))
    page = book.worksheets[0]
    at = page.max_row + 1
    page.cell(at, AT["code"]).value, page.cell(at, AT["points"]).value = "DA-1", 1
    answer = await hand_in(visited, "wang", saved(book), Accept=XLSX)
    assert answer.headers["x-problem-count"] == "1"
    told = load_workbook(io.BytesIO(answer.content)).worksheets[0].cell(at, 12).value
    assert "DA" in str(told)


async def test_marks_in_json_are_taken_as_before(visited: Review) -> None:
    marks = [{"item": "JG-1", "mark_cp": 4000}]
    answer = await visited.post(f"{AT_CASE}/marks", {"marks": marks}, "wang", "member")
    assert code(answer) == "missing-items"


async def test_a_late_sheet_says_why(visited: Review) -> None:
    sent = filled(await sheet(visited, "li"), "JG")
    visited.on(9, 12)
    headers = {**visited.who("li", "member"), "Content-Type": XLSX, "Idempotency-Key": "late"}
    late = await visited.http.post(
        f"{AT_CASE}/marks?effective_on=2018-09-11&backdated_reason=下乡无网络",
        content=sent,
        headers=headers,
    )
    assert late.status_code == 201, late.text
    found = await visited.get(f"{AT_CASE}/marks", "li", "member")
    assert (found[-1]["effective_on"], found[-1]["backdated_reason"]) == (
        "2018-09-11",
        "下乡无网络",
    )


async def test_the_cases_are_a_table_too(visited: Review) -> None:
    who = visited.who("o1", "officer")
    address = "/v1/cases?programme=shanting-2018"
    text = await visited.http.get(address, headers={**who, "Accept": CSV})
    assert text.headers["content-type"] == f"{CSV}; charset=utf-8"
    assert [line.split(",")[1] for line in text.text.splitlines()] == [
        "镇街 Township",
        FIRST,
        SECOND,
    ]
    book = await visited.http.get(f"{address}&limit=1&format=xlsx", headers=who)
    page = load_workbook(io.BytesIO(book.content)).worksheets[0]
    assert [page.cell(2, 2).value, page.cell(2, 10).value] == [FIRST, 1000]
    link = book.headers["link"].partition(">")[0].removeprefix("<")
    more = await visited.http.get(link, headers=who)
    assert load_workbook(io.BytesIO(more.content)).worksheets[0].cell(2, 2).value == SECOND
    refused = await visited.http.get(
        address, headers={**visited.who("x", "officer", organisation="x"), "Accept": CSV}
    )
    assert code(refused) == "other-organisation"
