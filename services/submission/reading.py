"""The dossiers over HTTP: reading them."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from services.submission import programmes
from services.submission.access import READERS, acts, may_read
from services.submission.answers import (
    ApplicationView,
    DeficiencyView,
    DossierRows,
    DossierView,
    EventView,
    application_view,
    deficiency_view,
    dossier_row,
    event_views,
)
from services.submission.dossier import Dossier
from services.submission.place import Here, Part, Place, programme_of, roles
from services.submission.programmes import Programme
from services.submission.rectification import known
from shared.clock import civil_day
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Auth

AT_ONCE = 100


def readings(router: APIRouter, log: Log) -> None:
    """Lists, one dossier, its parts."""

    async def read(here: Place) -> tuple[Programme, int, Dossier]:
        programme = await programme_of(log, here.programme)
        may_read(here.principal, programme, here.township)
        version, dossier = await log.state(here.stream)
        return programme, version, dossier

    @router.get("", dependencies=roles("officer", "leader", "auditor"))
    async def dossiers(
        request: Request,
        programme: Annotated[bodies.Code, Query()],
        township: Annotated[str, Query(max_length=60)] = "",
        after: Annotated[str, Query(max_length=60)] = "",
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> DossierRows:
        """Every enrolled township whose code begins with `township`, its dossier begun or not."""
        auth: Auth = request.app.state.auth
        principal = await auth.principal(request)
        followed = await programme_of(log, programme)
        if "auditor" not in principal.roles and principal.organisation != followed.district:
            raise Refused("other-organisation", organisation=followed.district)
        codes = sorted(
            code for code in followed.townships if code.startswith(township) and code > after
        )
        page = codes[:limit]
        states = await asyncio.gather(
            *(log.state(Stream("dossier", f"{programme}/{code}")) for code in page)
        )
        rows = [
            dossier_row(followed.townships[code], version, dossier)
            for code, (version, dossier) in zip(page, states, strict=True)
        ]
        return DossierRows(dossiers=rows, next=page[-1] if len(codes) > limit else None)

    @router.get("/{programme}/{township}", dependencies=roles(*READERS))
    async def dossier(here: Here, response: Response) -> DossierView:
        """The dossier as it stands, and what may be done next, or why not."""
        programme, version, state = await read(here)
        enrolled = programmes.enrolment(programme, here.township).enrolled
        response.headers["ETag"] = f'"{version}"'
        return DossierView(
            programme=here.programme,
            township=here.township,
            township_name=enrolled.name,
            office=enrolled.office,
            version=version,
            plan=state.plan,
            assessment=state.assessments[-1] if state.assessments else None,
            deficiencies=[deficiency_view(one) for one in state.deficiencies.values()],
            applications=[application_view(one) for one in state.applications],
            set_back_on=state.set_back_on,
            allowed=acts(here.principal, state, programme, here.township, civil_day(log.clock())),
        )

    @router.get("/{programme}/{township}/plans", dependencies=roles(*READERS))
    async def plans(here: Here) -> list[EventView]:
        """Every version of the plan."""
        await read(here)
        types = ("fuyan.dossier.plan-filed.v1", "fuyan.dossier.plan-revised.v1")
        return event_views(await log.history(here.stream), *types)

    @router.get("/{programme}/{township}/self-assessments", dependencies=roles(*READERS))
    async def assessments(here: Here) -> list[EventView]:
        """Every self-assessment, with its marks."""
        await read(here)
        recorded = "fuyan.dossier.self-assessment-recorded.v1"
        return event_views(await log.history(here.stream), recorded)

    @router.get("/{programme}/{township}/deficiencies", dependencies=roles(*READERS))
    async def deficiencies(
        here: Here, status: Literal["open", "done", "withdrawn"] | None = None
    ) -> list[DeficiencyView]:
        """Every gap that was ever found, closed ones included."""
        _, _, state = await read(here)
        found = state.deficiencies.values()
        return [deficiency_view(one) for one in found if status in (None, one.status)]

    @router.get(
        "/{programme}/{township}/deficiencies/{deficiency_id}", dependencies=roles(*READERS)
    )
    async def deficiency(here: Here, deficiency_id: Part) -> DeficiencyView:
        """One gap."""
        _, _, state = await read(here)
        return deficiency_view(known(state, deficiency_id))

    @router.get("/{programme}/{township}/applications", dependencies=roles(*READERS))
    async def applications(here: Here) -> list[ApplicationView]:
        """Every application, by round."""
        _, _, state = await read(here)
        return [application_view(one) for one in state.applications]

    @router.get(
        "/{programme}/{township}/applications/{application_id}", dependencies=roles(*READERS)
    )
    async def application(
        here: Here, application_id: Part, diff: Literal["previous"] | None = None
    ) -> ApplicationView:
        """One application; `?diff=previous` adds the items marked otherwise than last time."""
        _, _, state = await read(here)
        for previous, one in zip((None, *state.applications), state.applications, strict=False):
            if one.submitted.application_id == application_id:
                return application_view(one, previous if diff else None)
        raise Refused("unknown-application", application_id=application_id)
