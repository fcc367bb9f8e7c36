"""The yearly sheets over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.review.bodies import SheetBody
from services.review.place import Code
from services.review.programmes.allowed import ACTS
from services.review.programmes.annual import issue_annual_assessment, of_year
from services.review.programmes.place import Came, read, record
from shared.clock import civil_day
from shared.contracts.programme import AnnualAssessmentIssued
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.auth import ROLES, roles
from shared.web.commands import Written


def annual_routes(log: Log) -> APIRouter:
    """Sheets as they are read and signed."""
    router = APIRouter()

    @router.get("/{programme}/annual-assessments", dependencies=roles(*ROLES))
    async def sheets(programme: Code, response: Response) -> list[AnnualAssessmentIssued]:
        """Every sheet that was signed, replaced ones too."""
        version, state = await read(log, programme)
        response.headers["ETag"] = f'"{version}"'
        return list(state.annual)

    @router.get("/{programme}/annual-assessments/{year}", dependencies=roles(*ROLES))
    async def sheet(
        programme: Code, year: Annotated[int, Path(ge=2000, le=2200)], response: Response
    ) -> AnnualAssessmentIssued:
        """The sheet of a year that counts; Refused("annual-assessment-missing")."""
        version, state = await read(log, programme)
        signed = of_year(state, year)
        if not signed:
            raise Refused("annual-assessment-missing", year=str(year))
        response.headers["ETag"] = f'"{version}"'
        return signed[-1]

    @router.post(
        "/{programme}/annual-assessments",
        status_code=201,
        dependencies=roles(*ACTS["annual-assessments"]),
    )
    async def sign(came: Came, body: SheetBody) -> Written:
        """Sign the year's sheet, in the name of whoever asks."""
        given, now = body.sheet(), log.clock()
        return await record(
            log,
            came,
            body,
            lambda state, site: issue_annual_assessment(
                state,
                given,
                signed_by=came.principal.officer,
                known_on=civil_day(given.known_at),
                now=now,
                site=site,
            ),
            made=f"annual-assessments/{given.year}",
        )

    return router
