"""What has changed since the office was reviewed before: what a new round is looked at for."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel

from services.review.case import Case
from services.review.place import Scene, shows_marks
from shared.contracts.blocks import Level, Mark, Reason
from shared.contracts.case import ReturnedItem
from shared.contracts.programme import Item, StandardPublished
from shared.contracts.refusals import Refused


class ThreeMarks(BaseModel):
    """An item in one round, by the three hands; null where there is none, or none to be seen."""

    self_cp: int | None
    self_applicable: bool
    district_cp: int | None
    city_cp: int | None


class ItemChange(BaseModel):
    """An item then and now: what was asked, and whether the office did anything about it."""

    item: str
    category: str
    name: str
    before: ThreeMarks
    now: ThreeMarks
    asked: str | None
    example: str | None
    mark_changed: bool
    evidence_changed: bool

    @property
    def matters(self) -> bool:
        """Whether the team looks at it first."""
        return self.asked is not None or self.mark_changed or self.evidence_changed


class Changes(BaseModel):
    """How the round before ended, and every item since; what was asked or has changed is first."""

    case_id: str
    previous_case_id: str
    outcome: str | None
    returned_by: Level | None
    resubmit_by_on: date | None
    reasons: tuple[Reason, ...]
    items: list[ItemChange]


def changes(scene: Scene, standard: StandardPublished) -> Changes:
    """The whole difference; Refused("no-previous-review") in a first round."""
    case, previous = scene.case, scene.previous
    if case.opened is None or previous is None or previous.opened is None:
        raise Refused("no-previous-review")
    failed = previous.city_failed or previous.failed
    found = item_changes(scene, standard)
    return Changes(
        case_id=case.opened.case_id,
        previous_case_id=previous.opened.case_id,
        outcome=previous.closed.outcome if previous.closed else None,
        returned_by=previous.returned.by if previous.returned else None,
        resubmit_by_on=previous.returned.resubmit_by_on if previous.returned else None,
        reasons=failed.reasons if failed else (),
        items=sorted(found.values(), key=lambda one: not one.matters),
    )


def item_changes(scene: Scene, standard: StandardPublished) -> dict[str, ItemChange]:
    """By item, in the order of the standard; empty in a first round."""
    previous = scene.previous
    if previous is None or previous.opened is None:
        return {}
    then = scene.applications.marks(previous.opened.application_id)
    now = scene.own_marks
    asked = _asked(previous)
    seen = shows_marks(scene)
    return {
        one.code: _change(
            one,
            _three(previous, then.get(one.code), one.code, seen=True),
            _three(scene.case, now.get(one.code), one.code, seen=seen),
            asked.get(one.code),
            then.get(one.code),
            now.get(one.code),
        )
        for one in standard.items
    }


def _change(
    item: Item,
    before: ThreeMarks,
    now: ThreeMarks,
    asked: ReturnedItem | Reason | None,
    mark_then: Mark | None,
    mark_now: Mark | None,
) -> ItemChange:
    files_then = set(mark_then.evidence) if mark_then else set()
    files_now = set(mark_now.evidence) if mark_now else set()
    return ItemChange(
        item=item.code,
        category=item.category,
        name=item.name,
        before=before,
        now=now,
        asked=asked.reason if isinstance(asked, ReturnedItem) else asked.text if asked else None,
        example=asked.example if isinstance(asked, ReturnedItem) else None,
        mark_changed=(before.self_cp, before.self_applicable) != (now.self_cp, now.self_applicable),
        evidence_changed=files_then != files_now,
    )


def _three(case: Case, own: Mark | None, item: str, *, seen: bool) -> ThreeMarks:
    consensus = case.consensus if seen else None
    return ThreeMarks(
        self_cp=own.mark_cp if own else None,
        self_applicable=own.applicable if own else True,
        district_cp=_points(consensus.marks if consensus else (), item),
        city_cp=_points((case.city_marks and case.city_marks.marks) or (), item),
    )


def _points(marks: tuple[Mark, ...], item: str) -> int | None:
    return next((one.mark_cp for one in marks if one.item == item), None)


def _asked(previous: Case) -> Mapping[str, ReturnedItem | Reason]:
    """What the round before asked for: the items it returned, or failed the office for."""
    if previous.returned is not None:
        return {one.item: one for one in previous.returned.items}
    failed = previous.city_failed or previous.failed
    return {one.item: one for one in failed.reasons if one.item} if failed else {}
