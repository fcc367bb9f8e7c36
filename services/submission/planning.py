"""How an office plans, and how it scores itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from services.submission import programmes
from services.submission.dossier import Dossier
from services.submission.programmes import Programme
from shared.contracts.blocks import Evidence, Mark, TownshipSite
from shared.contracts.dossier import (
    Aim,
    AssessmentKind,
    Consent,
    DossierEvent,
    Duty,
    PlanFiled,
    PlanRevised,
    SelfAssessmentRecorded,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused, not_before
from shared.standard import check, check_facts, score, to_demonstration_cp, to_pass_cp


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a plan says: which target it commits to, when the standard is reached, who does what."""

    target: str
    reach_on: date
    batch: str | None = None
    goals: tuple[str, ...]
    duties: tuple[Duty, ...]


def file_plan(
    dossier: Dossier, site: TownshipSite, programme: Programme, intent: Intent, *, signed_by: str
) -> list[DossierEvent]:
    """Commit to a target. Late is accepted and said: who cannot file cannot be chased."""
    if dossier.plan is not None:
        if _intent(dossier.plan) == intent:
            return []
        raise Refused("plan-already-filed", plan_version=dossier.plan.plan_version)
    on, due_on = site["effective_on"], programme.plan_due_on
    _check_aim(programme, intent, on)
    return [
        PlanFiled(
            **site,
            plan_version=1,
            target=intent.target,
            batch=intent.batch,
            reach_on=intent.reach_on,
            goals=intent.goals,
            duties=intent.duties,
            due_on=due_on,
            late_wd=programme.calendar.late(due_on, on),
            signed_by=signed_by,
        )
    ]


def revise_plan(
    dossier: Dossier,
    site: TownshipSite,
    programme: Programme,
    intent: Intent,
    *,
    signed_by: str,
    reason: str,
    consent: Consent | None = None,
) -> list[DossierEvent]:
    """Change the plan; after its target's freeze day leaving it takes the district's consent.

    The freeze day is the one the target has now; without one it freezes when it is due.
    """
    plan = dossier.plan
    if plan is None:
        raise Refused("plan-missing")
    if _intent(plan) == intent:
        return []
    on = site["effective_on"]
    not_before(on, plan.effective_on)
    _check_aim(programme, intent, on)
    leaves = intent.target != plan.target
    left = programme.targets[plan.target]
    freeze_on = left.freeze_on or left.due_on
    if consent is not None:
        _check_consent(programme, consent, on)
    elif leaves and on > freeze_on:
        raise Refused("target-frozen", target=left.name, freeze_on=freeze_on)
    return [
        PlanRevised(
            **site,
            plan_version=plan.plan_version + 1,
            target=intent.target,
            batch=intent.batch,
            reach_on=intent.reach_on,
            goals=intent.goals,
            duties=intent.duties,
            # Only filing can be late: a change in September does not make March's plan late.
            due_on=plan.due_on,
            late_wd=plan.late_wd,
            signed_by=signed_by,
            previous=Aim(target=plan.target, batch=plan.batch, reach_on=plan.reach_on),
            reason=reason,
            left_target=plan.target if leaves else None,
            consent=consent,
        )
    ]


def record_assessment(
    dossier: Dossier,
    site: TownshipSite,
    *,
    assessment_id: str,
    kind: AssessmentKind,
    standard: StandardPublished,
    scored_under: int,
    marks: Sequence[Mark],
    facts: Collection[str] = (),
    evidence: tuple[Evidence, ...] = (),
) -> list[DossierEvent]:
    """Score the office under `standard`, the one in force; only a `gap` assessment may lack items.

    `scored_under` is the version that the marks were made by, as the office believes; `facts` are
    what it states beside the points, as the gates of the standard ask for them.
    """
    previous = dossier.assessments[-1] if dossier.assessments else None
    if any(one.assessment_id == assessment_id for one in dossier.assessments):
        return []
    on = site["effective_on"]
    if previous is not None:
        not_before(on, previous.effective_on)
    version = standard.standard.version
    if scored_under != version:
        raise Refused("standard-not-in-force", version=scored_under, in_force_version=version)
    check(standard, marks, complete=kind != "gap")
    check_facts(standard, facts)
    totals = score(standard, marks, facts=facts)
    marked = {mark.item for mark in marks}
    return [
        SelfAssessmentRecorded(
            **site,
            assessment_id=assessment_id,
            kind=kind,
            complete=all(
                item.code in marked for item in standard.items if item.method != "capped-bonus"
            ),
            standard=standard.standard,
            marks=tuple(marks),
            totals=totals,
            evidence=evidence,
            to_pass_cp=to_pass_cp(standard, totals),
            to_demonstration_cp=to_demonstration_cp(standard, totals),
            previous_assessment_id=previous.assessment_id if previous else None,
            previous_total_cp=previous.totals.total_cp if previous else None,
            facts=tuple(sorted(set(facts))),
        )
    ]


def _check_aim(programme: Programme, intent: Intent, on: date) -> None:
    target = programme.targets.get(intent.target)
    if target is None:
        raise Refused("unknown-target", target=intent.target, known=sorted(programme.targets))
    if on > target.due_on:
        raise Refused("target-already-due", target=target.name, due_on=target.due_on)
    if intent.reach_on < on:
        raise Refused("reach-day-passed", reach_on=intent.reach_on, effective_on=on)
    if intent.reach_on > target.due_on:
        raise Refused("reach-after-target", reach_on=intent.reach_on, due_on=target.due_on)
    batch = programmes.batch(programme, intent.batch)
    if batch is not None and batch.target != intent.target:
        raise Refused("batch-of-another-target", batch=batch.name, target=target.name)


def _check_consent(programme: Programme, consent: Consent, on: date) -> None:
    """A paper of the district, with a number it can be found by, and no younger than the plan."""
    if not programmes.acts_as(programme, consent.organisation, programme.district, on):
        raise Refused("consent-not-of-district", organisation=consent.organisation)
    if consent.document.number is None:
        raise Refused("consent-without-number", title=consent.document.title)
    if consent.document.issued_on is not None:
        not_before(on, consent.document.issued_on)


def _intent(plan: PlanFiled | PlanRevised) -> Intent:
    return Intent(
        target=plan.target,
        reach_on=plan.reach_on,
        batch=plan.batch,
        goals=plan.goals,
        duties=plan.duties,
    )
