"""What a dossier remembers.

What its office may do is beside it: `planning.py` plans and scores, `rectification.py` closes gaps,
`funding.py` asks for what that takes, `application.py` applies, `echoes.py` hears what became of
it, and `practice.py` shares what worked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    ApplicationSubmitted,
    DeficiencyFound,
    DeficiencyReopened,
    DeficiencyWithdrawn,
    DossierEvent,
    FundingDecided,
    FundingRequested,
    GoodPracticeShared,
    PlanFiled,
    PlanRevised,
    RectificationCompleted,
    RectificationPlanned,
    SelfAssessmentRecorded,
    WithdrawalRequested,
)
from shared.contracts.refusals import Refused


@dataclass(frozen=True, slots=True)
class Deficiency:
    """One gap and what became of it; `touched_on` is the day of the last event about it.

    `plan` is the one that stands: reopening drops it, and the next counts on from `plan_version`.
    """

    found: DeficiencyFound
    status: Literal["open", "done", "withdrawn"]
    due_on: date | None
    touched_on: date
    plan: RectificationPlanned | None = None
    plan_version: int = 0

    @property
    def holds_back(self) -> bool:
        """Whether it keeps the office from applying."""
        return self.found.blocking and self.status == "open"


@dataclass(frozen=True, slots=True)
class Funding:
    """What was asked for, and the answer that stands, if there is one."""

    requested: FundingRequested
    decided: FundingDecided | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """One request to be inspected; until it is closed it is still under review."""

    submitted: ApplicationSubmitted
    withdrawal: WithdrawalRequested | None = None
    returned: ApplicationReturned | None = None
    closed: ApplicationClosed | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that one township did in one programme; every township begins as `Dossier()`.

    `set_back_on` is the day on which the last application was returned or failed, until the office
    has scored itself again.
    """

    plan: PlanFiled | PlanRevised | None = None
    assessments: tuple[SelfAssessmentRecorded, ...] = ()
    deficiencies: Mapping[str, Deficiency] = field(default_factory=dict)
    funding: Mapping[str, Funding] = field(default_factory=dict)
    applications: tuple[Application, ...] = ()
    practices: tuple[GoodPracticeShared, ...] = ()
    set_back_on: date | None = None

    @property
    def scored(self) -> SelfAssessmentRecorded | None:
        """The assessment an application rests on: the last complete one that is not for gaps."""
        return next((one for one in reversed(self.assessments) if _counts(one)), None)

    @property
    def under_review(self) -> Application | None:
        last = self.applications[-1] if self.applications else None
        return last if last is not None and last.closed is None else None

    def application(self, application_id: str) -> Application | None:
        known = (one for one in self.applications if one.submitted.application_id == application_id)
        return next(known, None)


def evolve(dossier: Dossier, event: DossierEvent) -> Dossier:
    match event:
        case PlanFiled() | PlanRevised():
            return replace(dossier, plan=event)
        case SelfAssessmentRecorded():
            since = dossier.set_back_on
            # A back-dated one was made before the office knew what it had to mend.
            answers = since is not None and _counts(event) and event.effective_on >= since
            return replace(
                dossier,
                assessments=(*dossier.assessments, event),
                set_back_on=None if answers else since,
            )
        case DeficiencyFound():
            return _with(dossier, Deficiency(event, "open", event.due_on, event.effective_on))
        case RectificationPlanned():
            return _about(
                dossier,
                event,
                lambda gap: replace(
                    gap, plan=event, plan_version=event.plan_version, due_on=event.due_on
                ),
            )
        case RectificationCompleted():
            return _about(dossier, event, lambda gap: replace(gap, status="done"))
        case DeficiencyWithdrawn():
            return _about(dossier, event, lambda gap: replace(gap, status="withdrawn"))
        case DeficiencyReopened():
            # What was planned did not do it, so neither the plan nor its day stands any longer.
            return _about(
                dossier,
                event,
                lambda gap: replace(gap, status="open", plan=None, due_on=event.due_on),
            )
        case ApplicationSubmitted():
            return replace(dossier, applications=(*dossier.applications, Application(event)))
        case WithdrawalRequested():
            return _of(dossier, event.application_id, lambda one: replace(one, withdrawal=event))
        case ApplicationReturned():
            echoed = _of(dossier, event.application_id, lambda one: replace(one, returned=event))
            return _set_back(echoed, event.effective_on)
        case ApplicationClosed():
            closed = _of(dossier, event.application_id, lambda one: replace(one, closed=event))
            return _set_back(closed, event.effective_on) if event.outcome == "failed" else closed
        case FundingRequested():
            return _funded(dossier, Funding(event))
        case FundingDecided():
            asked = dossier.funding[event.funding_id]
            return _funded(dossier, replace(asked, decided=event))
        case GoodPracticeShared():
            return replace(dossier, practices=(*dossier.practices, event))


def known(dossier: Dossier, deficiency_id: str) -> Deficiency:
    """The deficiency of that name; Refused("unknown-deficiency")."""
    found = dossier.deficiencies.get(deficiency_id)
    if found is None:
        raise Refused("unknown-deficiency", deficiency_id=deficiency_id)
    return found


def asked(dossier: Dossier, funding_id: str) -> Funding:
    """The request for funding of that name; Refused("unknown-funding")."""
    found = dossier.funding.get(funding_id)
    if found is None:
        raise Refused("unknown-funding", funding_id=funding_id)
    return found


def _set_back(dossier: Dossier, on: date) -> Dossier:
    """An office may score itself on a later day before it hears; that answers all the same."""
    scored = dossier.scored
    answered = scored is not None and scored.effective_on > on
    return replace(dossier, set_back_on=None if answered else on)


def _counts(assessment: SelfAssessmentRecorded) -> bool:
    return assessment.complete and assessment.kind != "gap"


def _with(dossier: Dossier, deficiency: Deficiency) -> Dossier:
    known = {**dossier.deficiencies, deficiency.found.deficiency_id: deficiency}
    return replace(dossier, deficiencies=known)


def _about(
    dossier: Dossier,
    event: RectificationPlanned | RectificationCompleted | DeficiencyWithdrawn | DeficiencyReopened,
    change: Callable[[Deficiency], Deficiency],
) -> Dossier:
    gap = change(dossier.deficiencies[event.deficiency_id])
    return _with(dossier, replace(gap, touched_on=event.effective_on))


def _funded(dossier: Dossier, asked: Funding) -> Dossier:
    return replace(dossier, funding={**dossier.funding, asked.requested.funding_id: asked})


def _of(
    dossier: Dossier, application_id: str, change: Callable[[Application], Application]
) -> Dossier:
    applications = tuple(
        change(one) if one.submitted.application_id == application_id else one
        for one in dossier.applications
    )
    return replace(dossier, applications=applications)
