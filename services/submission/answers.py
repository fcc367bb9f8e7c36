"""What the submission service answers."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from services.submission.diff import ApplicationDiff, diff
from services.submission.dossier import Application, Deficiency, Dossier, Funding
from services.submission.programmes import Enrolment
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    ApplicationSubmitted,
    DeficiencyFound,
    FundingDecided,
    FundingRequested,
    GoodPracticeShared,
    PlanFiled,
    PlanRevised,
    RectificationPlanned,
    SelfAssessmentRecorded,
    WithdrawalRequested,
)
from shared.events.envelope import Record
from shared.web.acts import Act
from shared.web.commands import Written


class AssessmentWritten(Written):
    """The self-assessment that was recorded."""

    assessment_id: str


class DeficienciesWritten(Written):
    """The deficiencies of the items that were named, those that were open before included."""

    deficiency_ids: list[str]


class ApplicationWritten(Written):
    """The application; its case will be `cases/<programme>/<township>/<round>`."""

    application_id: str
    round: int


class FundingWritten(Written):
    """The request that was made."""

    funding_id: str


class PracticeWritten(Written):
    """The practice that was shared, or the one that said the same before."""

    practice_id: str


class FundingView(BaseModel):
    """What was asked for, and the answer that stands; null until there is one."""

    funding_id: str
    requested: FundingRequested
    decided: FundingDecided | None


class PracticeRows(BaseModel):
    """A page of practices by township; `next` is the `after` of the following page."""

    practices: list[GoodPracticeShared]
    next: str | None


class DeficiencyView(BaseModel):
    """A gap, how it shall be closed, and whether it is: `open`, `done` or `withdrawn`."""

    deficiency_id: str
    status: str
    due_on: date | None
    found: DeficiencyFound
    plan: RectificationPlanned | None


class ApplicationView(BaseModel):
    """An application and all that became of it; it is under review until it is `closed`."""

    submitted: ApplicationSubmitted
    withdrawal: WithdrawalRequested | None
    returned: ApplicationReturned | None
    closed: ApplicationClosed | None
    diff: ApplicationDiff | None = None


class DossierView(BaseModel):
    """A dossier as it stands, and what may be done next."""

    programme: str
    township: str
    township_name: str
    office: str
    version: int
    plan: PlanFiled | PlanRevised | None
    assessment: SelfAssessmentRecorded | None
    deficiencies: list[DeficiencyView]
    funding: list[FundingView]
    applications: list[ApplicationView]
    practices: list[GoodPracticeShared]
    set_back_on: date | None
    allowed: list[Act]


class DossierRow(BaseModel):
    """A dossier in a list."""

    township: str
    township_name: str
    office: str
    left_on: date | None
    version: int
    target: str | None
    reach_on: date | None
    plan_late_wd: int | None
    assessed_on: date | None
    total_cp: int | None
    to_pass_cp: int | None
    open_deficiencies: int
    blocking_deficiencies: int
    applications: int
    under_review: bool


class DossierRows(BaseModel):
    """A page of dossiers by township code; `next` is the `after` of the following page."""

    dossiers: list[DossierRow]
    next: str | None


class EventView(BaseModel):
    """An event as its dossier holds it; `data` is what is published."""

    id: UUID
    type: str
    version: int
    effective_on: date
    recorded_at: datetime
    actor: str
    on_behalf_of: str | None
    data: dict[str, Any]


def deficiency_view(deficiency: Deficiency) -> DeficiencyView:
    return DeficiencyView(
        deficiency_id=deficiency.found.deficiency_id,
        status=deficiency.status,
        due_on=deficiency.due_on,
        found=deficiency.found,
        plan=deficiency.plan,
    )


def application_view(
    application: Application, previous: Application | None = None
) -> ApplicationView:
    """With `previous`, also what is otherwise than there."""
    return ApplicationView(
        submitted=application.submitted,
        withdrawal=application.withdrawal,
        returned=application.returned,
        closed=application.closed,
        diff=None if previous is None else diff(previous, application.submitted),
    )


def funding_view(funding: Funding) -> FundingView:
    return FundingView(
        funding_id=funding.requested.funding_id,
        requested=funding.requested,
        decided=funding.decided,
    )


def dossier_view(
    enrolment: Enrolment, version: int, dossier: Dossier, allowed: list[Act]
) -> DossierView:
    enrolled = enrolment.enrolled
    return DossierView(
        programme=enrolled.programme,
        township=enrolled.township,
        township_name=enrolled.name,
        office=enrolled.office,
        version=version,
        plan=dossier.plan,
        assessment=dossier.assessments[-1] if dossier.assessments else None,
        deficiencies=[deficiency_view(one) for one in dossier.deficiencies.values()],
        funding=[funding_view(one) for one in dossier.funding.values()],
        applications=[application_view(one) for one in dossier.applications],
        practices=list(dossier.practices),
        set_back_on=dossier.set_back_on,
        allowed=allowed,
    )


def dossier_row(enrolment: Enrolment, version: int, dossier: Dossier) -> DossierRow:
    plan, assessment = dossier.plan, dossier.assessments[-1] if dossier.assessments else None
    return DossierRow(
        township=enrolment.enrolled.township,
        township_name=enrolment.enrolled.name,
        office=enrolment.enrolled.office,
        left_on=enrolment.left_on,
        version=version,
        target=plan.target if plan else None,
        reach_on=plan.reach_on if plan else None,
        plan_late_wd=plan.late_wd if plan else None,
        assessed_on=assessment.effective_on if assessment else None,
        total_cp=assessment.totals.total_cp if assessment else None,
        to_pass_cp=assessment.to_pass_cp if assessment else None,
        open_deficiencies=sum(one.status == "open" for one in dossier.deficiencies.values()),
        blocking_deficiencies=sum(one.holds_back for one in dossier.deficiencies.values()),
        applications=len(dossier.applications),
        under_review=dossier.under_review is not None,
    )


def event_views(records: Iterable[Record], *types: str) -> list[EventView]:
    """The records of these types, in the order of their stream."""
    return [
        EventView(
            id=one.id,
            type=one.type,
            version=one.version,
            effective_on=one.effective_on,
            recorded_at=one.recorded_at,
            actor=one.actor,
            on_behalf_of=one.on_behalf_of,
            data=orjson.loads(one.data),
        )
        for one in records
        if one.type in types and not one.erased
    ]
