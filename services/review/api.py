"""The review service over HTTP: its parts together, and reading cases."""

import asyncio
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.review.acts import acts
from services.review.applications import Applications
from services.review.bodies import ActBody
from services.review.case import Case, pinned
from services.review.cases_api import CASE, district_acts
from services.review.city_api import city_acts
from services.review.directory import Directory, officers
from services.review.letters_api import letters
from services.review.place import AT_ONCE, CODE, Here, Place, Scene, Who, of_bureaus, roles
from services.review.programme import Programme
from services.review.programmes_api import programmes
from services.review.review_changes import Changes, changes
from services.review.rewards_api import rewards
from services.review.titles import rounds
from services.review.titles_api import awards_and_titles
from services.review.views import (
    CaseRows,
    CaseView,
    Difference,
    SheetRow,
    case_row,
    case_view,
    differences,
    may_compare,
    may_read,
    sheet,
)
from shared.clock import civil_day
from shared.contracts.case import MarksRecorded
from shared.store.log import Log
from shared.store.streams import Stream

READERS = ("officer", "leader", "member", "city", "clerk", "head", "gov", "auditor")
ProgrammeCode = Annotated[str, Query(pattern=f"^{CODE}$")]
TownshipCode = Annotated[str, Query(pattern=f"^({CODE})?$")]
Cursor = Annotated[str, Query(pattern=f"^({CODE}/{CODE}/[0-9]{{1,4}})?$")]


def routes(log: Log, directory: Directory) -> APIRouter:
    """Everything under `/v1`."""
    router = APIRouter()
    router.include_router(programmes(log))
    router.include_router(readings(log))
    router.include_router(district_acts(log, directory))
    router.include_router(letters(log))
    router.include_router(city_acts(log))
    router.include_router(awards_and_titles(log))
    router.include_router(rewards(log))
    router.include_router(officers(log, directory))
    return router


def readings(log: Log) -> APIRouter:
    """Endpoints 32, 33, 37, 38 and 39."""
    router = APIRouter(prefix="/v1/cases", tags=["cases"])

    async def scene(here: Place) -> tuple[int, Scene]:
        """The case as it stands, for whoever may see it."""
        on, of, dossier = here.streams
        case: Case
        programme: Programme
        applications: Applications
        version, case = await log.state(on)
        _, programme = await log.state(of)
        may_read(here.principal, case, programme, here.programme)
        _, applications = await log.state(dossier)
        site = ActBody().site(here.programme, civil_day(log.clock()))
        found = Scene(here.principal, case, programme, applications, site)
        if case.opened and case.opened.previous_case_id:
            _, previous = await log.state(Stream("case", case.opened.previous_case_id))
            found = replace(found, previous=previous)
        if case.title is not None:
            _, after = await rounds(log, here.case_id)
            states = await asyncio.gather(*(log.state(Stream("case", one)) for one in after))
            found = replace(found, later=tuple(one for _, one in states))
        return version, found

    @router.get("", dependencies=roles("officer", "leader", "city", "auditor"))
    async def cases(
        who: Who,
        programme: ProgrammeCode,
        township: TownshipCode = "",
        status: Annotated[str | None, Query(max_length=40)] = None,
        after: Cursor = "",
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> CaseRows:
        """The cases of a programme by id; a page filtered by `status` may hold fewer."""
        _, state = await log.state(Stream("programme", programme))
        of_bureaus(who, state, programme)
        prefix = f"{programme}/{township}"
        ids = await log.subjects("case", prefix=prefix, after=after, limit=limit)
        found = await asyncio.gather(*(log.state(Stream("case", case_id)) for case_id in ids))
        rows = [
            case_row(case, case.opened)
            for _, case in found
            if case.opened is not None and status in (None, case.stage)
        ]
        return CaseRows(cases=rows, next=ids[-1] if len(ids) == limit else None)

    @router.get(CASE, dependencies=roles(*READERS))
    async def case(here: Here, response: Response) -> CaseView:
        """The case, its three marks of each item side by side, and what may be done next."""
        version, found = await scene(here)
        response.headers["ETag"] = f'"{version}"'
        return case_view(found, pinned(found.case, found.programme), acts(found))

    @router.get(f"{CASE}/changes", dependencies=roles(*READERS))
    async def changed(here: Here) -> Changes:
        """Item by item, what was asked in the round before and what has changed since."""
        _, found = await scene(here)
        return changes(found, pinned(found.case, found.programme))

    @router.get(f"{CASE}/marking-sheet", dependencies=roles("member"))
    async def marking_sheet(here: Here) -> list[SheetRow]:
        """What the one who asks has to mark; in a later round what has changed comes first."""
        _, found = await scene(here)
        return sheet(found, pinned(found.case, found.programme))

    @router.get(f"{CASE}/marks", dependencies=roles("member"))
    async def marks(here: Here) -> list[MarksRecorded]:
        """One's own markings that count; another's are seen in the table of differences."""
        _, found = await scene(here)
        own = here.principal.officer
        kept = {
            marking.version: marking.event
            for (officer, _), marking in found.case.markings.items()
            if officer == own
        }
        return [kept[version] for version in sorted(kept)]

    @router.get(f"{CASE}/differences", dependencies=roles("member"))
    async def table(here: Here) -> list[Difference]:
        """Where the marks differ; for the team's leader, who has marked: everybody marks alone."""
        _, found = await scene(here)
        may_compare(found.case, here.principal.officer)
        return differences(found, pinned(found.case, found.programme))

    return router
