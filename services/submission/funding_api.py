"""The dossiers over HTTP: asking for what the work takes, and what was answered."""

from dataclasses import replace

from fastapi import APIRouter, Response

from services.submission import programmes
from services.submission.access import (
    DECIDE_FUNDING,
    READERS,
    REQUEST_FUNDING,
    acting_side,
    organisation,
)
from services.submission.answers import FundingView, FundingWritten, funding_view
from services.submission.bodies import FundingAnswerBody, FundingBody
from services.submission.dossier import asked
from services.submission.funding import decide_funding, request_funding
from services.submission.place import Came, Here, Part, name_of, programme_of, read, record, route
from shared.store.log import Log
from shared.web.auth import roles
from shared.web.commands import Written


def askings(router: APIRouter, log: Log) -> None:
    """Money, posts, premises and equipment: asked for, and granted or not."""

    @router.post(**route(REQUEST_FUNDING))
    async def request(came: Came, body: FundingBody) -> FundingWritten:
        """Ask another organisation for what the work takes."""
        funding_id = name_of(came.wish)
        written = await record(
            log,
            REQUEST_FUNDING,
            came,
            body,
            lambda at: request_funding(at.dossier, at.site, funding_id, body.need(at.evidence)),
            made=f"funding-requests/{funding_id}",
        )
        return FundingWritten(**written.model_dump(), funding_id=funding_id)

    @router.post(**route(DECIDE_FUNDING))
    async def decide(came: Came, funding_id: Part, body: FundingAnswerBody) -> Written:
        """Put on record what was answered; the township's government answers for itself."""
        here = came.here
        programme = await programme_of(log, here.programme)
        side = acting_side(here.principal, programme, here.township, DECIDE_FUNDING)
        _, state = await log.state(here.stream)
        # Neither whom a request asked nor who a township's government is ever changes, so what is
        # known before the decision holds in it.
        decided_by = asked(state, funding_id).requested.asked_of
        if side == "government":
            decided_by = organisation(programme, here.township, side)
        if not programmes.acts_as(programme, here.principal.organisation, decided_by):
            came = replace(came, wish=replace(came.wish, on_behalf_of=decided_by))
        return await record(
            log,
            DECIDE_FUNDING,
            came,
            body,
            lambda at: decide_funding(
                at.dossier, at.site, funding_id, body.answer(), decided_by=decided_by
            ),
            made=f"funding-requests/{funding_id}",
        )

    @router.get("/{programme}/{township}/funding-requests", dependencies=roles(*READERS))
    async def requests(here: Here, response: Response) -> list[FundingView]:
        """Everything that was asked for, with the answer that stands."""
        _, _, state = await read(log, here, response)
        return [funding_view(one) for one in state.funding.values()]

    @router.get(
        "/{programme}/{township}/funding-requests/{funding_id}", dependencies=roles(*READERS)
    )
    async def funding(here: Here, funding_id: Part, response: Response) -> FundingView:
        """One request."""
        _, _, state = await read(log, here, response)
        return funding_view(asked(state, funding_id))
