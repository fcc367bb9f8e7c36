"""What is answered about a draft."""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel

from services.submission.dossier import Dossier
from services.submission.drafts.draft import Draft, DraftItem
from services.submission.drafts.losses import Losses
from services.submission.drafts.preview import Preview, preview
from services.submission.drafts.sheet import fitted
from shared.contracts.blocks import Mark, StandardRef
from shared.contracts.programme import Category, Item, StandardPublished
from shared.standard import check
from shared.web.acts import Act, attempt


class Loss(BaseModel):
    """How many offices of the programme lost points on an item, of how many assessed by it."""

    lost: int
    assessed: int


class StaleItem(BaseModel):
    """A mark that the standard in force cannot take, which counts for nothing until it is mended.

    `why` is what recording it would be refused with.
    """

    item: str
    version: int
    mark: Mark
    edited_by: str
    edited_at: datetime
    why: Act


class Outlook(BaseModel):
    """What the draft would come to under the standard in force on that day, were it frozen now."""

    draft_version: int
    on: date
    standard: StandardRef
    preview: Preview
    stale: list[StaleItem]
    losses: dict[str, Loss]


class ItemSaved(Outlook):
    """An item as it stands after the edit; `version` 0 and no mark where it was cleared."""

    item: str
    version: int
    mark: Mark | None
    edited_by: str | None
    edited_at: datetime | None


class FactsSaved(Outlook):
    """What is stated beside the points, after the edit."""

    facts: tuple[str, ...]
    facts_version: int


class SheetRow(BaseModel):
    """One line of the standard, its mark in the last assessment, and the one in the draft."""

    item: Item
    previous: Mark | None
    mark: Mark | None
    version: int
    edited_by: str | None
    edited_at: datetime | None


class AskedFact(BaseModel):
    """A fact that a gate asks about, and whether the draft states it."""

    fact: str
    gate: str
    kind: str
    name: str
    stated: bool


class Sheet(FactsSaved):
    """The whole working paper; marks that do not fit the standard are under `stale` alone."""

    title: str
    illustrative: bool
    total_cp: int
    pass_cp: int
    demonstration_cp: int
    categories: tuple[Category, ...]
    previous_assessment_id: str | None
    asked_facts: list[AskedFact]
    items: list[SheetRow]
    allowed: list[Act]


def outlook(standard: StandardPublished, draft: Draft, losses: Losses, on: date) -> Outlook:
    """Of the marks that fit; the others are listed with their reasons."""
    fit = fitted(standard, draft.marks)
    return Outlook(
        draft_version=draft.version,
        on=on,
        standard=standard.standard,
        preview=preview(standard, fit.marks, draft.facts),
        stale=[_stale(standard, draft.items[item]) for item in sorted(fit.stale)],
        losses={
            item.code: Loss(
                lost=losses.lost.get(item.code, 0), assessed=losses.assessed.get(item.code, 0)
            )
            for item in standard.items
        },
    )


def item_saved(item: str, draft: Draft, seen: Outlook) -> ItemSaved:
    return ItemSaved(**dict(seen), item=item, **_edited(draft.items.get(item)))


def facts_saved(draft: Draft, seen: Outlook) -> FactsSaved:
    return FactsSaved(**dict(seen), facts=draft.facts, facts_version=draft.facts_version)


def sheet(
    standard: StandardPublished, draft: Draft, dossier: Dossier, seen: Outlook, allowed: list[Act]
) -> Sheet:
    """Every line of the standard in its order, marked or not."""
    last = dossier.assessments[-1] if dossier.assessments else None
    previous = {mark.item: mark for mark in last.marks} if last else {}
    stale = {one.item for one in seen.stale}
    fit = {item: one for item, one in draft.items.items() if item not in stale}
    return Sheet(
        **dict(facts_saved(draft, seen)),
        title=standard.title,
        illustrative=standard.illustrative,
        total_cp=standard.total_cp,
        pass_cp=standard.pass_cp,
        demonstration_cp=standard.demonstration_cp,
        categories=standard.categories,
        previous_assessment_id=last.assessment_id if last else None,
        asked_facts=[
            AskedFact(
                fact=gate.rule.fact,
                gate=gate.code,
                kind=gate.kind,
                name=gate.name,
                stated=gate.rule.fact in draft.facts,
            )
            for gate in standard.gates
            if gate.rule.fact is not None
        ],
        items=[
            SheetRow(item=item, previous=previous.get(item.code), **_edited(fit.get(item.code)))
            for item in standard.items
        ],
        allowed=allowed,
    )


def _edited(one: DraftItem | None) -> Mapping[str, object]:
    return {
        "version": one.version if one else 0,
        "mark": one.mark if one else None,
        "edited_by": one.edited_by if one else None,
        "edited_at": one.edited_at if one else None,
    }


def _stale(standard: StandardPublished, one: DraftItem) -> StaleItem:
    mark = one.mark
    return StaleItem(
        item=mark.item,
        version=one.version,
        mark=mark,
        edited_by=one.edited_by,
        edited_at=one.edited_at,
        why=attempt("self-assessments", lambda: check(standard, [mark], complete=False), mark.item),
    )
