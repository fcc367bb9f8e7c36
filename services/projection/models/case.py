"""How far each case came, day by day: a row per case, written by its own stream alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, Self

from sqlalchemy import JSON, Column, Integer, Table, Text

from services.projection.models.dossier import lost_cp
from services.projection.models.reward import RewardStep, reward_step
from services.projection.models.schema import metadata, until
from services.projection.models.title import (
    Correction,
    HeldTitle,
    TitleStep,
    correction,
    held,
    title_step,
)
from shared.contracts.blocks import Totals
from shared.contracts.case import (
    ApplicationRejected,
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
    ConsensusRecorded,
    InspectionScheduled,
    Opened,
    PreliminaryFailed,
    PreliminaryPassed,
    RecommendationReturned,
    Recommended,
    Returned,
    TeamAppointed,
    TitleCorrected,
    VetoRecorded,
)
from shared.events.envelope import Record
from shared.messaging.reactions import Received

table = Table(
    "case_progress",
    metadata,
    Column("programme", Text(collation="C"), primary_key=True),
    Column("township", Text(collation="C"), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("row", JSON, nullable=False),
)

Act = Literal[
    "rejected",
    "opened",
    "team-appointed",
    "city-inspection",
    "returned",
    "preliminary-passed",
    "preliminary-failed",
    "recommended",
    "recommendation-returned",
    "city-marks",
    "city-passed",
    "city-failed",
    "veto-recorded",
    "closed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act on the way; `by_on` is the day by which the next one is due, `gate` a veto's."""

    version: int
    on: date
    act: Act
    by_on: date | None = None
    batch: str | None = None
    outcome: str | None = None
    gate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What the district agreed on, or what the city found, in totals."""

    version: int
    on: date
    source: Literal["district", "city"]
    standard: int | None
    total_cp: int
    lost_cp: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProgress:
    """The dated facts of a case; every case begins as `CaseProgress()`."""

    subject: str = ""
    programme: str = ""
    township: str = ""
    round: int = 0
    version: int = 0
    recorded_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    markings: tuple[Marking, ...] = ()
    titles: tuple[TitleStep, ...] = ()
    corrections: tuple[Correction, ...] = ()
    rewards: tuple[RewardStep, ...] = ()

    def until(self, day: date) -> Self:
        """As it stood at the end of `day`."""
        return replace(
            self,
            steps=until(self.steps, day),
            markings=until(self.markings, day),
            titles=until(self.titles, day),
            corrections=until(self.corrections, day),
            rewards=until(self.rewards, day),
        )

    def days(self) -> set[date]:
        """The days on which anything happened that a stage can hang on."""
        lists = (self.steps, self.titles, self.corrections)
        return {fact.on for facts in lists for fact in facts}

    def all_titles(self) -> list[HeldTitle]:
        """Every title it was awarded, whatever became of it."""
        return held(self.titles, self.corrections)

    def title(self) -> HeldTitle | None:
        """The case's own title, unless it was revoked; what another replaced never revives."""
        last = next(reversed(self.all_titles()), None)
        return last if last and last.revoked_on is None else None

    def vetoes(self) -> list[Step]:
        """What bars passing whatever the score, while the case is open."""
        if any(step.act == "closed" for step in self.steps):
            return []
        return [step for step in self.steps if step.act == "veto-recorded"]


def evolve(row: CaseProgress, received: Received) -> CaseProgress:
    """The row after an event of its stream; one that it has seen changes nothing."""
    record = received.record
    if record.version <= row.version:
        return row
    key, _, round_ = record.subject.rpartition("/")
    programme, _, township = key.partition("/")
    row = replace(
        row,
        subject=record.subject,
        programme=programme,
        township=township,
        round=int(round_),
        version=record.version,
        recorded_at=record.recorded_at,
    )
    on, event = record.effective_on, received.event
    if step := _step(event, record.version, on):
        row = replace(row, steps=(*row.steps, step))
    if title := title_step(event, record.version, on, str(record.id)):
        row = replace(row, titles=(*row.titles, title))
    if reward := reward_step(event, record.version, on):
        row = replace(row, rewards=(*row.rewards, reward))
    match event:
        case ConsensusRecorded(totals=totals, standard=standard):
            return _marked(row, _marking("district", record, totals, standard.version))
        case CityMarksRecorded(totals=totals) | CityPassed(totals=totals):
            return _marked(row, _marking("city", record, totals, None))
        case TitleCorrected() as corrected:
            right = correction(corrected, record.version, on, str(record.id), row.corrections)
            return replace(row, corrections=(*row.corrections, right))
        case _:
            return row  # a read model may look away


def _step(event: object, version: int, on: date) -> Step | None:
    match event:
        case ApplicationRejected():
            return Step(version=version, on=on, act="rejected")
        case Opened(decide_by_on=by_on, batch=batch):
            return Step(version=version, on=on, act="opened", by_on=by_on, batch=batch)
        case TeamAppointed():
            return Step(version=version, on=on, act="team-appointed")
        case InspectionScheduled(level="city"):
            return Step(version=version, on=on, act="city-inspection")
        case Returned(resubmit_by_on=by_on):
            return Step(version=version, on=on, act="returned", by_on=by_on)
        case PreliminaryPassed():
            return Step(version=version, on=on, act="preliminary-passed")
        case PreliminaryFailed():
            return Step(version=version, on=on, act="preliminary-failed")
        case Recommended():
            return Step(version=version, on=on, act="recommended")
        case RecommendationReturned(resubmit_by_on=by_on):
            return Step(version=version, on=on, act="recommendation-returned", by_on=by_on)
        case VetoRecorded(gate=gate):
            return Step(version=version, on=on, act="veto-recorded", gate=gate)
        case CityMarksRecorded():
            return Step(version=version, on=on, act="city-marks")
        case CityPassed():
            return Step(version=version, on=on, act="city-passed")
        case CityFailed():
            return Step(version=version, on=on, act="city-failed")
        case Closed(outcome=outcome):
            return Step(version=version, on=on, act="closed", outcome=outcome)
        case _:
            return None


def _marking(
    source: Literal["district", "city"], record: Record, totals: Totals, standard: int | None
) -> Marking:
    return Marking(
        version=record.version,
        on=record.effective_on,
        source=source,
        standard=standard,
        total_cp=totals.total_cp,
        lost_cp=lost_cp(totals),
    )


def _marked(row: CaseProgress, marking: Marking) -> CaseProgress:
    return replace(row, markings=(*row.markings, marking))
