"""Who is late and why: steps overdue are facts, a target at risk is a forecast; never mixed."""

from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Literal

from services.projection.forecast import Forecast
from services.projection.models.definition import TargetSet
from services.projection.picture import Picture, Township
from services.projection.stage import ORDER, Stage

Kind = Literal[
    "missed",
    "at-risk",
    "plan-late",
    "assessment-late",
    "rectification-late",
    "resubmission-late",
    "decision-late",
    "stuck",
]


UNDECIDED = (Stage.APPLIED, Stage.INSPECTING)
"""While the district has not decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One reason why a township is named; `late_wd` working days past `due_on`."""

    on: date
    township: Township
    kind: Kind
    due_on: date | None = None
    late_wd: int = 0
    target: TargetSet | None = None
    forecast: Forecast | None = None
    open: int = 0
    overdue: int = 0

    @property
    def severity(self) -> Literal["late", "risk"]:
        return "risk" if self.kind == "at-risk" else "late"


def late(picture: Picture) -> list[Late]:
    """Everyone who is late or at risk: missed targets, then risks, then what is longest overdue."""
    found = _by_target(picture)
    for township in picture.townships:
        if township.stage is not Stage.LEFT:
            found += _steps(picture, township)
    weight = {"missed": 0, "at-risk": 1}
    return sorted(found, key=lambda one: (weight.get(one.kind, 2), -one.late_wd, one.township.code))


def _by_target(picture: Picture) -> list[Late]:
    found: list[Late] = []
    at_risk: set[str] = set()
    for standing in picture.targets:
        target = standing.target
        for member in standing.members:
            township = picture.township(member.township)
            if township is None:
                continue
            if member.state == "missed":
                overdue_wd = picture.calendar.late(target.due_on, picture.on)
                found.append(
                    Late(
                        on=picture.on,
                        township=township,
                        kind="missed",
                        due_on=target.due_on,
                        late_wd=overdue_wd,
                        target=target,
                    )
                )
            elif member.state == "at-risk" and member.township not in at_risk:
                at_risk.add(member.township)  # the target due first says it; the later adds nothing
                found.append(
                    Late(
                        on=picture.on,
                        township=township,
                        kind="at-risk",
                        due_on=target.due_on,
                        late_wd=-member.forecast.spare_wd if member.forecast else 0,
                        target=target,
                        forecast=member.forecast,
                        open=len(township.dossier.open_deficiencies()),
                    )
                )
    return found


def _steps(picture: Picture, township: Township) -> list[Late]:
    found = []
    for kind, due_on in due(picture, township).items():
        late_wd = picture.calendar.late(due_on, picture.on)
        if picture.on > due_on:
            found.append(
                Late(on=picture.on, township=township, kind=kind, due_on=due_on, late_wd=late_wd)
            )
    open_ = township.dossier.open_deficiencies().values()
    overdue = [
        one.due_on for one in open_ if one.planned and one.due_on and one.due_on < picture.on
    ]
    if overdue:
        found.append(
            Late(
                on=picture.on,
                township=township,
                kind="rectification-late",
                due_on=min(overdue),
                late_wd=picture.calendar.late(min(overdue), picture.on),
                open=len(open_),
                overdue=len(overdue),
            )
        )
    if township.stuck:
        found.append(Late(on=picture.on, township=township, kind="stuck"))
    return found


def due(picture: Picture, township: Township) -> dict[Kind, date]:
    """The days by which something that is not yet done was due."""
    found: dict[Kind, date] = {}
    # Listed in any order: only their days tell which comes first, to the office's service too.
    phases = sorted(picture.programme.phases(), key=lambda phase: phase.to_on)
    before = list(takewhile(lambda phase: not phase.applications_open, phases))
    preparing = ORDER.index(township.stage) < ORDER.index(Stage.READY)
    if phases and preparing and not township.dossier.plans:
        found["plan-late"] = phases[0].to_on
    if before and preparing and township.dossier.last_full() is None:
        found["assessment-late"] = before[-1].to_on
    if not township.cases:
        return found
    case = township.cases[-1]
    answered = any(line.round > case.round for line in township.dossier.applications)
    for step in case.steps:
        if step.act == "returned" and step.by_on and not answered:
            found["resubmission-late"] = step.by_on
        if step.act == "opened" and step.by_on and township.stage in UNDECIDED:
            found["decision-late"] = step.by_on
    return found
