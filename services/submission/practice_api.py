"""Good practice over HTTP: shared by an office, read by all of its programme or by everyone."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.submission.access import READERS, SHARE, may_read_named, of_programme, taking_part
from services.submission.answers import PracticeRows, PracticeWritten
from services.submission.bodies import PracticeBody
from services.submission.place import (
    Came,
    Here,
    dossiers_of,
    name_of,
    programme_of,
    read,
    record,
    route,
)
from services.submission.practice import said, share_practice
from shared.contracts.dossier import GoodPracticeShared
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web import bodies
from shared.web.auth import Who, roles

AT_ONCE = 100
# Whoever has a part in a programme reads all of it; strangers only what is public.
STRANGERS = ("bureau", "integrator")
MEMBERS = (*READERS, "member", "city")


def sharings(router: APIRouter, log: Log) -> None:
    """What one office shares."""

    @router.post(**route(SHARE))
    async def share(came: Came, body: PracticeBody) -> PracticeWritten:
        """Share what worked; signed by the head."""
        practice_id = name_of(came.wish)
        written = await record(
            log,
            SHARE,
            came,
            body,
            lambda at: share_practice(
                at.dossier,
                at.site,
                practice_id,
                body.experience(at.evidence),
                standard=at.standard,
                townships=taking_part(at.programme),
            ),
            made="good-practices",
        )
        _, state = await log.state(came.here.stream)
        told = (body.title, body.summary, body.publicity, tuple(sorted({*body.shared_with})))
        named = (one.practice_id for one in state.practices if said(one) == told)
        return PracticeWritten(**written.model_dump(), practice_id=next(named))

    @router.get("/{programme}/{township}/good-practices", dependencies=roles(*READERS))
    async def practices(here: Here, response: Response) -> list[GoodPracticeShared]:
        """What this office shared."""
        _, _, state = await read(log, here, response)
        return list(state.practices)


def routes(log: Log) -> APIRouter:
    """What all offices of a programme share."""
    router = APIRouter(prefix="/v1/good-practices", tags=["dossiers"])

    @router.get("", dependencies=roles(*MEMBERS, *STRANGERS))
    async def practices(
        who: Who,
        programme: Annotated[bodies.Code, Query()],
        after: Annotated[str, Query(max_length=60)] = "",
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> PracticeRows:
        """What worked elsewhere, by township; `limit` counts townships."""
        followed = await programme_of(log, programme)
        all_of_it = "auditor" in who.roles or of_programme(who, followed)
        if not all_of_it and who.roles.isdisjoint(STRANGERS):
            raise Refused("other-organisation", organisation=followed.district)
        page, more = await dossiers_of(log, followed, after=after, limit=limit)
        shared = [
            one
            for _, _, dossier in page
            for one in dossier.practices
            if all_of_it or one.publicity == "public"
            if one.publicity != "named" or may_read_named(who, followed, one)
        ]
        return PracticeRows(practices=shared, next=page[-1][0] if more else None)

    return router
