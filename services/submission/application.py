"""When an office may apply to be inspected, and how it takes an application back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.submission.dossier import Dossier
from shared.contracts.blocks import Totals, TownshipSite
from shared.contracts.dossier import (
    ApplicationSubmitted,
    DossierEvent,
    PlanFiled,
    PlanRevised,
    Prerequisite,
    SelfAssessmentRecorded,
    WithdrawalRequested,
)
from shared.contracts.programme import BatchAnnounced, Phase, StandardPublished, Target
from shared.contracts.refusals import Refused, not_before
from shared.standard import check_facts, prerequisites, score, to_pass_cp


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the programme asks of an application on its day; no batch where none is named."""

    standard: StandardPublished
    phases: Sequence[Phase]
    targets: Mapping[str, Target]
    batch: BatchAnnounced | None = None


def submit_application(
    dossier: Dossier,
    site: TownshipSite,
    *,
    application_id: str,
    terms: Terms,
    facts: Collection[str] = (),
    signed_by: str,
) -> list[DossierEvent]:
    """Ask the district to inspect, on the last full assessment; one application at a time.

    `facts` are stated in addition to those of the assessment, which nobody takes back by applying.
    """
    if dossier.application(application_id) is not None:
        return []
    if (under_review := dossier.under_review) is not None:
        raise Refused("application-open", round=under_review.submitted.round)
    on = site["effective_on"]
    _check_reapplying(dossier, on)
    _check_window(on, terms)
    plan = _check_plan(dossier, on, terms)
    assessment = _check_assessment(dossier, terms.standard)
    check_facts(terms.standard, facts)
    stated = tuple(sorted({*assessment.facts, *facts}))
    totals = score(terms.standard, assessment.marks, facts=stated)
    gates = prerequisites(terms.standard, assessment.marks, facts=stated)
    _check_gates(dossier, terms.standard, totals, gates)
    _check_day(dossier, on, plan.effective_on, assessment.effective_on)
    previous = dossier.applications[-1].submitted if dossier.applications else None
    return [
        ApplicationSubmitted(
            **site,
            application_id=application_id,
            round=previous.round + 1 if previous else 1,
            batch=terms.batch.batch if terms.batch else None,
            target=plan.target,
            standard=assessment.standard,
            assessment_id=assessment.assessment_id,
            marks=assessment.marks,
            totals=totals,
            evidence=assessment.evidence,
            prerequisites=gates,
            plan_version=plan.plan_version,
            reach_on=plan.reach_on,
            signed_by=signed_by,
            previous_application_id=previous.application_id if previous else None,
            facts=stated,
        )
    ]


def request_withdrawal(
    dossier: Dossier, site: TownshipSite, application_id: str, *, reason: str
) -> list[DossierEvent]:
    """Ask to take an application back; whoever reviews it grants or refuses.

    The dossier does not hear of a refusal, so asking again for another reason is a new request.
    """
    application = dossier.application(application_id)
    if application is None:
        raise Refused("unknown-application", application_id=application_id)
    if application.withdrawal is not None and application.withdrawal.reason == reason:
        return []
    if application.closed is not None:
        raise Refused("application-not-open", round=application.submitted.round)
    on = site["effective_on"]
    not_before(on, application.submitted.effective_on)
    return [
        WithdrawalRequested(
            **site,
            application_id=application_id,
            round=application.submitted.round,
            requested_on=on,
            reason=reason,
        )
    ]


def _check_reapplying(dossier: Dossier, on: date) -> None:
    """Whoever failed may be told to come again only from a day on."""
    last = dossier.applications[-1].closed if dossier.applications else None
    earliest_on = last.may_reapply_on if last is not None else None
    if earliest_on is not None and on < earliest_on:
        raise Refused("reapply-too-early", may_reapply_on=earliest_on)


def _check_window(on: date, terms: Terms) -> None:
    phases = [phase for phase in terms.phases if phase.applications_open]
    if not any(
        (phase.from_on is None or phase.from_on <= on) and on <= phase.to_on for phase in phases
    ):
        later = [phase.from_on for phase in phases if phase.from_on and phase.from_on > on]
        if later:
            raise Refused("window-not-open", opens_on=min(later))
        raise Refused("window-closed")
    if (batch := terms.batch) is None:
        return
    if on < batch.opens_on:
        raise Refused("batch-not-open", batch=batch.name, opens_on=batch.opens_on)
    if on > batch.closes_on:
        raise Refused("batch-closed", batch=batch.name, closes_on=batch.closes_on)


def _check_plan(dossier: Dossier, on: date, terms: Terms) -> PlanFiled | PlanRevised:
    """The plan that stands, and a batch that serves its target."""
    plan, batch = dossier.plan, terms.batch
    if plan is None:
        raise Refused("plan-missing")
    target = terms.targets[plan.target]
    # Who missed the target cannot leave it any more: the batches that are left are others'.
    if batch is not None and batch.target != plan.target and on <= target.due_on:
        raise Refused("batch-of-another-target", batch=batch.name, target=target.name)
    return plan


def _check_assessment(dossier: Dossier, standard: StandardPublished) -> SelfAssessmentRecorded:
    """The one that counts, made since the last setback and by the standard in force."""
    assessment = dossier.scored
    if assessment is None:
        raise Refused("assessment-missing")
    if dossier.set_back_on is not None:
        raise Refused("assessment-before-setback", set_back_on=dossier.set_back_on)
    if assessment.standard != standard.standard:
        raise Refused(
            "assessment-outdated",
            version=assessment.standard.version,
            in_force_version=standard.standard.version,
        )
    return assessment


def _check_gates(
    dossier: Dossier,
    standard: StandardPublished,
    totals: Totals,
    gates: Sequence[Prerequisite],
) -> None:
    """Gates first: points can be mended sooner than a missing office."""
    names = {gate.code: gate.name for gate in standard.gates}
    unmet = [one.code for one in gates if not one.met]
    if unmet:
        raise Refused("prerequisites-not-met", gates=[names[code] for code in unmet])
    if totals.vetoes:
        raise Refused("vetoed", gates=[names[code] for code in totals.vetoes])
    open_items = [one.found.item for one in dossier.deficiencies.values() if one.holds_back]
    if short_cp := to_pass_cp(standard, totals):
        raise Refused("below-pass-mark", short_cp=short_cp, open_count=len(open_items))
    if totals.grade == "none":
        failed = [gate for gate in totals.failed_gates if gate.startswith(("key:", "category:"))]
        raise Refused("minimums-not-met", gates=failed, open_count=len(open_items))
    if open_items:
        raise Refused("deficiencies-open", open_count=len(open_items), items=sorted(open_items))


def _check_day(dossier: Dossier, on: date, *built_on: date) -> None:
    """An application is not older than what it rests on."""
    mended = [one.touched_on for one in dossier.deficiencies.values() if one.found.blocking]
    closed = [one.closed.effective_on for one in dossier.applications if one.closed]
    not_before(on, max(*built_on, *mended, *closed))
