"""A member's marking sheet as a workbook, to be filled in on the spot, and taken back as marks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.review.access import by_right
from services.review.appointment import seated
from services.review.bodies import ActBody
from services.review.case import pinned
from services.review.cases_api import CASE, record_own_marks
from services.review.directory import Directory
from services.review.place import Came, Here, Place
from services.review.reading import WantedCases, page, scene
from services.review.team import counting_marks, ordinary
from services.review.views import CaseRow, sheet
from shared.contracts.blocks import Mark
from shared.contracts.programme import StandardPublished
from shared.store.log import Log
from shared.web.auth import Who, roles
from shared.web.bodies import Day, Words
from shared.web.commands import Written
from shared.web.spreadsheets import SpreadsheetAsked, SpreadsheetSent, TableAsked
from shared.workbook.desk import hand_out, hand_out_table, send_back, take_back
from shared.workbook.form import Binding, Finding, Form, Line, Reading, completed
from shared.workbook.tables import Value, points

CASES = "/v1/cases"


def workbooks(log: Log, directory: Directory) -> APIRouter:
    """Cases, marking sheets and marks: each stands before the JSON of the same address."""
    router = APIRouter()
    router.include_router(_lists(log))
    router.include_router(_sheets(log))
    router.include_router(_marks(log, directory))
    return router


def _sheets(log: Log) -> APIRouter:
    router = APIRouter(prefix=CASES, route_class=SpreadsheetAsked)

    @router.get(f"{CASE}/marking-sheet", dependencies=roles("member"), include_in_schema=False)
    async def marking_sheet(here: Here, request: Request) -> Response:
        """What the one who asks has to mark, as a workbook."""
        _, found = await scene(log, here)
        standard = pinned(found.case, found.programme)
        items = {item.code: item for item in standard.items}
        opened = found.case.opened
        name = opened.township_name if opened else here.township
        form = Form(
            binding=_binding(here, standard),
            standard=standard,
            title=(
                f"初验评分表（第 {here.round} 次申报，{here.principal.officer}）",
                f"Marking sheet of the district inspection (application {here.round})",
            ),
            township_name=name,
            beside=("自评得分", "Self-assessment"),
            lines=tuple(
                Line(item=items[row.item], now=row.own_mark, beside=row.self_mark)
                for row in sheet(found, standard)
            ),
        )
        return await hand_out(request, form, f"初验评分表-{name}-{here.principal.officer}.xlsx")

    return router


def _marks(log: Log, directory: Directory) -> APIRouter:
    router = APIRouter(prefix=CASES, route_class=SpreadsheetSent)

    @router.post(
        f"{CASE}/marks",
        status_code=201,
        dependencies=by_right("marks"),
        response_model=Written,
        include_in_schema=False,
    )
    async def mark(
        came: Came,
        request: Request,
        effective_on: Annotated[Day | None, Query()] = None,
        backdated_reason: Annotated[Words | None, Query()] = None,
    ) -> Written | Response:
        """Record one's own marks from a workbook, whole or not at all."""
        here = came.here
        _, found = await scene(log, here)
        standard = pinned(found.case, found.programme)
        categories = seated(found.case, here.principal.officer).categories
        sent, reading = await take_back(request, _binding(here, standard), standard, categories)
        own = {
            item: by[here.principal.officer]
            for item, by in counting_marks(found.case, standard).items()
            if here.principal.officer in by
        }
        findings = [*reading.findings, *_gaps(reading, standard, own)]
        if findings:
            return await send_back(request, sent, reading, findings)
        marks = marked(reading, standard, own)
        body = ActBody(effective_on=effective_on, backdated_reason=backdated_reason)
        return await record_own_marks(log, directory, came, body, lambda _: marks)

    return router


def marked(
    reading: Reading, standard: StandardPublished, own: Mapping[str, Mark]
) -> tuple[Mark, ...]:
    """A whole marking: of each category that is marked, the rows and what has none as it was."""
    rows = {row.item: completed(row.mark, own.get(row.item)) for row in reading.rows}
    touched = _touched(reading, standard)
    found = (
        rows[item.code] if item.code in rows else own.get(item.code)
        for item in standard.items
        if item.category in touched
    )
    return tuple(mark for mark in found if mark is not None)


def _gaps(
    reading: Reading, standard: StandardPublished, own: Mapping[str, Mark]
) -> Iterator[Finding]:
    """What a category that is marked still lacks: it is recorded whole."""
    rows, touched = {row.item: row for row in reading.rows}, _touched(reading, standard)
    wrong = {finding.item for finding in reading.findings}
    for item in standard.items:
        if item.category not in touched or not ordinary(item.method) or item.code in wrong:
            continue
        row = rows.get(item.code)
        if row is None and item.code not in own:
            yield Finding(None, None, item.code, "row-missing", {"item": item.code})
        elif row is not None and row.mark is None:
            yield Finding(row.row, "points", item.code, "points-missing", {"item": item.code})


def _touched(reading: Reading, standard: StandardPublished) -> set[str]:
    given = {row.item for row in reading.rows if row.mark is not None}
    return {item.category for item in standard.items if item.code in given}


def _binding(here: Place, standard: StandardPublished) -> Binding:
    return Binding(
        kind="marking",
        programme=here.programme,
        township=here.township,
        standard=standard.standard,
        case_id=here.case_id,
        officer=here.principal.officer,
    )


def _lists(log: Log) -> APIRouter:
    router = APIRouter(prefix=CASES, route_class=TableAsked)

    @router.get(
        "", dependencies=roles("officer", "leader", "city", "auditor"), include_in_schema=False
    )
    async def cases(who: Who, asked: WantedCases, request: Request) -> Response:
        """The cases of a programme as a table."""
        found = await page(log, who, asked)
        return await hand_out_table(
            request, "验收案件", _COLUMNS, [_row(one) for one in found.cases], after=found.next
        )

    return router


_COLUMNS = (
    "案件 Case",
    "镇街 Township",
    "名称 Name",
    "第几次申报 Round",
    "批次 Batch",
    "阶段 Stage",
    "申报日期 Submitted",
    "办理期限 Decide by",
    "组长 Leader",
    "自评 Self",
    "初验 District",
    "复验 City",
    "称号 Title",
    "结果 Outcome",
)


def _row(one: CaseRow) -> Sequence[Value]:
    return (
        one.case_id,
        one.township,
        one.township_name,
        one.round,
        one.batch,
        one.stage,
        one.submitted_on,
        one.decide_by_on,
        one.leader,
        points(one.self_total_cp),
        points(one.district_total_cp),
        points(one.city_total_cp),
        one.title,
        one.outcome,
    )
