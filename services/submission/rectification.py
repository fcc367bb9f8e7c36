"""How an office finds its gaps and closes them, one by one (整改销号)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.submission.dossier import Deficiency, Dossier, asked, known
from shared.contracts.blocks import Evidence, FoundBy, TownshipSite
from shared.contracts.dossier import (
    DeficiencyFound,
    DeficiencyReopened,
    DeficiencyWithdrawn,
    DossierEvent,
    RectificationCompleted,
    RectificationPlanned,
    SelfAssessmentRecorded,
)
from shared.contracts.programme import Item, StandardPublished
from shared.contracts.refusals import Refused, not_before
from shared.working_days import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One gap the office names; `deficiency_id` becomes its name for ever."""

    deficiency_id: str
    item: str
    description: str
    blocking: bool = True
    due_on: date | None = None


def find_deficiencies(
    dossier: Dossier,
    site: TownshipSite,
    findings: Sequence[Finding],
    *,
    standard: StandardPublished,
    assessment_id: str | None = None,
) -> list[DossierEvent]:
    """Note what the office misses; an item that is open already is not noted twice.

    The gap is what the named assessment, or else the last one, left of the item's maximum.
    """
    on = site["effective_on"]
    items = {item.code: item for item in standard.items}
    assessment = _assessment(dossier, assessment_id)
    if assessment is not None and assessment_id is not None:
        not_before(on, assessment.effective_on)
    open_items = {one.found.item for one in dossier.deficiencies.values() if one.status == "open"}
    found: list[DossierEvent] = []
    for finding in findings:
        item = items.get(finding.item)
        if item is None:
            version = standard.standard.version
            raise Refused("unknown-item", item=finding.item, version=version)
        if finding.deficiency_id in dossier.deficiencies or finding.item in open_items:
            continue
        open_items.add(finding.item)
        found.append(
            DeficiencyFound(
                **site,
                deficiency_id=finding.deficiency_id,
                item=finding.item,
                category=item.category,
                nature=item.nature,
                found_by="self",
                gap_cp=_gap_cp(item, assessment),
                description=finding.description,
                blocking=finding.blocking,
                assessment_id=assessment_id,
                due_on=finding.due_on,
            )
        )
    return found


def withdraw_deficiency(
    dossier: Dossier,
    site: TownshipSite,
    deficiency_id: str,
    *,
    by: FoundBy,
    reason: str,
    corrects: str | None = None,
) -> list[DossierEvent]:
    """It was recorded in error. What inspectors found, the office cannot take back itself."""
    deficiency = known(dossier, deficiency_id)
    if deficiency.status == "withdrawn":
        return []
    if deficiency.status == "done":
        raise Refused("deficiency-not-open", item=deficiency.found.item)
    if by == "self" and deficiency.found.found_by != "self":
        raise Refused("deficiency-found-by-inspectors", item=deficiency.found.item)
    not_before(site["effective_on"], deficiency.touched_on)
    return [
        DeficiencyWithdrawn(
            **site,
            deficiency_id=deficiency_id,
            item=deficiency.found.item,
            by=by,
            reason=reason,
            corrects=corrects,
        )
    ]


