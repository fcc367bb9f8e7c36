"""The days of a programme: its batches, and its phases and targets when they have to move."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from services.review.programmes.definition import BatchDraft, check_phases, check_targets, in_phase
from services.review.programmes.programme import Programme, running
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import (
    BatchAnnounced,
    Phase,
    PhaseRescheduled,
    ProgrammeEvent,
    Span,
    TargetRescheduled,
)
from shared.contracts.refusals import Refused


def announce_batch(
    programme: Programme, draft: BatchDraft, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Announce when offices may apply together, within the phases that take applications.

    Raises Refused: `duplicate-code`, `unknown-target`, `days-reversed`, `batch-outside-phase`.
    """
    running(programme, site)
    if draft.batch in programme.batches:
        raise Refused("duplicate-code", kind="batch", duplicate=draft.batch)
    if draft.target not in programme.targets:
        known = sorted(programme.targets)
        raise Refused("unknown-target", target=draft.target, known=known)
    if draft.closes_on < draft.opens_on:
        raise Refused(
            "days-reversed", of=draft.batch, from_on=draft.opens_on, to_on=draft.closes_on
        )
    event = BatchAnnounced(
        **site,
        batch=draft.batch,
        name=draft.name,
        opens_on=draft.opens_on,
        closes_on=draft.closes_on,
        target=draft.target,
    )
    _check_batches([event], programme.phases.values())
    return [event]


def reschedule_phase(
    programme: Programme,
    code: str,
    *,
    from_on: date | None,
    to_on: date,
    reason: str,
    today: date,
    site: ProgrammeSite,
) -> list[ProgrammeEvent]:
    """Give a phase other days; the order of the phases stays, and batches keep their place.

    Days that are over by `today`, when this is recorded, stay open for applications: somebody may
    have applied on them. Raises Refused: `unknown-phase`, `phase-day-passed`, `phases-reordered`,
    `batch-outside-phase`, and what `check_phases` and `check_targets` refuse.
    """
    running(programme, site, after=phase_moves(programme, code))
    phase = programme.phases.get(code)
    if phase is None:
        raise Refused("unknown-phase", phase=code, known=sorted(programme.phases))
    if (from_on, to_on) == (phase.from_on, phase.to_on):
        return []
    moved = replace(phase, from_on=from_on, to_on=to_on)
    phases = {**programme.phases, code: moved}
    check_phases(list(phases.values()))
    order = _order(programme.phases.values())
    if _order(phases.values()) != order:
        raise Refused("phases-reordered", phase=code, order=order)
    if phase.applications_open:
        _check_passed(phase, moved, today)
    check_targets(list(programme.targets.values()), list(phases.values()))
    _check_batches(programme.batches.values(), phases.values())
    return [
        PhaseRescheduled(
            **site,
            phase=code,
            from_on=from_on,
            to_on=to_on,
            previous=Span(from_on=phase.from_on, to_on=phase.to_on),
            reason=reason,
        )
    ]


def reschedule_target(
    programme: Programme,
    code: str,
    *,
    due_on: date,
    reason: str,
    today: date,
    site: ProgrammeSite,
) -> list[ProgrammeEvent]:
    """Move the day a target is due, as long as that day has not passed.

    Judged by `today`, when this is recorded, and not by the effective day: who was in and who had
    achieved was settled at the close of the due day, and no back-dating opens it again. Raises
    Refused: `unknown-target`, `target-settled`, `due-day-passed` for a new day that has passed,
    and what `check_targets` refuses.
    """
    running(programme, site, after=target_moves(programme, code))
    target = programme.targets.get(code)
    if target is None:
        raise Refused("unknown-target", target=code, known=sorted(programme.targets))
    if due_on == target.due_on:
        return []
    if today > target.due_on:
        raise Refused("target-settled", target=target.name, due_on=target.due_on)
    if due_on < today:
        raise Refused("due-day-passed", due_on=due_on, effective_on=today)
    check_targets([replace(target, due_on=due_on)], list(programme.phases.values()))
    return [
        TargetRescheduled(
            **site,
            target=code,
            due_on=due_on,
            previous_due_on=target.due_on,
            reason=reason,
        )
    ]


def phase_moves(programme: Programme, code: str) -> list[PhaseRescheduled]:
    """How often a phase was moved, the first time first."""
    moved = (one for one in programme.rescheduled if isinstance(one, PhaseRescheduled))
    return [one for one in moved if one.phase == code]


def target_moves(programme: Programme, code: str) -> list[TargetRescheduled]:
    """How often a target was moved, the first time first."""
    moved = (one for one in programme.rescheduled if isinstance(one, TargetRescheduled))
    return [one for one in moved if one.target == code]


def _order(phases: Iterable[Phase]) -> list[str]:
    return [one.code for one in sorted(phases, key=lambda one: one.to_on)]


def _check_passed(old: Phase, new: Phase, today: date) -> None:
    began, ended = old.from_on or date.min, min(old.to_on, today)
    if began > today:
        return
    for day in (began, ended):
        if not in_phase(day, new):
            raise Refused("phase-day-passed", phase=old.name, day=day)


def _check_batches(batches: Iterable[BatchAnnounced], phases: Iterable[Phase]) -> None:
    open_ = [phase for phase in phases if phase.applications_open]
    for one in batches:
        for day in (one.opens_on, one.closes_on):
            if not any(in_phase(day, phase) for phase in open_):
                raise Refused("batch-outside-phase", batch=one.batch, day=day)
