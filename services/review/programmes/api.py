"""The programmes over HTTP: opened, read as of a day, and ended."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.review.bodies import ActBody, DefinitionBody, EndBody
from services.review.place import AT_ONCE, CODE, Code
from services.review.programmes.allowed import ACTS, allowed
from services.review.programmes.annual_api import annual_routes
from services.review.programmes.definition_api import definition_routes
from services.review.programmes.opening import open_programme
from services.review.programmes.organisations_api import organisation_routes
from services.review.programmes.place import AsOf, Came, read, read_as_of, record
from services.review.programmes.programme import close
from services.review.programmes.views import ProgrammeRows, ProgrammeView, programme_view
from shared.clock import civil_day
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import ROLES, Who, own_office, roles
from shared.web.commands import Wish, Written, answer, created


def programmes(log: Log) -> APIRouter:
    """A programme from its opening to its end, with all its parts."""
    router = APIRouter(prefix="/v1/programmes", tags=["programmes"])

    @router.get("", dependencies=roles(*ROLES))
    async def programmes(
        after: Annotated[str, Query(pattern=f"^({CODE})?$")] = "",
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> ProgrammeRows:
        """Every programme that was opened."""
        codes = await log.subjects("programme", after=after, limit=limit)
        found = await asyncio.gather(*(read(log, code) for code in codes))
        opened = [programme.opened for _, programme in found]
        return ProgrammeRows(
            programmes=[one for one in opened if one is not None],
            next=codes[-1] if len(codes) == limit else None,
        )

    @router.post("", status_code=201, dependencies=roles("officer"))
    async def open_(body: DefinitionBody, who: Who, wish: Wish, response: Response) -> Written:
        """Open a programme with all that belongs to it, in one append."""
        own_office(who, body.district.organisation)
        definition = body.definition()
        site = body.site(body.code, civil_day(log.clock()))
        written = await log.decide(
            wish,
            Stream("programme", body.code),
            lambda programme: open_programme(programme, definition, site=site),
        )
        return created(response, f"/v1/programmes/{body.code}", answer(written))

    @router.get("/{programme}", dependencies=roles(*ROLES))
    async def programme(
        programme: Code, who: Who, response: Response, as_of: AsOf = None
    ) -> ProgrammeView:
        """The definition in force at the end of a day, today's without one; and what may be done.

        A name holds from a day of its own, so that an earlier day shows one entered later.
        """
        version, now = await read(log, programme)
        instant = log.clock()
        today = civil_day(instant)
        then = now if as_of is None else await read_as_of(log, programme, as_of)
        response.headers["ETag"] = f'"{version}"'
        acts = allowed(who, now, now=instant, site=ActBody().site(programme, today))
        return programme_view(then, programme, as_of or today, version=version, now=now, acts=acts)

    @router.post("/{programme}/closure", status_code=201, dependencies=roles(*ACTS["closure"]))
    async def end(came: Came, body: EndBody) -> Written:
        """End the programme."""
        return await record(
            log,
            came,
            body,
            lambda state, site: close(state, achieved=body.achieved, reason=body.reason, site=site),
        )

    router.include_router(definition_routes(log))
    router.include_router(organisation_routes(log))
    router.include_router(annual_routes(log))
    return router
