"""The working draft as a workbook, to be filled in where there is no network, and taken back."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.submission import programmes
from services.submission.access import READERS
from services.submission.answers import DossierRow
from services.submission.drafts.api import Desk, desk
from services.submission.drafts.draft import Draft, Drafts
from services.submission.drafts.importing import Import, after, compared
from services.submission.drafts.preview import Preview, preview
from services.submission.drafts.sheet import fitted
from services.submission.place import Here, Place, read
from services.submission.reading import WantedDossiers, page
from shared.clock import civil_day
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.auth import Who, roles
from shared.web.spreadsheets import SENT_AS_XLSX, XLSX, SpreadsheetAsked, TableAsked
from shared.workbook.desk import hand_out, hand_out_table, send_back, take_back
from shared.workbook.form import Binding, Form, Line, Reading
from shared.workbook.opening import BYTES_AT_MOST
from shared.workbook.tables import Value, points

DRAFT = "/v1/dossiers/{programme}/{township}/draft"
LARGER_BODIES = {r"/v1/dossiers/[^/]+/[^/]+/draft/imports": BYTES_AT_MOST}
# Whoever edits at the same moment is asked again; more often than this is no coincidence.
_TRIES = 3


class Imported(BaseModel):
    """What a workbook changed, or with `dry_run` would change, and what the draft comes to then.

    `untouched` items have no row, or one that nobody wrote in while the draft went on.
    """

    dry_run: bool
    changed: int
    unchanged: int
    cleared: int
    untouched: int
    version: int
    preview: Preview


def routes(log: Log, drafts: Drafts) -> APIRouter:
    """Imports, and drafts and lists as spreadsheets: before the JSON of the same addresses."""
    router = APIRouter(tags=["dossiers"])
    router.include_router(_handed_out(log, drafts))
    router.include_router(_lists(log))

    @router.post(
        f"{DRAFT}/imports",
        dependencies=roles("clerk"),
        response_model=Imported,
        responses={422: {"content": {XLSX: {}}}},
        openapi_extra=SENT_AS_XLSX,
    )
    async def imports(
        here: Here,
        request: Request,
        response: Response,
        dry_run: Annotated[
            bool, Query(description="Say what would change, and change nothing.")
        ] = False,
    ) -> Imported | Response:
        """Take a filled-in workbook back, whole or not at all; sent again, it changes nothing.

        Every mistake is answered at once: by row and column, or with `Accept` of .xlsx (or
        `?format=xlsx`) in the same workbook, annotated.
        """
        at = await desk(log, drafts, here)
        binding = _binding(here, at.standard)
        sent, reading = await take_back(request, binding, at.standard)
        found, draft = await _settle(log, drafts, here, at, reading, dry_run=dry_run)
        if found.findings:
            return await send_back(request, sent, reading, found.findings)
        marks = after(draft, found.edits if dry_run else {})
        response.headers["ETag"] = f'"{draft.version}"'
        return Imported(
            dry_run=dry_run,
            changed=found.changed,
            unchanged=found.unchanged,
            cleared=found.cleared,
            untouched=found.untouched,
            version=draft.version,
            preview=preview(at.standard, fitted(at.standard, marks).marks, draft.facts),
        )

    return router


async def _settle(
    log: Log, drafts: Drafts, here: Place, at: Desk, reading: Reading, *, dry_run: bool
) -> tuple[Import, Draft]:
    """What the workbook changes and the draft after it, or what hinders it and the draft before."""
    for left in reversed(range(_TRIES)):
        draft = await drafts.read(here.programme, here.township)
        found = compared(draft, reading, at.standard)
        if found.findings or dry_run or not found.edits:
            return found, draft
        try:
            return found, await drafts.edit(
                here.programme,
                here.township,
                found.edits,
                actor=here.principal.actor,
                at=log.clock(),
            )
        except Refused as refused:
            # Somebody was quicker by a moment: seen now, that is a finding in its row.
            if refused.code != "draft-item-changed" or not left:
                raise
    raise AssertionError("the last try returns or raises")


def _handed_out(log: Log, drafts: Drafts) -> APIRouter:
    router = APIRouter(route_class=SpreadsheetAsked)

    @router.get(DRAFT, dependencies=roles(*READERS), include_in_schema=False)
    async def sheet(here: Here, request: Request, response: Response) -> Response:
        """The working sheet as a workbook."""
        programme, _, dossier = await read(log, here, response)
        standard = programmes.standard_in_force(programme, civil_day(log.clock()))
        draft = await drafts.read(here.programme, here.township)
        stale = fitted(standard, draft.marks).stale
        last = dossier.assessments[-1].marks if dossier.assessments else ()
        previous = {mark.item: mark for mark in last}
        enrolled = programmes.enrolment(programme, here.township).enrolled
        form = Form(
            binding=_binding(here, standard),
            standard=standard,
            title=("自评工作表", "Self-assessment working sheet"),
            township_name=enrolled.name,
            beside=("上次自评", "Last assessment"),
            lines=tuple(
                Line(
                    item=item,
                    # What the standard cannot take is not offered to be sent back.
                    now=draft.items[item.code].mark
                    if item.code in draft.items and item.code not in stale
                    else None,
                    version=draft.item_version(item.code),
                    beside=previous.get(item.code),
                )
                for item in standard.items
            ),
        )
        answer = await hand_out(request, form, f"自评工作表-{enrolled.name}.xlsx")
        answer.headers["ETag"] = f'"{draft.version}"'
        return answer

    return router


def _binding(here: Place, standard: StandardPublished) -> Binding:
    return Binding(
        kind="draft",
        programme=here.programme,
        township=here.township,
        standard=standard.standard,
    )


def _lists(log: Log) -> APIRouter:
    router = APIRouter(prefix="/v1/dossiers", route_class=TableAsked)

    @router.get("", dependencies=roles("officer", "leader", "auditor"), include_in_schema=False)
    async def dossiers(who: Who, asked: WantedDossiers, request: Request) -> Response:
        """The dossiers of a programme as a table."""
        found = await page(log, who, asked)
        return await hand_out_table(
            request, "创建档案", _COLUMNS, [_row(one) for one in found.dossiers], after=found.next
        )

    return router


_COLUMNS = (
    "镇街 Township",
    "名称 Name",
    "安监办 Office",
    "退出日期 Left",
    "目标 Target",
    "计划达标 Reach by",
    "方案迟交工作日 Plan late",
    "自评日期 Assessed",
    "自评总分 Total",
    "距合格 To pass",
    "未销号 Open gaps",
    "其中阻断 Blocking",
    "申报次数 Applications",
    "在审 Under review",
)


def _row(one: DossierRow) -> Sequence[Value]:
    return (
        one.township,
        one.township_name,
        one.office,
        one.left_on,
        one.target,
        one.reach_on,
        one.plan_late_wd,
        one.assessed_on,
        points(one.total_cp),
        points(one.to_pass_cp),
        one.open_deficiencies,
        one.blocking_deficiencies,
        one.applications,
        one.under_review,
    )
