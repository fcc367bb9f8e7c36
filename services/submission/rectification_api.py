"""The dossiers over HTTP: finding gaps and closing them."""

from fastapi import APIRouter

from services.submission.access import (
    COMPLETE,
    FIND,
    MEND,
    REOPEN,
    WITHDRAW_DEFICIENCY,
    in_name_of,
)
from services.submission.answers import DeficienciesWritten
from services.submission.bodies import (
    CompletionBody,
    CorrectionBody,
    FindingsBody,
    RemedyBody,
    ReopeningBody,
)
from services.submission.dossier import Dossier
from services.submission.place import Came, Part, name_of, record, route
from services.submission.rectification import (
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.store.log import Log
from shared.web.commands import Written


def mendings(router: APIRouter, log: Log) -> None:
    """Deficiencies and their rectification (整改销号)."""

    @router.post(**route(FIND))
    async def find(came: Came, body: FindingsBody) -> DeficienciesWritten:
        """Note one gap or several; an item that is open already keeps the name it has."""
        names = {one.item: name_of(came.wish, one.item) for one in body.deficiencies}
        written = await record(
            log,
            FIND,
            came,
            body,
            lambda at: find_deficiencies(
                at.dossier,
                at.site,
                [one.finding(names[one.item]) for one in body.deficiencies],
                standard=at.standard,
                assessment_id=body.assessment_id,
            ),
            made="deficiencies",
        )
        # As it stood when this was done: what the item came to since is no part of this answer.
        history = await log.history(came.here.stream)
        state, aggregate = Dossier(), log.aggregates["dossier"]
        for one in history[: written.version]:
            state = aggregate.read(state, one.type, one.data)
        named = [_named(state, item, name) for item, name in names.items()]
        return DeficienciesWritten(**written.model_dump(), deficiency_ids=named)

    @router.post(**route(MEND))
    async def plan(came: Came, deficiency_id: Part, body: RemedyBody) -> Written:
        """Say how the gap will be closed, or say it anew."""
        return await record(
            log,
            MEND,
            came,
            body,
            lambda at: plan_rectification(at.dossier, at.site, deficiency_id, body.remedy()),
            made=f"deficiencies/{deficiency_id}",
        )

    @router.post(**route(COMPLETE))
    async def complete(came: Came, deficiency_id: Part, body: CompletionBody) -> Written:
        """Close the gap, with what shows it."""
        return await record(
            log,
            COMPLETE,
            came,
            body,
            lambda at: complete_rectification(
                at.dossier,
                at.site,
                deficiency_id,
                result=body.result,
                evidence=at.evidence,
                calendar=at.programme.calendar,
            ),
            made=f"deficiencies/{deficiency_id}",
        )

    @router.post(**route(WITHDRAW_DEFICIENCY))
    async def withdraw(came: Came, deficiency_id: Part, body: CorrectionBody) -> Written:
        """Take back what was recorded in error."""
        return await record(
            log,
            WITHDRAW_DEFICIENCY,
            came,
            body,
            lambda at: withdraw_deficiency(
                at.dossier,
                at.site,
                deficiency_id,
                by=in_name_of(at.side),
                reason=body.reason,
                corrects=str(body.corrects) if body.corrects else None,
            ),
            made=f"deficiencies/{deficiency_id}",
        )

    @router.post(**route(REOPEN))
    async def reopen(came: Came, deficiency_id: Part, body: ReopeningBody) -> Written:
        """Open what was called closed and is not."""
        return await record(
            log,
            REOPEN,
            came,
            body,
            lambda at: reopen_deficiency(
                at.dossier,
                at.site,
                deficiency_id,
                by=in_name_of(at.side),
                reason=body.reason,
                corrects=str(body.corrects) if body.corrects else None,
                due_on=body.due_on,
            ),
            made=f"deficiencies/{deficiency_id}",
        )


def _named(dossier: Dossier, item: str, name: str) -> str:
    """The deficiency this command made, or the one of the item that was open before it."""
    if name in dossier.deficiencies:
        return name
    return next(
        key
        for key, one in dossier.deficiencies.items()
        if one.found.item == item and one.status == "open"
    )
