"""When a township will be through, by the risk rules its programme published: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from services.projection.models.definition import BatchLine, TargetSet
from services.projection.models.dossier import DossierProgress
from services.projection.stage import Run, Stage, first_day
from shared.contracts.programme import AchievedBy
from shared.working_days import Calendar

StepCode = Literal[
    "plan", "assess", "rectify", "apply", "accept", "inspect", "recommend", "verify", "award"
]
Source = Literal["rules", "own-plan", "batch"]

_STEPS: Sequence[tuple[StepCode, frozenset[Stage]]] = (
    ("plan", frozenset({Stage.ENROLLED})),
    ("assess", frozenset({Stage.PLANNED})),
    ("rectify", frozenset({Stage.ASSESSED, Stage.RECTIFYING, Stage.REVOKED, Stage.LEFT})),
    ("apply", frozenset({Stage.READY})),
    ("accept", frozenset({Stage.APPLIED})),
    ("inspect", frozenset({Stage.INSPECTING})),
    ("recommend", frozenset({Stage.PASSED})),
    ("verify", frozenset({Stage.RECOMMENDED, Stage.VERIFYING})),
    ("award", frozenset({Stage.VERIFIED, Stage.COMPLIANT, Stage.DEMONSTRATION})),
)
_LAST_STEP: Mapping[AchievedBy, StepCode] = {
    "preliminary-passed": "inspect",
    "city-passed": "verify",
    "title-awarded": "award",
}
# For a programme that published no risk rules; an office would not be told nothing.
_UNPUBLISHED: Mapping[StepCode, int] = {
    "plan": 10,
    "assess": 15,
    "rectify": 20,
    "apply": 5,
    "accept": 5,
    "inspect": 15,
    "recommend": 5,
    "verify": 20,
    "award": 20,
}


@dataclass(frozen=True, slots=True)
class RiskRules:
    """Expected working days of each step; less to spare than `at_risk_below_wd` is a risk."""

    version: int
    expected_wd: Mapping[StepCode, int]
    at_risk_below_wd: int

    @classmethod
    def of(cls, version: int, rules: Mapping[str, Any]) -> "RiskRules":
        """The published object, with defaults for what it leaves out."""
        return cls(
            version,
            {**_UNPUBLISHED, **rules.get("expected_wd", {})},
            rules.get("at_risk_below_wd", 0),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One step ahead: the working days it still takes, and who says so."""

    step: StepCode
    expected_wd: int
    source: Source
    until_on: date


@dataclass(frozen=True, slots=True)
class Forecast:
    """`spare_wd` to the due day is negative when late; `step` is the one that decides."""

    expected_on: date
    needed_wd: int
    left_wd: int
    spare_wd: int
    at_risk: bool
    step: StepCode
    parts: tuple[Part, ...]


def forecast(
    target: TargetSet,
    dossier: DossierProgress,
    runs: Sequence[Run],
    batches: Sequence[BatchLine],
    rules: RiskRules,
    calendar: Calendar,
    on: date,
) -> Forecast:
    """When a township will have done what `target` asks, counted from `on`."""
    parts = _parts(target, dossier, runs, batches, rules, calendar, on)
    expected_on = parts[-1].until_on
    if expected_on <= target.due_on:
        spare_wd = calendar.between(expected_on, target.due_on)
    else:
        spare_wd = -calendar.between(target.due_on, expected_on)
    waiting = next((part.step for part in parts if part.source == "batch"), None)
    return Forecast(
        expected_on=expected_on,
        needed_wd=calendar.between(on, expected_on),
        left_wd=calendar.between(on, target.due_on),
        spare_wd=spare_wd,
        at_risk=spare_wd < rules.at_risk_below_wd or expected_on > target.due_on,
        step=waiting or parts[0].step,
        parts=tuple(parts),
    )


def _parts(
    target: TargetSet,
    dossier: DossierProgress,
    runs: Sequence[Run],
    batches: Sequence[BatchLine],
    rules: RiskRules,
    calendar: Calendar,
    on: date,
) -> list[Part]:
    now = runs[-1].stage
    names = [step for step, _ in _STEPS]
    at = next(index for index, (_, stages) in enumerate(_STEPS) if now in stages)
    last = names.index(_LAST_STEP[target.achieved_by])
    parts: list[Part] = []
    day = on
    # A township past the last step without its pass (it was undone) is as far as that step.
    for index in range(min(at, last), last + 1):
        step, stages = _STEPS[index]
        days = rules.expected_wd[step]
        source: Source = "rules"
        if index == at:
            days, source = _rest(step, stages, days, dossier, runs, calendar, on)
        day = calendar.add(day, days)
        if step == "apply" and (opens_on := _opens_on(dossier, batches, day)) and opens_on > day:
            days, source, day = calendar.between(on, opens_on), "batch", opens_on
        parts.append(Part(step, days, source, day))
    return parts


def _rest(
    step: StepCode,
    stages: frozenset[Stage],
    days: int,
    dossier: DossierProgress,
    runs: Sequence[Run],
    calendar: Calendar,
    on: date,
) -> tuple[int, Source]:
    """What is left of the step at hand; a day at least, since it is not done.

    The office's own days for what it rectifies count before the rules.
    """
    if step == "rectify":
        found = dossier.open_deficiencies().values()
        planned = [one.due_on for one in found if one.planned and one.due_on and one.due_on > on]
        if planned:
            return calendar.between(on, max(planned)), "own-plan"
    since = first_day(runs, stages) or on
    return max(1, days - calendar.between(since, on)), "rules"


def _opens_on(dossier: DossierProgress, batches: Sequence[BatchLine], day: date) -> date | None:
    """When the batch opens in which an office that is ready on `day` will apply."""
    open_ = {batch.code: batch for batch in batches if batch.closes_on >= day}
    planned = dossier.plans[-1].batch if dossier.plans else None
    if planned in open_:
        return open_[planned].opens_on
    return min((batch.opens_on for batch in open_.values()), default=None)
