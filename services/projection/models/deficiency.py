"""What became of each deficiency of a dossier, step by step."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from shared.contracts.blocks import FoundBy
from shared.contracts.dossier import (
    DeficiencyFound,
    DeficiencyReopened,
    DeficiencyWithdrawn,
    RectificationCompleted,
    RectificationPlanned,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a deficiency is about, as it was found: `gap_cp` is what the item misses by it."""

    item: str
    category: str
    found_by: FoundBy
    gap_cp: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeficiencyStep:
    """Something happened to a deficiency; `due_on` is the day it shall be closed by."""

    version: int
    on: date
    deficiency: str
    act: Literal["found", "withdrawn", "reopened", "planned", "completed"]
    blocking: bool = False
    due_on: date | None = None
    finding: Finding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deficiency:
    """Where a deficiency stands; reopening keeps `blocking`, `versions` are of its events."""

    state: Literal["open", "closed", "withdrawn"] = "closed"
    blocking: bool = False
    planned: bool = False
    due_on: date | None = None
    found_on: date | None = None
    closed_on: date | None = None
    finding: Finding | None = None
    versions: tuple[int, ...] = ()


def standing(steps: Iterable[DeficiencyStep]) -> dict[str, Deficiency]:
    """Every deficiency by id, in the order in which they were found."""
    known: dict[str, Deficiency] = {}
    for step in steps:
        # Whoever read only a part may see a step before the finding.
        before = known.get(step.deficiency, Deficiency())
        before = replace(before, versions=(*before.versions, step.version))
        match step.act:
            case "found":
                after = replace(
                    before,
                    state="open",
                    blocking=step.blocking,
                    planned=False,
                    due_on=step.due_on,
                    found_on=step.on,
                    finding=step.finding,
                )
            case "reopened":
                after = replace(
                    before, state="open", due_on=step.due_on, planned=False, closed_on=None
                )
            case "planned":
                after = replace(before, due_on=step.due_on, planned=True)
            case "completed":
                after = replace(before, state="closed", closed_on=step.on)
            case "withdrawn":
                after = replace(before, state="withdrawn")
        known[step.deficiency] = after
    return known


def deficiency_step(event: object, version: int, on: date) -> DeficiencyStep | None:
    """What an event says of a deficiency; None for one about something else."""
    match event:
        case DeficiencyFound():
            return DeficiencyStep(
                version=version,
                on=on,
                deficiency=event.deficiency_id,
                act="found",
                blocking=event.blocking,
                due_on=event.due_on,
                finding=Finding(
                    item=event.item,
                    category=event.category,
                    found_by=event.found_by,
                    gap_cp=event.gap_cp,
                    description=event.description,
                ),
            )
        case DeficiencyWithdrawn(deficiency_id=name):
            return DeficiencyStep(version=version, on=on, deficiency=name, act="withdrawn")
        case DeficiencyReopened(deficiency_id=name, due_on=due_on):
            return DeficiencyStep(
                version=version, on=on, deficiency=name, act="reopened", due_on=due_on
            )
        case RectificationPlanned(deficiency_id=name, due_on=due_on):
            return DeficiencyStep(
                version=version, on=on, deficiency=name, act="planned", due_on=due_on
            )
        case RectificationCompleted(deficiency_id=name):
            return DeficiencyStep(version=version, on=on, deficiency=name, act="completed")
        case _:
            return None
