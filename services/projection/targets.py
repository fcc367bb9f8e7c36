"""Who belongs to a target, and how it stands: settled at the close of its due day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.projection.forecast import Forecast
from services.projection.models.case import CaseProgress
from services.projection.models.definition import Enrolment, TargetSet
from services.projection.models.dossier import DossierProgress
from services.projection.models.programme import enrolled
from services.projection.models.rows import Rows
from services.projection.models.schema import until
from shared.contracts.programme import AchievedBy

State = Literal["achieved", "achieved-late", "on-track", "at-risk", "missed"]


@dataclass(frozen=True, slots=True)
class Member:
    """One township under one target; `forecast` is there while it is neither through nor due."""

    township: str
    state: State
    achieved_on: date | None = None
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """A member that may still make it, with its forecast."""

    township: str
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class TargetStanding:
    """A target at the end of a day; states are exclusive."""

    target: TargetSet
    members: tuple[Member, ...]
    members_at_freeze: tuple[str, ...]

    def count(self, state: State) -> int:
        return sum(member.state == state for member in self.members)

    def ahead(self, state: State | None = None) -> list[Ahead]:
        """Members that may still make it (of one state), the first expected first."""
        found = [
            Ahead(member.township, member.forecast)
            for member in self.members
            if member.forecast and state in (None, member.state)
        ]
        return sorted(found, key=lambda one: (one.forecast.expected_on, one.township))

    def expected(self) -> int:
        """Members through by the due day: those that are, and those forecast to be."""
        in_time = (one.forecast.expected_on <= self.target.due_on for one in self.ahead())
        return self.count("achieved") + sum(in_time)


def standing(
    target: TargetSet, rows: Rows, on: date, expect: Callable[[str, TargetSet], Forecast]
) -> TargetStanding:
    """How `target` stands at the end of `on`.

    `expect` forecasts a township that may still make it.
    """
    settled_on = min(on, target.due_on)
    townships = rows.programme.townships()
    members = []
    for township, enrolments in townships.items():
        dossier = rows.dossiers.get(township, DossierProgress())
        if belongs(target, dossier, enrolments, settled_on):
            achieved_on = achieved(target, rows.cases_of(township), on)
            members.append(_member(target, township, achieved_on, on, expect))
    frozen = tuple(
        township
        for township, enrolments in townships.items()
        if _at_freeze(
            target, rows.dossiers.get(township, DossierProgress()), enrolments, settled_on
        )
    )
    return TargetStanding(target, tuple(members), frozen)


def belongs(
    target: TargetSet, dossier: DossierProgress, enrolments: Sequence[Enrolment], on: date
) -> bool:
    """Whether a township is a member at the end of `on`.

    Whoever left the programme left every target; committed is the target of the latest plan.
    """
    member = enrolled(enrolments, on)
    if member is None or not member.enrolled:
        return False
    if target.members == "all":
        return True
    plans = until(dossier.plans, on)
    return bool(plans) and plans[-1].target == target.code


def achieved(target: TargetSet, cases: Sequence[CaseProgress], on: date) -> date | None:
    """The day of the first pass, in any round, that still counts at the end of `on`.

    A revocation by the due day undoes a pass; one after it undoes only a late pass.
    """
    settled_on = min(on, target.due_on)
    in_time = _passes(target.achieved_by, cases, settled_on)
    if in_time:
        return min(in_time)
    late = (day for day in _passes(target.achieved_by, cases, on) if day > settled_on)
    return min(late, default=None)


def _passes(by: AchievedBy, cases: Sequence[CaseProgress], on: date) -> list[date]:
    """The days of passes that stand at the end of `on`."""
    found = []
    for case in (case.until(on) for case in cases):
        revoked = bool(case.titles) and case.title() is None
        match by:
            case "title-awarded":
                days = _awards(case)
            case "preliminary-passed" | "city-passed":
                days = [] if revoked else [step.on for step in case.steps if step.act == by]
        found += days
    return found


def _awards(case: CaseProgress) -> list[date]:
    """The days of awards since the last revocation: what was revoked never counts again."""
    days: list[date] = []
    for step in case.titles:
        days = [] if step.title is None else [*days, step.on]
    return days


def _member(
    target: TargetSet,
    township: str,
    achieved_on: date | None,
    on: date,
    expect: Callable[[str, TargetSet], Forecast],
) -> Member:
    if achieved_on is not None:
        late = achieved_on > target.due_on
        return Member(township, "achieved-late" if late else "achieved", achieved_on)
    if on > target.due_on:
        return Member(township, "missed")
    forecast = expect(township, target)
    return Member(township, "at-risk" if forecast.at_risk else "on-track", None, forecast)


def _at_freeze(
    target: TargetSet, dossier: DossierProgress, enrolments: Sequence[Enrolment], on: date
) -> bool:
    """A member now, or one that left after the freeze day; leaving on that day is free."""
    if belongs(target, dossier, enrolments, on):
        return True
    changes = {plan.on for plan in dossier.plans} | {line.on for line in enrolments}
    since = {target.frozen_on} | {day for day in changes if day > target.frozen_on}
    return any(day < on and belongs(target, dossier, enrolments, day) for day in since)