def reopen_deficiency(
    dossier: Dossier,
    site: TownshipSite,
    deficiency_id: str,
    *,
    by: FoundBy,
    reason: str,
    corrects: str | None = None,
    due_on: date | None = None,
) -> list[DossierEvent]:
    """It was called done and is not; it holds an application back if it did before."""
    deficiency = known(dossier, deficiency_id)
    if deficiency.status == "open":
        return []
    if deficiency.status == "withdrawn":
        raise Refused("deficiency-withdrawn", item=deficiency.found.item)
    not_before(site["effective_on"], deficiency.touched_on)
    return [
        DeficiencyReopened(
            **site,
            deficiency_id=deficiency_id,
            item=deficiency.found.item,
            by=by,
            reason=reason,
            corrects=corrects,
            due_on=due_on,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """How a gap will be closed: by what, by which post, by when; no gain named means all of it."""

    measure: str
    responsible_post: str
    due_on: date
    expected_gain_cp: int | None = None
    cost_fen: int | None = None
    funding_id: str | None = None


def plan_rectification(
    dossier: Dossier, site: TownshipSite, deficiency_id: str, remedy: Remedy
) -> list[DossierEvent]:
    """Say how it will be closed; saying it anew makes the next version of the plan.

    Where it names a request for funding, that is what pays for it.
    """
    deficiency = _open(dossier, deficiency_id)
    on, found = site["effective_on"], deficiency.found
    gain_cp = found.gap_cp if remedy.expected_gain_cp is None else remedy.expected_gain_cp
    wanted = replace(remedy, expected_gain_cp=gain_cp)
    if deficiency.plan is not None and _remedy(deficiency.plan) == wanted:
        return []
    not_before(on, deficiency.touched_on)
    if remedy.funding_id is not None:
        not_before(on, asked(dossier, remedy.funding_id).requested.effective_on)
    if remedy.due_on < on:
        raise Refused("due-day-passed", due_on=remedy.due_on, effective_on=on)
    if gain_cp > found.gap_cp:
        raise Refused("gain-over-gap", expected_gain_cp=gain_cp, gap_cp=found.gap_cp)
    return [
        RectificationPlanned(
            **site,
            deficiency_id=deficiency_id,
            item=found.item,
            plan_version=deficiency.plan_version + 1,
            measure=remedy.measure,
            responsible_post=remedy.responsible_post,
            due_on=remedy.due_on,
            expected_gain_cp=gain_cp,
            cost_fen=remedy.cost_fen,
            funding_id=remedy.funding_id,
        )
    ]


def complete_rectification(
    dossier: Dossier,
    site: TownshipSite,
    deficiency_id: str,
    *,
    result: str,
    evidence: tuple[Evidence, ...],
    calendar: Calendar,
) -> list[DossierEvent]:
    """Close it (销号), in time or late by working days; a plan is usual and not demanded."""
    if known(dossier, deficiency_id).status == "done":
        return []
    deficiency = _open(dossier, deficiency_id)
    on, due_on = site["effective_on"], deficiency.due_on
    not_before(on, deficiency.touched_on)
    still_open = sum(one.status == "open" for one in dossier.deficiencies.values())
    return [
        RectificationCompleted(
            **site,
            deficiency_id=deficiency_id,
            item=deficiency.found.item,
            completed_on=on,
            due_on=due_on,
            late_wd=calendar.late(due_on, on) if due_on else 0,
            result=result,
            evidence=evidence,
            open_left=still_open - 1,
        )
    ]


def _remedy(plan: RectificationPlanned) -> Remedy:
    return Remedy(
        measure=plan.measure,
        responsible_post=plan.responsible_post,
        due_on=plan.due_on,
        expected_gain_cp=plan.expected_gain_cp,
        cost_fen=plan.cost_fen,
        funding_id=plan.funding_id,
    )


def _open(dossier: Dossier, deficiency_id: str) -> Deficiency:
    deficiency = known(dossier, deficiency_id)
    if deficiency.status != "open":
        raise Refused("deficiency-not-open", item=deficiency.found.item)
    return deficiency


def _assessment(dossier: Dossier, assessment_id: str | None) -> SelfAssessmentRecorded | None:
    if assessment_id is None:
        return dossier.assessments[-1] if dossier.assessments else None
    for one in dossier.assessments:
        if one.assessment_id == assessment_id:
            return one
    raise Refused("unknown-assessment", assessment_id=assessment_id)


def _gap_cp(item: Item, assessment: SelfAssessmentRecorded | None) -> int:
    """An item nobody marked lacks all of it; one that does not apply lacks nothing."""
    for mark in assessment.marks if assessment else ():
        if mark.item == item.code:
            return mark.max_cp - mark.mark_cp if mark.applicable else 0
    return item.max_cp
