"""The dossiers over HTTP: finding gaps and closing them."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from services.submission import programmes
from services.submission.access import corrects_as
from services.submission.answers import DeficienciesWritten
from services.submission.bodies import (
    CompletionBody,
    CorrectionBody,
    FindingsBody,
    RemedyBody,
    ReopeningBody,
)
from services.submission.dossier import Dossier
from services.submission.place import Here, Part, Wish, act, name_of, roles
from services.submission.programmes import Programme
from services.submission.rectification import (
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.contracts.blocks import TownshipSite
from shared.contracts.dossier import DossierEvent
from shared.store.log import Log
from shared.web.commands import Written, created


def mendings(router: APIRouter, log: Log) -> None:
    """Deficiencies and their rectification (整改销号)."""

    @router.post(
        "/{programme}/{township}/deficiencies", status_code=201, dependencies=roles("clerk")
    )
    async def find(
        here: Here, wish: Wish, body: FindingsBody, response: Response
    ) -> DeficienciesWritten:
        """Note one gap or several; an item that is open already keeps the name it has."""
        names = {one.item: name_of(wish, one.item) for one in body.deficiencies}

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            return find_deficiencies(
                dossier,
                site,
                [one.finding(names[one.item]) for one in body.deficiencies],
                standard=programmes.standard_in_force(programme, site["effective_on"]),
                assessment_id=body.assessment_id,
            )

        written = await act(log, here, wish, body, decide)
        _, state = await log.state(here.stream)
        named = [_named(state, item, name) for item, name in names.items()]
        answer = DeficienciesWritten(**written.model_dump(), deficiency_ids=named)
        created(response, f"{here.path}/deficiencies", answer)
        return answer

    @router.post(
        "/{programme}/{township}/deficiencies/{deficiency_id}/rectification-plans",
        status_code=201,
        dependencies=roles("clerk"),
    )
    async def plan(
        here: Here, wish: Wish, deficiency_id: Part, body: RemedyBody, response: Response
    ) -> Written:
        """Say how the gap will be closed, or say it anew."""

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            return plan_rectification(dossier, site, deficiency_id, body.remedy())

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/deficiencies/{deficiency_id}", written)

    @router.post(
        "/{programme}/{township}/deficiencies/{deficiency_id}/completion",
        status_code=201,
        dependencies=roles("clerk"),
    )
    async def complete(
        here: Here, wish: Wish, deficiency_id: Part, body: CompletionBody, response: Response
    ) -> Written:
        """Close the gap, with what shows it."""

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            return complete_rectification(
                dossier,
                site,
                deficiency_id,
                result=body.result,
                evidence=tuple(one.evidence() for one in body.evidence),
                calendar=programme.calendar,
            )

        written = await act(log, here, wish, body, decide)
        return created(response, f"{here.path}/deficiencies/{deficiency_id}", written)

    @router.post(
        "/{programme}/{township}/deficiencies/{deficiency_id}/withdrawal",
        status_code=201,
        dependencies=roles("clerk", "officer"),
    )
    async def withdraw(
        here: Here, wish: Wish, deficiency_id: Part, body: CorrectionBody, response: Response
    ) -> Written:
        """Take back what was recorded in error."""

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            return withdraw_deficiency(
                dossier,
                site,
                deficiency_id,
                by=corrects_as(here.principal, programme, here.township),
                reason=body.reason,
                corrects=str(body.corrects) if body.corrects else None,
            )

        written = await act(log, here, wish, body, decide, gate=corrects_as)
        return created(response, f"{here.path}/deficiencies/{deficiency_id}", written)

    @router.post(
        "/{programme}/{township}/deficiencies/{deficiency_id}/reopening",
        status_code=201,
        dependencies=roles("clerk", "officer"),
    )
    async def reopen(
        here: Here, wish: Wish, deficiency_id: Part, body: ReopeningBody, response: Response
    ) -> Written:
        """Open what was called closed and is not."""

        def decide(
            dossier: Dossier, programme: Programme, site: TownshipSite
        ) -> Sequence[DossierEvent]:
            return reopen_deficiency(
                dossier,
                site,
                deficiency_id,
                by=corrects_as(here.principal, programme, here.township),
                reason=body.reason,
                corrects=str(body.corrects) if body.corrects else None,
                due_on=body.due_on,
            )

        written = await act(log, here, wish, body, decide, gate=corrects_as)
        return created(response, f"{here.path}/deficiencies/{deficiency_id}", written)


def _named(dossier: Dossier, item: str, name: str) -> str:
    """The deficiency this command made, or the one that the item had before it."""
    if name in dossier.deficiencies:
        return name
    of_item = [key for key, one in dossier.deficiencies.items() if one.found.item == item]
    return of_item[-1]
