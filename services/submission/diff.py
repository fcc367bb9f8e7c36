"""What an application says otherwise than the one before it: what inspectors look at first."""

from pydantic import BaseModel

from services.submission.dossier import Application
from shared.contracts.blocks import Grade, Mark
from shared.contracts.dossier import ApplicationSubmitted


class Standing(BaseModel):
    """What an application came to: its points, its grade, and the gates that were in its way."""

    total_cp: int
    out_of_cp: int
    grade: Grade
    vetoes: tuple[str, ...]
    failed_gates: tuple[str, ...]
    unmet_prerequisites: tuple[str, ...]
    facts: tuple[str, ...]
    standard_version: int


class MarkChange(BaseModel):
    """What an item scored before and now; null where it had no mark."""

    item: str
    was_cp: int | None
    is_cp: int | None


class Mended(MarkChange):
    """An item that was sent back, and whether its mark or its evidence is another one now."""

    reason: str
    marked_otherwise: bool
    evidence_added: tuple[str, ...]


class ApplicationDiff(BaseModel):
    """An application set against `previous_application_id`; `changes` are of all its items."""

    previous_application_id: str
    was: Standing
    now: Standing
    changes: list[MarkChange]
    returned: list[Mended]


def diff(previous: Application, now: ApplicationSubmitted) -> ApplicationDiff:
    """Every item that is marked otherwise, and each that was sent back whether it is or not."""
    was = previous.submitted
    before, after = _by_item(was), _by_item(now)
    return ApplicationDiff(
        previous_application_id=was.application_id,
        was=_standing(was),
        now=_standing(now),
        changes=[
            MarkChange(item=item, was_cp=_cp(before.get(item)), is_cp=_cp(after.get(item)))
            for item in {**before, **after}
            if _cp(before.get(item)) != _cp(after.get(item))
        ],
        returned=[
            _mended(one.item, one.reason, before.get(one.item), after.get(one.item))
            for one in (previous.returned.items if previous.returned else ())
        ],
    )


def _mended(item: str, reason: str, before: Mark | None, after: Mark | None) -> Mended:
    shown = before.evidence if before else ()
    return Mended(
        item=item,
        was_cp=_cp(before),
        is_cp=_cp(after),
        reason=reason,
        marked_otherwise=_cp(before) != _cp(after),
        evidence_added=tuple(file for file in after.evidence if file not in shown) if after else (),
    )


def _standing(application: ApplicationSubmitted) -> Standing:
    totals = application.totals
    return Standing(
        total_cp=totals.total_cp,
        out_of_cp=totals.out_of_cp,
        grade=totals.grade,
        vetoes=totals.vetoes,
        failed_gates=totals.failed_gates,
        unmet_prerequisites=tuple(one.code for one in application.prerequisites if not one.met),
        facts=application.facts,
        standard_version=application.standard.version,
    )


def _by_item(application: ApplicationSubmitted) -> dict[str, Mark]:
    return {mark.item: mark for mark in application.marks}


def _cp(mark: Mark | None) -> int | None:
    """An item that does not apply has no points, as one that nobody marked."""
    return mark.mark_cp if mark is not None and mark.applicable else None
