"""A programme as it is handed in, from a file or over HTTP, and what can be wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from services.review.standards import no_duplicates
from shared.contracts.blocks import Document
from shared.contracts.programme import (
    Category,
    Gate,
    Item,
    Organisation,
    Phase,
    StandardChange,
    Target,
)
from shared.contracts.refusals import Refused

RulesKind = Literal["ranking", "risk", "reward", "deadlines"]
Deadline = Literal["decide_wd", "resubmit_wd"]
DEADLINES: tuple[Deadline, ...] = ("decide_wd", "resubmit_wd")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardDraft:
    """A scoring table as it is handed in; without `in_force_on`, from the earliest day allowed."""

    code: str
    title: str
    illustrative: bool
    total_cp: int
    pass_cp: int
    demonstration_cp: int
    categories: tuple[Category, ...]
    items: tuple[Item, ...]
    gates: tuple[Gate, ...] = ()
    in_force_on: date | None = None
    changes: tuple[StandardChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesDraft:
    """One kind of rules; `deadlines` names at least `decide_wd` and `resubmit_wd`."""

    kind: RulesKind
    rules: Mapping[str, Any]
    in_force_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDraft:
    """A year's days off and worked weekends, and the paper that says so."""

    year: int
    holidays: tuple[date, ...]
    worked_weekends: tuple[date, ...]
    source: Document
    provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDraft:
    """A window in which offices apply together; both days belong to it."""

    batch: str
    name: str
    opens_on: date
    closes_on: date
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TownshipDraft:
    """A township with its safety office and its government."""

    township: str
    name: str
    kind: Literal["town", "subdistrict"]
    office: str
    office_name: str
    government: str
    government_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A whole programme, as `deploy/programmes/*.yaml` says it; `code` becomes its subject."""

    code: str
    name_zh: str
    name_en: str
    district: Organisation
    city: Organisation
    basis: tuple[Document, ...]
    rehearsal: bool
    phases: tuple[Phase, ...]
    targets: tuple[Target, ...]
    standard: StandardDraft
    rules: tuple[RulesDraft, ...]
    calendars: tuple[CalendarDraft, ...] = ()
    batches: tuple[BatchDraft, ...] = ()
    townships: tuple[TownshipDraft, ...] = ()


def in_phase(day: date, phase: Phase) -> bool:
    """Both days belong to the phase; without `from_on` it began with the programme."""
    return (phase.from_on is None or phase.from_on <= day) and day <= phase.to_on


def check_phases(phases: Sequence[Phase]) -> None:
    """One after the other, and offices can apply in at least one.

    Raises Refused: `duplicate-code`, `days-reversed`, `phases-overlap`, `no-application-phase`.
    """
    no_duplicates("phase", (phase.code for phase in phases))
    if not any(phase.applications_open for phase in phases):
        raise Refused("no-application-phase")
    ordered = sorted(phases, key=lambda phase: (phase.from_on or date.min, phase.to_on))
    for phase in ordered:
        if phase.from_on is not None and phase.to_on < phase.from_on:
            raise Refused("days-reversed", of=phase.code, from_on=phase.from_on, to_on=phase.to_on)
    for first, second in pairwise(ordered):
        if second.from_on is None or second.from_on <= first.to_on:
            raise Refused("phases-overlap", first=first.code, second=second.code)


def check_targets(targets: Sequence[Target], phases: Sequence[Phase]) -> None:
    """A target due before anybody can apply is missed by everyone on the first day.

    Raises Refused: `duplicate-code`, `target-before-phases`, `freeze-after-due`.
    """
    no_duplicates("target", (target.code for target in targets))
    opens = min(phase.from_on or date.min for phase in phases if phase.applications_open)
    for target in targets:
        if target.due_on < opens:
            raise Refused(
                "target-before-phases", target=target.code, due_on=target.due_on, opens_on=opens
            )
        if target.freeze_on is not None and target.freeze_on > target.due_on:
            raise Refused("freeze-after-due", target=target.code, due_on=target.due_on)


def check_rules(draft: RulesDraft) -> None:
    """The deadlines that cases need are whole numbers of working days, at least one.

    Raises Refused("deadlines-incomplete").
    """
    if draft.kind != "deadlines":
        return
    missing = [name for name in DEADLINES if not _positive(draft.rules.get(name))]
    if missing:
        raise Refused("deadlines-incomplete", missing=missing)


def _positive(value: object) -> bool:
    # A bool is an int to Python; a term of a million days would keep the calendar counting.
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 1000
