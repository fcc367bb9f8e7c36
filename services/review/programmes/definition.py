"""A programme as it is handed in, from a file or over HTTP, and what can be wrong with it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

from services.review.programmes.standards import no_duplicates
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
"""The terms that every programme has."""
# The steps whose usual length risk rules may give; the forecasts know these and no others.
STEPS = ("plan", "assess", "rectify", "apply", "accept", "inspect", "recommend", "verify", "award")
# A term of a million days would keep every calendar counting.
DAYS_AT_MOST = 1000
# In fen ten thousand million yuan: more than any rules grant, and exact wherever it is read.
NUMBER_AT_MOST = 10**12
# Deeper rules than anybody writes, and shallower than what breaks those who read them.
DEPTH_AT_MOST = 8


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
    """One kind of rules; `deadlines` names at least `decide_wd` and `resubmit_wd`.

    It may name `reapply_wd`: how long an office that failed waits before it applies again.
    `risk` may name `expected_wd` (working days by step), `at_risk_below_wd` and `learn_from`;
    what `ranking` and `reward` say is for people, in whole numbers and words.
    """

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
    """Rules are facts that others reckon with for ever: what they could not read is refused here.

    Raises Refused: `deadlines-incomplete` where a term is no number of working days, at least one,
    `rules-unfit` with the `field` that is no known name, no whole number, or out of bounds.
    """
    match draft.kind:
        case "deadlines":
            missing = [name for name in DEADLINES if not _days(draft.rules.get(name), least=1)]
            if missing:
                raise Refused("deadlines-incomplete", missing=missing)
            unfit = _unfit_deadlines(draft.rules)
        case "risk":
            unfit = _unfit_risk(draft.rules)
        case "ranking" | "reward":
            unfit = _unfit(draft.rules, "/rules")
    if (field := next(unfit, None)) is not None:
        raise Refused("rules-unfit", kind=draft.kind, of=field, field=field)


def _unfit_deadlines(rules: Mapping[str, Any]) -> Iterator[str]:
    if "reapply_wd" in rules and not _days(rules["reapply_wd"]):
        yield "/rules/reapply_wd"
    yield from _unfit(rules, "/rules")


def _unfit_risk(rules: Mapping[str, Any]) -> Iterator[str]:
    for name, value in rules.items():
        match name, value:
            case "expected_wd", {**steps}:
                for step, days in steps.items():
                    if step not in STEPS or not _days(days):
                        yield f"/rules/expected_wd/{step}"
            case "at_risk_below_wd" | "learn_from", _ if _days(value):
                pass
            case _:
                yield f"/rules/{name}"


def _unfit(value: object, at: str, depth: int = 0) -> Iterator[str]:
    """The places that hold something else than words, bounded whole numbers and groups of them."""
    match value:
        case _ if depth > DEPTH_AT_MOST:
            yield at
        case None | bool() | str():
            pass
        case int():
            if abs(value) > NUMBER_AT_MOST:
                yield at
        case {**members}:
            for name, one in members.items():
                yield from _unfit(one, f"{at}/{name}", depth + 1)
        case list() | tuple():
            for index, one in enumerate(value):
                yield from _unfit(one, f"{at}/{index}", depth + 1)
        case _:
            yield at


def _days(value: object, least: int = 0) -> bool:
    # A bool is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return least <= value <= DAYS_AT_MOST
