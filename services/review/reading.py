"""Cases as whoever may see them finds them: one with all around it, or a page of rows."""

import asyncio
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Query

from services.review.access import may_read, of_bureaus
from services.review.applications import Applications
from services.review.bodies import ActBody
from services.review.case import Case
from services.review.place import AT_ONCE, CODE, Place, Scene
from services.review.programmes.programme import Programme
from services.review.titles import rounds
from services.review.views import CaseRows, case_row
from shared.clock import civil_day
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import Principal

ProgrammeCode = Annotated[str, Query(pattern=f"^{CODE}$")]
TownshipCode = Annotated[str, Query(pattern=f"^({CODE})?$")]
Cursor = Annotated[str, Query(pattern=f"^({CODE}/{CODE}/[0-9]{{1,4}})?$")]


async def scene(log: Log, here: Place) -> tuple[int, Scene]:
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases of a programme, and from where on."""

    programme: str
    township: str
    status: str | None
    after: str
    limit: int


def wanted(
    programme: ProgrammeCode,
    township: TownshipCode = "",
    status: Annotated[str | None, Query(max_length=40)] = None,
    after: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
) -> Wanted:
    return Wanted(programme, township, status, after, limit)


WantedCases = Annotated[Wanted, Depends(wanted)]


async def page(log: Log, who: Principal, asked: Wanted) -> CaseRows:
    """The cases of a programme by id, for its bureaus; one filtered by status may hold fewer."""
    programme: Programme
    _, programme = await log.state(Stream("programme", asked.programme))
    of_bureaus(who, programme, asked.programme)
    ids = await log.subjects(
        "case",
        prefix=f"{asked.programme}/{asked.township}",
        after=asked.after,
        limit=asked.limit,
    )
    found = await asyncio.gather(*(log.state(Stream("case", case_id)) for case_id in ids))
    rows = [
        case_row(case, case.opened)
        for _, case in found
        if case.opened is not None and asked.status in (None, case.stage)
    ]
    return CaseRows(cases=rows, next=ids[-1] if len(ids) == asked.limit else None)
