"""The dossiers over HTTP: reading them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.submission import programmes
from services.submission.access import READERS, may_read
from services.submission.allowed import allowed
from services.submission.answers import (
    ApplicationView,
    DeficiencyView,
    DossierRows,
    DossierView,
    EventView,
    application_view,
    deficiency_view,
    dossier_row,
    dossier_view,
    event_views,
)
from services.submission.dossier import Application, known
from services.submission.evidence.access import reader_of
from services.submission.evidence.grants import on_team
from services.submission.place import Here, Part, Place, dossiers_of, programme_of, read
from services.submission.programmes import Programme
from shared.clock import civil_day
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Principal, Who, roles
from shared.web.spreadsheets import ALSO_TABLE

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dossiers of a programme, and from where on."""

    programme: str
    township: str
    after: str
    limit: int


def wanted(
    programme: Annotated[bodies.Code, Query()],
    township: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
    limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
) -> Wanted:
    return Wanted(programme, township, after, limit)


WantedDossiers = Annotated[Wanted, Depends(wanted)]


async def page(log: Log, who: Principal, asked: Wanted) -> DossierRows:
    """A page of a programme's dossiers by township, for its district and auditors."""
    followed = await programme_of(log, asked.programme)
    if "auditor" not in who.roles and not programmes.acts_as(
        followed, who.organisation, followed.district
    ):
        raise Refused("other-organisation", organisation=followed.district)
    found, more = await dossiers_of(
        log, followed, township=asked.township, after=asked.after, limit=asked.limit
    )
    rows = [
        dossier_row(followed.townships[code], version, dossier) for code, version, dossier in found
    ]
    return DossierRows(dossiers=rows, next=found[-1][0] if more else None)


def readings(router: APIRouter, log: Log) -> None:
    """Lists, one dossier, its parts."""

    @router.get("", dependencies=roles("officer", "leader", "auditor"), responses=ALSO_TABLE)
    async def dossiers(who: Who, asked: WantedDossiers) -> DossierRows:
        """Every enrolled township whose code begins with `township`, its dossier begun or not."""
        return await page(log, who, asked)

    @router.get("/{programme}/{township}", dependencies=roles(*READERS))
    async def dossier(here: Here, response: Response) -> DossierView:
        """The dossier as it stands, and what may be done next, or why not.

        The `ETag` is the version of its stream, for `If-Match`; there is no 304, since `allowed`
        depends on who asks and on the day.
        """
        programme, version, state = await read(log, here, response)
        enrolment = programmes.enrolment(programme, here.township)
        on = civil_day(log.clock())
        open_acts = allowed(here.principal, state, programme, here.township, on)
        return dossier_view(enrolment, version, state, open_acts)

    @router.get("/{programme}/{township}/plans", dependencies=roles(*READERS))
    async def plans(here: Here, response: Response) -> list[EventView]:
        """Every version of the plan."""
        await read(log, here, response)
        types = ("fuyan.dossier.plan-filed.v1", "fuyan.dossier.plan-revised.v1")
        return event_views(await log.history(here.stream), *types)

    @router.get("/{programme}/{township}/self-assessments", dependencies=roles(*READERS))
    async def assessments(here: Here, response: Response) -> list[EventView]:
        """Every self-assessment, with its marks."""
        await read(log, here, response)
        recorded = "fuyan.dossier.self-assessment-recorded.v1"
        return event_views(await log.history(here.stream), recorded)

    @router.get("/{programme}/{township}/deficiencies", dependencies=roles(*READERS))
    async def deficiencies(
        here: Here,
        response: Response,
        status: Literal["open", "done", "withdrawn"] | None = None,
    ) -> list[DeficiencyView]:
        """Every gap that was ever found, closed ones included."""
        _, _, state = await read(log, here, response)
        found = state.deficiencies.values()
        return [deficiency_view(one) for one in found if status in (None, one.status)]

    @router.get(
        "/{programme}/{township}/deficiencies/{deficiency_id}", dependencies=roles(*READERS)
    )
    async def deficiency(here: Here, deficiency_id: Part, response: Response) -> DeficiencyView:
        """One gap."""
        _, _, state = await read(log, here, response)
        return deficiency_view(known(state, deficiency_id))

    @router.get("/{programme}/{township}/applications", dependencies=roles(*READERS))
    async def applications(here: Here, response: Response) -> list[ApplicationView]:
        """Every application, by round."""
        _, _, state = await read(log, here, response)
        return [application_view(one) for one in state.applications]

    @router.get(
        "/{programme}/{township}/applications/{application_id}",
        dependencies=roles(*READERS, "member"),
    )
    async def application(
        here: Here,
        application_id: Part,
        response: Response,
        diff: Literal["previous"] | None = None,
    ) -> ApplicationView:
        """One application, for its team too; `?diff=previous` sets it against the one before."""
        programme = await programme_of(log, here.programme)
        version, state = await log.state(here.stream)
        found = state.application(application_id)
        if found is None or not await _reviews(log, here, programme, found):
            may_read(here.principal, programme, here.township)
        if found is None:
            raise Refused("unknown-application", application_id=application_id)
        response.headers["ETag"] = f'"{version}"'
        before = state.applications[: state.applications.index(found)]
        return application_view(found, before[-1] if diff and before else None)


async def _reviews(log: Log, here: Place, programme: Programme, application: Application) -> bool:
    """Whether one is on its team, as far as was heard: of a new one a moment after the rest."""
    case = f"{here.programme}/{here.township}/{application.submitted.round}"
    _, grants = await log.state(Stream("case", case))
    return on_team(reader_of(here.principal), programme, {case: grants}) is not None
