"""The cases under review, with their age and deadline: pure, over a picture."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.projection.happenings import event_names
from services.projection.late import UNDECIDED
from services.projection.models.case import CaseProgress
from services.projection.picture import Picture, Township
from services.projection.stage import Stage, case_stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An open case; `waits_for` is the level whose turn it is, `age_wd` counts from its opening.

    Only until the district has decided can it be `overdue`; `overdue_wd` are the working days
    since. `vetoes` are the gates that bar it from passing.
    """

    case: str
    township: str
    name: str
    round: int
    batch: str | None
    stage: Stage
    waits_for: Literal["district", "city"]
    opened_on: date
    age_wd: int
    decide_by_on: date | None
    overdue: bool
    overdue_wd: int
    vetoes: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The open cases of a batch, or of none, in figures."""

    batch: str | None
    name: str | None
    open: int
    undecided: int
    overdue: int
    oldest_wd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Whoever must decide first comes first; batches in the order of the programme."""

    open: int
    undecided: int
    overdue: int
    cases: tuple[Waiting, ...]
    batches: tuple[Batch, ...]


def queue(picture: Picture) -> Queue:
    """Every case that is opened and not closed, also of a township that has left."""
    found = (
        _waiting(picture, township, case, stage)
        for township in picture.townships
        for case in township.cases
        if (stage := case_stage(case)) is not None and _opened_on(case) is not None
    )
    cases = sorted(found, key=lambda one: (one.decide_by_on or date.max, one.opened_on, one.case))
    names = {batch.code: batch.name for batch in picture.programme.batches}
    order: list[str | None] = [*names, *sorted({one.batch or "" for one in cases} - {*names, ""})]
    batches = [
        _batch(code, names.get(code or ""), those)
        for code in [*order, None]
        if (those := [one for one in cases if one.batch == code])
    ]
    whole = _batch(None, None, cases)
    return Queue(
        open=whole.open,
        undecided=whole.undecided,
        overdue=whole.overdue,
        cases=tuple(cases),
        batches=tuple(batches),
    )


def _opened_on(case: CaseProgress) -> date | None:
    return next((step.on for step in case.steps if step.act == "opened"), None)


def _waiting(picture: Picture, township: Township, case: CaseProgress, stage: Stage) -> Waiting:
    opened = next(step for step in case.steps if step.act == "opened")
    due_on = opened.by_on if stage in UNDECIDED else None
    return Waiting(
        case=case.subject,
        township=township.code,
        name=township.name,
        round=case.round,
        batch=opened.batch,
        stage=stage,
        waits_for="district" if stage in (*UNDECIDED, Stage.PASSED) else "city",
        opened_on=opened.on,
        age_wd=picture.calendar.between(opened.on, picture.on),
        decide_by_on=due_on,
        overdue=due_on is not None and picture.on > due_on,
        overdue_wd=picture.calendar.late(due_on, picture.on) if due_on else 0,
        vetoes=tuple(step.gate or "" for step in case.vetoes()),
        events=event_names("case", case.subject, {opened.version, case.steps[-1].version}),
    )


def _batch(code: str | None, name: str | None, cases: list[Waiting]) -> Batch:
    return Batch(
        batch=code,
        name=name,
        open=len(cases),
        undecided=sum(one.decide_by_on is not None for one in cases),
        overdue=sum(one.overdue for one in cases),
        oldest_wd=max((one.age_wd for one in cases), default=0),
    )
