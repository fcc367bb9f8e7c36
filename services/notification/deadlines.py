"""What is overdue: the days that events set, and what has answered them since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.notification.programmes import Member, Programme
from shared.contracts import case, dossier, programme
from shared.contracts.notice import About
from shared.contracts.registry import Event

WATCHED: frozenset[type[Any]] = frozenset(
    {
        dossier.PlanFiled,
        dossier.PlanRevised,
        dossier.ApplicationSubmitted,
        dossier.DeficiencyFound,
        dossier.DeficiencyReopened,
        dossier.DeficiencyWithdrawn,
        dossier.RectificationPlanned,
        dossier.RectificationCompleted,
        case.Opened,
        case.Returned,
        case.PreliminaryPassed,
        case.PreliminaryFailed,
        case.Closed,
    }
)
"""The events of dossiers and cases that set a day or answer one."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day set by an event; `cause` is its id."""

    due_on: date
    cause: str


@dataclass(frozen=True, slots=True)
class Owed:
    """What one township and its cases still owe; every township begins as `Owed()`.

    Kept by stream facts only, so no order between topics matters, and hearing an event again at
    once changes nothing.
    """

    planned: bool = False
    batch: str | None = None
    applied: frozenset[int] = frozenset()
    deficiencies: Mapping[str, Deadline] = field(default_factory=dict)
    opened: Mapping[int, Deadline] = field(default_factory=dict)
    returned: Mapping[int, Deadline] = field(default_factory=dict)
    decided: frozenset[int] = frozenset()


def evolve(owed: Owed, event: Event, cause: str) -> Owed:
    match event:
        case dossier.PlanFiled(batch=batch) | dossier.PlanRevised(batch=batch):
            return replace(owed, planned=True, batch=batch)
        case dossier.ApplicationSubmitted(round=round_):
            return replace(owed, applied=owed.applied | {round_})
        case (
            dossier.DeficiencyFound(deficiency_id=name, due_on=due_on)
            | dossier.DeficiencyReopened(deficiency_id=name, due_on=due_on)
            | dossier.RectificationPlanned(deficiency_id=name, due_on=due_on)
        ) if due_on is not None:
            deadline = Deadline(due_on, cause)
            return replace(owed, deficiencies={**owed.deficiencies, name: deadline})
        case (
            dossier.DeficiencyFound(deficiency_id=name)
            | dossier.DeficiencyReopened(deficiency_id=name)
            | dossier.DeficiencyWithdrawn(deficiency_id=name)
            | dossier.RectificationCompleted(deficiency_id=name)
        ):
            left = {key: one for key, one in owed.deficiencies.items() if key != name}
            return replace(owed, deficiencies=left)
        case case.Opened(round=round_, decide_by_on=by_on):
            return replace(owed, opened={**owed.opened, round_: Deadline(by_on, cause)})
        case case.Returned(round=round_, resubmit_by_on=by_on):
            return replace(
                owed,
                returned={**owed.returned, round_: Deadline(by_on, cause)},
                decided=owed.decided | {round_},
            )
        case (
            case.PreliminaryPassed(round=round_)
            | case.PreliminaryFailed(round=round_)
            | case.Closed(round=round_)
        ):
            return replace(owed, decided=owed.decided | {round_})
        case _:
            return owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A day that has passed unanswered, by `overdue_wd` working days of the calendar known now."""

    township: str
    about: About
    due_on: date
    overdue_wd: int
    cause: str


def causes(event: programme.ProgrammeEvent) -> list[str]:
    """The days that an event of the programme sets, by the code of their phase or batch."""
    match event:
        case programme.Opened():
            return [phase.code for phase in event.phases]
        case programme.PhaseRescheduled():
            return [event.phase]
        case programme.BatchAnnounced():
            return [event.batch]
        case _:
            return []


def overdue(
    name: str,
    known: Programme,
    owed: Mapping[str, Owed],
    set_by: Mapping[str, str],
    on: date,
) -> list[Overdue]:
    """All that is overdue in the programme `name` on the morning of `on`, the longest first.

    `set_by` are the ids of the events that set the days of phases and batches, by their code.
    Nothing is overdue before the first working day after its day.
    """
    found: list[Overdue] = []
    if known.closed:
        return found
    for township, member in known.townships.items():
        if not member.enrolled:
            continue
        for about, deadline in _deadlines(
            f"{name}/{township}", known, member, owed.get(township, Owed()), set_by
        ):
            overdue_wd = known.calendar.late(deadline.due_on, on)
            if overdue_wd > 0:
                found.append(
                    Overdue(
                        township=township,
                        about=about,
                        due_on=deadline.due_on,
                        overdue_wd=overdue_wd,
                        cause=deadline.cause,
                    )
                )
    return sorted(found, key=lambda one: (one.due_on, one.about.subject, one.about.kind))


def _deadlines(
    subject: str, known: Programme, member: Member, owed: Owed, set_by: Mapping[str, str]
) -> Iterator[tuple[About, Deadline]]:
    first = min(known.phases, key=lambda phase: phase.to_on, default=None)
    if first and first.code in set_by and not owed.planned and member.since_on <= first.to_on:
        deadline = Deadline(first.to_on, set_by[first.code])
        yield About(kind="plan", subject=subject), deadline
    batch = known.batches.get(owed.batch or "")
    if batch and batch.batch in set_by and not owed.applied:
        deadline = Deadline(batch.closes_on, set_by[batch.batch])
        yield About(kind="batch", subject=subject), deadline
    # One line a day for all that was due then: forty items would be forty lines.
    for _, deadline in sorted({one.due_on: one for one in owed.deficiencies.values()}.items()):
        yield About(kind="rectification", subject=subject), deadline
    for round_, deadline in owed.returned.items():
        if round_ >= max(owed.applied, default=round_):
            yield About(kind="resubmission", subject=f"{subject}/{round_}"), deadline
    for round_, deadline in owed.opened.items():
        if round_ not in owed.decided:
            yield About(kind="decision", subject=f"{subject}/{round_}"), deadline
