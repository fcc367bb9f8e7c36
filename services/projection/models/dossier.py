"""What one township did, day by day: a row per dossier, written by its own stream alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from sqlalchemy import JSON, Column, Integer, Table, Text

from services.projection.models.deficiency import (
    Deficiency,
    DeficiencyStep,
    deficiency_step,
    standing,
)
from services.projection.models.funding import (
    Answering,
    Asking,
    Request,
    answering,
    asking,
    requests,
)
from services.projection.models.schema import metadata, until
from shared.contracts.blocks import Grade, Totals
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    ApplicationSubmitted,
    AssessmentKind,
    FundingDecided,
    FundingRequested,
    Outcome,
    PlanFiled,
    PlanRevised,
    SelfAssessmentRecorded,
)
from shared.messaging.reactions import Received

table = Table(
    "dossier_progress",
    metadata,
    Column("programme", Text(collation="C"), primary_key=True),
    Column("township", Text(collation="C"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("row", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A version of the office's plan: what it commits to."""

    on: date
    target: str
    batch: str | None
    reach_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A self-assessment in totals; `version` orders it against an echo of the same day."""

    version: int
    on: date
    kind: AssessmentKind
    complete: bool
    grade: Grade
    standard: int
    total_cp: int
    lost_cp: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The office asked to be inspected; `recorded_at` tells how long an answer is missing."""

    on: date
    recorded_at: datetime
    round: int
    batch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What the dossier heard of its case."""

    version: int
    on: date
    round: int
    outcome: Outcome
    resubmit_by_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierProgress:
    """The dated facts of a dossier; every dossier begins as `DossierProgress()`."""

    programme: str = ""
    township: str = ""
    version: int = 0
    recorded_at: datetime | None = None
    plans: tuple[Plan, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    deficiencies: tuple[DeficiencyStep, ...] = ()
    applications: tuple[Application, ...] = ()
    echoes: tuple[Echo, ...] = ()
    askings: tuple[Asking, ...] = ()
    answers: tuple[Answering, ...] = ()

    def until(self, day: date) -> Self:
        """As it stood at the end of `day`."""
        return replace(
            self,
            plans=until(self.plans, day),
            assessments=until(self.assessments, day),
            deficiencies=until(self.deficiencies, day),
            applications=until(self.applications, day),
            echoes=until(self.echoes, day),
            askings=until(self.askings, day),
            answers=until(self.answers, day),
        )

    def days(self) -> set[date]:
        """The days on which anything happened that a stage can hang on."""
        lists = (
            self.plans,
            self.assessments,
            self.deficiencies,
            self.applications,
            self.echoes,
        )
        return {fact.on for facts in lists for fact in facts}

    def last_full(self) -> Assessment | None:
        """The last complete assessment that may carry an application."""
        complete = (a for a in reversed(self.assessments) if a.complete and a.kind != "gap")
        return next(complete, None)

    def all_deficiencies(self) -> dict[str, Deficiency]:
        """By id, where each one stands."""
        return standing(self.deficiencies)

    def open_deficiencies(self) -> dict[str, Deficiency]:
        """By id, what was found or reopened and neither completed nor withdrawn since."""
        return {name: one for name, one in self.all_deficiencies().items() if one.state == "open"}

    def requests(self) -> list[Request]:
        """What was asked of others, each with the answer that counts."""
        return requests(self.askings, self.answers)


def lost_cp(totals: Totals) -> dict[str, int]:
    """Points lost by category, unscaled; empty where the marks name no category."""
    return {part.category: part.max_cp - part.total_cp for part in totals.by_category}


def evolve(row: DossierProgress, received: Received) -> DossierProgress:
    """The row after an event of its stream; one that it has seen changes nothing."""
    record = received.record
    if record.version <= row.version:
        return row
    programme, _, township = record.subject.partition("/")
    seen: dict[str, Any] = {
        "programme": programme,
        "township": township,
        "version": record.version,
        "recorded_at": record.recorded_at,
    }
    return replace(row, **seen, **_said(row, received))  # one copy: a rebuild makes millions


def _said(row: DossierProgress, received: Received) -> dict[str, Any]:
    """What an event adds to the facts of its dossier."""
    record = received.record
    on = record.effective_on
    match received.event:
        case (
            PlanFiled(target=target, batch=batch, reach_on=reach_on)
            | PlanRevised(target=target, batch=batch, reach_on=reach_on)
        ):
            plan = Plan(on=on, target=target, batch=batch, reach_on=reach_on)
            return {"plans": (*row.plans, plan)}
        case SelfAssessmentRecorded() as event:
            assessment = Assessment(
                version=record.version,
                on=on,
                kind=event.kind,
                complete=event.complete,
                grade=event.totals.grade,
                standard=event.standard.version,
                total_cp=event.totals.total_cp,
                lost_cp=lost_cp(event.totals),
            )
            return {"assessments": (*row.assessments, assessment)}
        case ApplicationSubmitted(round=round_, batch=batch):
            application = Application(
                on=on, recorded_at=record.recorded_at, round=round_, batch=batch
            )
            return {"applications": (*row.applications, application)}
        case ApplicationReturned(round=round_, resubmit_by_on=by_on):
            echo = Echo(
                version=record.version,
                on=on,
                round=round_,
                outcome="returned",
                resubmit_by_on=by_on,
            )
            return {"echoes": (*row.echoes, echo)}
        case ApplicationClosed(round=round_, outcome=outcome):
            echo = Echo(version=record.version, on=on, round=round_, outcome=outcome)
            return {"echoes": (*row.echoes, echo)}
        case FundingRequested() as event:
            return {"askings": (*row.askings, asking(event, record.version, on))}
        case FundingDecided() as event:
            return {"answers": (*row.answers, answering(event, record.version, on))}
        case event:
            step = deficiency_step(event, record.version, on)
            return {"deficiencies": (*row.deficiencies, step)} if step else {}
