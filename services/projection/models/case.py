"""How far each case came, day by day: a row per case, written by its own stream alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, Self

from sqlalchemy import JSON, Column, Integer, Table, Text

from services.projection.models.dossier import lost_cp
from services.projection.models.schema import metadata, until
from shared.contracts.blocks import Title, Totals
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
    Recommended,
    Returned,
    TeamAppointed,
    TitleAwarded,
)
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
    "closed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act on the way; `by_on` is the day by which the next one is due."""

    on: date
    act: Act
    by_on: date | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What the district agreed on, or what the city found, in totals."""

    on: date
    source: Literal["district", "city"]
    standard: int | None
    total_cp: int
    lost_cp: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleStep:
    """A title was awarded (`title` says which) or revoked (None)."""

    on: date
    plaque: str
    title: Title | None
    replaces: str | None = None


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

    def until(self, day: date) -> Self:
        """As it stood at the end of `day`."""
        return replace(
            self,
            steps=until(self.steps, day),
            markings=until(self.markings, day),
            titles=until(self.titles, day),
        )

    def days(self) -> set[date]:
        """The days on which anything happened."""
        return {fact.on for facts in (self.steps, self.titles) for fact in facts}

    def title(self) -> TitleStep | None:
        """The case's own title, unless it was revoked; what another replaced never revives."""
        current: TitleStep | None = None
        earlier: set[str] = set()
        for step in self.titles:
            if step.title is not None:
                earlier |= {current.plaque} if current else set()
                current = step
            elif step.plaque not in earlier:  # a corrected number still means the title at hand
                current = None
        return current


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
    if step := _step(event, on):
        row = replace(row, steps=(*row.steps, step))
    match event:
        case ConsensusRecorded(totals=totals, standard=standard):
            return _marked(row, _marking("district", on, totals, standard.version))
        case CityMarksRecorded(totals=totals) | CityPassed(totals=totals):
            return _marked(row, _marking("city", on, totals, None))
        case TitleAwarded() as award:
            title = TitleStep(
                on=on,
                plaque=award.plaque_number,
                title=award.title,
                replaces=award.replaces_title,
            )
            return replace(row, titles=(*row.titles, title))
        case _:
            return row  # a read model may look away


def _step(event: object, on: date) -> Step | None:
    match event:
        case ApplicationRejected():
            return Step(on=on, act="rejected")
        case Opened(decide_by_on=by_on):
            return Step(on=on, act="opened", by_on=by_on)
        case TeamAppointed():
            return Step(on=on, act="team-appointed")
        case InspectionScheduled(level="city"):
            return Step(on=on, act="city-inspection")
        case Returned(resubmit_by_on=by_on):
            return Step(on=on, act="returned", by_on=by_on)
        case PreliminaryPassed():
            return Step(on=on, act="preliminary-passed")
        case PreliminaryFailed():
            return Step(on=on, act="preliminary-failed")
        case Recommended():
            return Step(on=on, act="recommended")
        case CityMarksRecorded():
            return Step(on=on, act="city-marks")
        case CityPassed():
            return Step(on=on, act="city-passed")
        case CityFailed():
            return Step(on=on, act="city-failed")
        case Closed(outcome=outcome):
            return Step(on=on, act="closed", outcome=outcome)
        case _:
            return None


def _marking(
    source: Literal["district", "city"], on: date, totals: Totals, standard: int | None
) -> Marking:
    return Marking(
        on=on,
        source=source,
        standard=standard,
        total_cp=totals.total_cp,
        lost_cp=lost_cp(totals),
    )


def _marked(row: CaseProgress, marking: Marking) -> CaseProgress:
    return replace(row, markings=(*row.markings, marking))
