"""What the submission service answers."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from services.submission.dossier import Application, Deficiency, Dossier
from services.submission.programmes import Enrolment
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    ApplicationSubmitted,
    DeficiencyFound,
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


class DeficiencyView(BaseModel):
    """A gap, how it shall be closed, and whether it is: `open`, `done` or `withdrawn`."""

    deficiency_id: str
    status: str
    due_on: date | None
    found: DeficiencyFound
    plan: RectificationPlanned | None


class MarkChange(BaseModel):
    """What an item scored in the application before and in this one; null where it had no mark."""

    item: str
    was_cp: int | None
    is_cp: int | None


class ApplicationView(BaseModel):
    """An application and all that became of it; it is under review until it is `closed`."""

    submitted: ApplicationSubmitted
    withdrawal: WithdrawalRequested | None
    returned: ApplicationReturned | None
    closed: ApplicationClosed | None
    changes: list[MarkChange] | None = None


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
    applications: list[ApplicationView]
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
    """With `previous`, also every item that is marked otherwise than there."""
    return ApplicationView(
        submitted=application.submitted,
        withdrawal=application.withdrawal,
        returned=application.returned,
        closed=application.closed,
        changes=None if previous is None else _changes(previous.submitted, application.submitted),
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
        if one.type in types
    ]


def _changes(before: ApplicationSubmitted, now: ApplicationSubmitted) -> list[MarkChange]:
    was = {mark.item: mark.mark_cp if mark.applicable else None for mark in before.marks}
    is_ = {mark.item: mark.mark_cp if mark.applicable else None for mark in now.marks}
    return [
        MarkChange(item=item, was_cp=was.get(item), is_cp=is_.get(item))
        for item in {**was, **is_}
        if was.get(item) != is_.get(item)
    ]
