"""How far each case came, day by day: a row per case, written by its own stream alone."""

from collections.abc import Mapping, Sequence
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
    RecommendationReturned,
    Recommended,
    Returned,
    TeamAppointed,
    TitleAwarded,
    TitleCorrected,
    TitleRevoked,
    VetoRecorded,
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
    "veto-recorded",
    "closed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One act on the way; `by_on` is the day by which the next one is due, `gate` a veto's."""

    on: date
    act: Act
    by_on: date | None = None
    outcome: str | None = None
    gate: str | None = None


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
    """A title was awarded (`title` says which) or revoked (None); `event` is the award's id."""

    on: date
    plaque: str
    title: Title | None
    replaces: str | None = None
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A title or a plaque's number was put right; `award` is the id of the award it is about."""

    on: date
    event: str
    award: str
    title: Title | None = None
    plaque: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTitle:
    """A title as it reads now; `numbers` are all that its plaque ever bore."""

    title: Title
    plaque: str
    numbers: frozenset[str]
    event: str = ""

    def corrected(self, corrections: Sequence[Correction]) -> Self:
        """With what was put right in it, the last word counting."""
        held = self
        for one in corrections:
            if one.award != self.event:
                continue
            plaque = one.plaque or held.plaque
            held = replace(
                held,
                title=one.title or held.title,
                plaque=plaque,
                numbers=held.numbers | {plaque},
            )
        return held


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

    def until(self, day: date) -> Self:
        """As it stood at the end of `day`."""
        return replace(
            self,
            steps=until(self.steps, day),
            markings=until(self.markings, day),
            titles=until(self.titles, day),
            corrections=until(self.corrections, day),
        )

    def days(self) -> set[date]:
        """The days on which anything happened."""
        lists = (self.steps, self.titles, self.corrections)
        return {fact.on for facts in lists for fact in facts}

    def title(self) -> HeldTitle | None:
        """The case's own title, unless it was revoked; what another replaced never revives."""
        current: HeldTitle | None = None
        earlier: set[str] = set()
        for step in self.titles:
            if step.title is not None:
                earlier |= current.numbers if current else set()
                award = HeldTitle(
                    title=step.title,
                    plaque=step.plaque,
                    numbers=frozenset({step.plaque}),
                    event=step.event,
                )
                current = award.corrected(self.corrections)
            elif step.plaque not in earlier:  # a corrected number still means the title at hand
                current = None
        return current

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
                event=str(record.id),
            )
            return replace(row, titles=(*row.titles, title))
        case TitleRevoked(plaque_number=plaque):
            revoked = TitleStep(on=on, plaque=plaque, title=None)
            return replace(row, titles=(*row.titles, revoked))
        case TitleCorrected() as correction:
            return _corrected(row, str(record.id), on, correction)
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
        case RecommendationReturned(resubmit_by_on=by_on):
            return Step(on=on, act="recommendation-returned", by_on=by_on)
        case VetoRecorded(gate=gate):
            return Step(on=on, act="veto-recorded", gate=gate)
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


def _corrected(row: CaseProgress, id_: str, on: date, event: TitleCorrected) -> CaseProgress:
    """A correction may put an earlier one right; either way it is about one award."""
    awards = {one.event: one.award for one in row.corrections}
    award = awards.get(event.corrects, event.corrects)
    match event.field, event.is_:
        case "title", ("compliant" | "demonstration") as title:
            right = Correction(on=on, event=id_, award=award, title=title)
        case "plaque_number", str() as plaque:
            right = Correction(on=on, event=id_, award=award, plaque=plaque)
        case _:
            return row  # an expired title counts all the same, so its day is nobody's business here
    return replace(row, corrections=(*row.corrections, right))


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
