"""The working draft of a self-assessment over HTTP, and what it would come to if frozen now.

Working papers take no Idempotency-Key: what an edit says is so once it was done, and one that is
sent again with the version that was seen then is answered with what is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from services.submission import programmes
from services.submission.access import Right, acting_side
from services.submission.bodies import Facts
from services.submission.dossier import Dossier
from services.submission.drafts.answers import (
    FactsSaved,
    ItemSaved,
    Outlook,
    Sheet,
    facts_saved,
    item_saved,
    outlook,
    sheet,
)
from services.submission.drafts.draft import Draft, Drafts, Edit, item_changed
from services.submission.drafts.losses import LossesOf
from services.submission.drafts.sheet import edited, freezable, item_of, says
from services.submission.evidence.held import EvidenceBody, held
from services.submission.place import Code, Here, Place, programme_of, read
from services.submission.planning import record_assessment
from services.submission.programmes import Programme
from shared.clock import civil_day
from shared.contracts.dossier import AssessmentKind
from shared.contracts.programme import StandardPublished
from shared.standard import check, check_facts
from shared.store.log import Log
from shared.web.acts import Act, attempt
from shared.web.auth import roles
from shared.web.bodies import Body, Flag, Line, Measure, Points, Sha256, Words
from shared.web.commands import seen
from shared.web.spreadsheets import ALSO_XLSX

READERS = ("clerk", "head", "officer", "leader", "auditor")
EDIT = Right("draft/items", {"clerk": "office"})
KINDS: tuple[AssessmentKind, ...] = ("gap", "full", "pre-application")

Seen = Annotated[int, Depends(seen)]


class ItemBody(Body):
    """What changes in one item; a field that is not sent stays as it is, null empties it.

    Without a mark, what was counted gives it.
    """

    applicable: Flag = True
    mark_cp: Points | None = None
    measure: Measure | None = None
    unit: Line | None = None
    reason: Words | None = None
    evidence: Annotated[tuple[Sha256, ...], Field(max_length=50)] = ()


class FactsBody(Body):
    """Every fact that holds, by the codes that the gates of the standard ask about."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a clerk works: the standard in force today, and the draft beside it."""

    programme: Programme
    on: date
    standard: StandardPublished
    draft: Draft


async def desk(log: Log, drafts: Drafts, here: Place) -> Desk:
    """For the office's clerk, while the township takes part and the programme is open."""
    programme, on = await programme_of(log, here.programme), civil_day(log.clock())
    acting_side(here.principal, programme, here.township, EDIT)
    programmes.site(programme, here.township, on)
    standard = programmes.standard_in_force(programme, on)
    return Desk(programme, on, standard, await drafts.read(here.programme, here.township))


def routes(log: Log, drafts: Drafts) -> APIRouter:
    """The draft as it is read and edited; freezing it is to record an assessment."""
    router = APIRouter(prefix="/v1/dossiers/{programme}/{township}/draft", tags=["dossiers"])
    losses_of = LossesOf(log)

    async def outlook_of(at: Desk, draft: Draft) -> Outlook:
        losses = await losses_of.programme(at.programme, at.on)
        return outlook(at.standard, draft, losses, at.on)

    async def save(here: Place, at: Desk, item: str, edit: Edit, response: Response) -> ItemSaved:
        draft = await drafts.edit(
            here.programme,
            here.township,
            {item: edit},
            actor=here.principal.actor,
            at=log.clock(),
        )
        response.headers["ETag"] = f'"{draft.item_version(item)}"'
        return item_saved(item, draft, await outlook_of(at, draft))

    @router.get("", dependencies=roles(*READERS), responses=ALSO_XLSX)
    async def show(here: Here, response: Response) -> Sheet:
        """The working sheet: every item of the standard in force, and what it would come to.

        `ETag` is the draft's version, by which it is frozen; each item has a version of its own.
        """
        programme, _, dossier = await read(log, here, response)
        on = civil_day(log.clock())
        standard = programmes.standard_in_force(programme, on)
        at = Desk(programme, on, standard, await drafts.read(here.programme, here.township))
        response.headers["ETag"] = f'"{at.draft.version}"'
        seen_now = await outlook_of(at, at.draft)
        return sheet(standard, at.draft, dossier, seen_now, _allowed(here, dossier, at))

    @router.patch("/items/{item}", dependencies=roles("clerk"))
    async def patch(
        here: Here, item: Code, version: Seen, body: ItemBody, response: Response
    ) -> ItemSaved:
        """Save one item as it is worked on; `If-Match` is its own version, "0" for the first time.

        Clerks who work on other items are not disturbed. `ETag` is the item's new version.
        """
        at = await desk(log, drafts, here)
        line, sent = item_of(at.standard, item), body.model_dump(exclude_unset=True)
        known = at.draft.items.get(item)
        if version != at.draft.item_version(item):
            if known is None or not says(known.mark, sent):
                raise item_changed(item, version, known)
            mark = known.mark
        else:
            mark = edited(line, known.mark if known else None, sent)
            check(at.standard, [mark], complete=False)
            files = [EvidenceBody(sha256=sha256) for sha256 in body.evidence]
            (await held(log, here.programme, here.township, files)).named(files)
        return await save(here, at, item, Edit(mark, version), response)

    @router.delete("/items/{item}", dependencies=roles("clerk"))
    async def clear(here: Here, item: Code, version: Seen, response: Response) -> ItemSaved:
        """Take an item's mark out of the draft, also one that the standard knows no longer."""
        return await save(here, await desk(log, drafts, here), item, Edit(None, version), response)

    @router.put("/facts", dependencies=roles("clerk"))
    async def state(here: Here, version: Seen, body: FactsBody, response: Response) -> FactsSaved:
        """State which facts hold beside the points; `If-Match` is the `facts_version`, "0" first.

        `ETag` is the new one.
        """
        at = await desk(log, drafts, here)
        facts = sorted(set(body.facts))
        check_facts(at.standard, facts)
        draft = await drafts.state_facts(here.programme, here.township, facts, expected=version)
        response.headers["ETag"] = f'"{draft.facts_version}"'
        return facts_saved(draft, await outlook_of(at, draft))

    return router


def _allowed(here: Place, dossier: Dossier, at: Desk) -> list[Act]:
    """Editing, and freezing as each kind, tried by the very decisions."""

    def by_clerk(decision: Callable[[], object]) -> Callable[[], object]:
        def tried() -> object:
            acting_side(here.principal, at.programme, here.township, EDIT)
            programmes.site(at.programme, here.township, at.on)
            return decision()

        return tried

    def freeze(kind: AssessmentKind) -> Callable[[], object]:
        def tried() -> object:
            version = at.draft.version
            return record_assessment(
                dossier,
                programmes.site(at.programme, here.township, at.on),
                assessment_id="",
                kind=kind,
                standard=at.standard,
                scored_under=at.standard.standard.version,
                marks=freezable(at.standard, at.draft.marks, version=version, expected=version),
                facts=at.draft.facts,
            )

        return tried

    return [
        attempt("draft/items", by_clerk(lambda: None)),
        *(attempt("self-assessments", by_clerk(freeze(kind)), kind) for kind in KINDS),
    ]
