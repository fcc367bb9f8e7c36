"""The dated lines of a programme: what it was opened with, and what was published since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from shared.contracts.programme import (
    AchievedBy,
    CalendarPublished,
    Opened,
    Organisation,
    Phase,
    StandardPublished,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What the programme was opened with."""

    on: date
    name_zh: str
    name_en: str
    district: Organisation
    phases: tuple[Phase, ...]
    rehearsal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSet:
    """A phase moved: from this day on it has other days."""

    on: date
    phase: str
    from_on: date | None
    to_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSet:
    """A target as set on a day; a rescheduling sets it again."""

    on: date
    code: str
    name: str
    due_on: date
    freeze_on: date | None
    members: Literal["committed", "all"]
    achieved_by: AchievedBy
    strength: Literal["aspire", "require"]

    @property
    def frozen_on(self) -> date:
        """After this day nobody leaves unseen."""
        return self.freeze_on or self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardLine:
    """Of a standard, what a reader of totals needs, from the day it is in force."""

    on: date
    code: str
    number: int
    title: str
    illustrative: bool
    total_cp: int
    pass_cp: int
    categories: Mapping[str, str]
    maximums_cp: Mapping[str, int]
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A version of one kind of rules, whole, from the day it is in force."""

    on: date
    kind: str
    number: int
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """A year's calendar, as known from a day on."""

    on: date
    event: CalendarPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A batch, as announced on a day."""

    on: date
    code: str
    name: str
    opens_on: date
    closes_on: date
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A township joined or left on a day."""

    on: date
    township: str
    enrolled: bool
    name: str
    office: str
    kind: Literal["town", "subdistrict"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The programme was closed."""

    on: date


def definition(event: Opened) -> Definition:
    return Definition(
        on=event.effective_on,
        name_zh=event.name_zh,
        name_en=event.name_en,
        district=event.district,
        phases=event.phases,
        rehearsal=event.rehearsal,
    )


def targets(event: Opened) -> tuple[TargetSet, ...]:
    return tuple(
        TargetSet(
            on=event.effective_on,
            code=target.code,
            name=target.name,
            due_on=target.due_on,
            freeze_on=target.freeze_on,
            members=target.members,
            achieved_by=target.achieved_by,
            strength=target.strength,
        )
        for target in event.targets
    )


def standard(event: StandardPublished) -> StandardLine:
    # The first is shown at once: until it is in force there is no other to take it for.
    first = event.previous_version is None
    return StandardLine(
        on=event.effective_on if first else max(event.effective_on, event.in_force_on),
        code=event.standard.code,
        number=event.standard.version,
        title=event.title,
        illustrative=event.illustrative,
        total_cp=event.total_cp,
        pass_cp=event.pass_cp,
        categories={category.code: category.name for category in event.categories},
        maximums_cp={category.code: category.max_cp for category in event.categories},
        items={item.code: item.name for item in event.items},
    )
