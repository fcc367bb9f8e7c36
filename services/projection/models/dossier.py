"""What one township did, day by day: a row per dossier, written by its own stream alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, Self

from sqlalchemy import JSON, Column, Integer, Table, Text

from services.projection.models.schema import metadata, until
from shared.contracts.blocks import Grade, Totals
from shared.contracts.dossier import (
    ApplicationClosed,
    ApplicationReturned,
    ApplicationSubmitted,
    AssessmentKind,
    DeficiencyFound,
    DeficiencyReopened,
    DeficiencyWithdrawn,
    Outcome,
    PlanFiled,
    PlanRevised,
    RectificationCompleted,
    RectificationPlanned,
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
class DeficiencyStep:
    """Something happened to a deficiency; `due_on` is the day it shall be closed by."""

    on: date
    deficiency: str
    act: Literal["found", "withdrawn", "reopened", "planned", "completed"]
    blocking: bool = False
    due_on: date | None = None


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

    def until(self, day: date) -> Self:
        """As it stood at the end of `day`."""
        return replace(
            self,
            plans=until(self.plans, day),
            assessments=until(self.assessments, day),
            deficiencies=until(self.deficiencies, day),
            applications=until(self.applications, day),
            echoes=until(self.echoes, day),
        )

    def days(self) -> set[date]:
        """The days on which anything happened."""
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

    def open_deficiencies(self) -> dict[str, "OpenDeficiency"]:
        """By id, what was found or reopened and neither completed nor withdrawn since."""
        known: dict[str, OpenDeficiency] = {}
        for step in self.deficiencies:
            # Whoever read only a part may see a step before the finding.
            before = known.get(step.deficiency, OpenDeficiency())
            match step.act:
                case "found":
                    after = OpenDeficiency(open=True, blocking=step.blocking, due_on=step.due_on)
                case "reopened":
                    after = replace(before, open=True, due_on=step.due_on, planned=False)
                case "planned":
                    after = replace(before, due_on=step.due_on, planned=True)
                case "completed" | "withdrawn":
                    after = replace(before, open=False)
            known[step.deficiency] = after
        return {name: deficiency for name, deficiency in known.items() if deficiency.open}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDeficiency:
    """Where a deficiency stands; reopening keeps `blocking`."""

    open: bool = False
    blocking: bool = False
    planned: bool = False
    due_on: date | None = None


def lost_cp(totals: Totals) -> dict[str, int]:
    """Points lost by category, unscaled; empty where the marks name no category."""
    return {part.category: part.max_cp - part.total_cp for part in totals.by_category}


def evolve(row: DossierProgress, received: Received) -> DossierProgress:
    """The row after an event of its stream; one that it has seen changes nothing."""
    record = received.record
    if record.version <= row.version:
        return row
    programme, _, township = record.subject.partition("/")
    row = replace(
        row,
        programme=programme,
        township=township,
        version=record.version,
        recorded_at=record.recorded_at,
    )
    on = record.effective_on
    match received.event:
        case (
            PlanFiled(target=target, batch=batch, reach_on=reach_on)
            | PlanRevised(target=target, batch=batch, reach_on=reach_on)
        ):
            plan = Plan(on=on, target=target, batch=batch, reach_on=reach_on)
            return replace(row, plans=(*row.plans, plan))
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
            return replace(row, assessments=(*row.assessments, assessment))
        case ApplicationSubmitted(round=round_, batch=batch):
            application = Application(
                on=on, recorded_at=record.recorded_at, round=round_, batch=batch
            )
            return replace(row, applications=(*row.applications, application))
        case ApplicationReturned(round=round_, resubmit_by_on=by_on):
            echo = Echo(
                version=record.version,
                on=on,
                round=round_,
                outcome="returned",
                resubmit_by_on=by_on,
            )
            return replace(row, echoes=(*row.echoes, echo))
        case ApplicationClosed(round=round_, outcome=outcome):
            echo = Echo(version=record.version, on=on, round=round_, outcome=outcome)
            return replace(row, echoes=(*row.echoes, echo))
        case event:
            step = _deficiency(event, on)
            return replace(row, deficiencies=(*row.deficiencies, step)) if step else row


def _deficiency(event: object, on: date) -> DeficiencyStep | None:
    match event:
        case DeficiencyFound(deficiency_id=name, blocking=blocking, due_on=due_on):
            return DeficiencyStep(
                on=on, deficiency=name, act="found", blocking=blocking, due_on=due_on
            )
        case DeficiencyWithdrawn(deficiency_id=name):
            return DeficiencyStep(on=on, deficiency=name, act="withdrawn")
        case DeficiencyReopened(deficiency_id=name, due_on=due_on):
            return DeficiencyStep(on=on, deficiency=name, act="reopened", due_on=due_on)
        case RectificationPlanned(deficiency_id=name, due_on=due_on):
            return DeficiencyStep(on=on, deficiency=name, act="planned", due_on=due_on)
        case RectificationCompleted(deficiency_id=name):
            return DeficiencyStep(on=on, deficiency=name, act="completed")
        case _:
            return None
