"""The table of differences: what the leader of a team goes through before it agrees."""

from pydantic import BaseModel

from services.review.access import audited
from services.review.case import Case
from services.review.place import Scene
from services.review.team import counting_marks
from shared.contracts.blocks import Mark
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.web.auth import Principal


class Difference(BaseModel):
    """An item on which the members, or they and the office, differ."""

    item: str
    category: str
    name: str
    max_cp: int
    self_cp: int | None
    low_cp: int
    high_cp: int
    marks: dict[str, Mark]


def may_compare(case: Case, principal: Principal) -> None:
    """Auditors, and the team's leader once every category that is the leader's to mark is marked.

    Whoever has seen the others' marks does not mark by what was found. Raises Refused:
    `not-team-leader`, `own-marks-missing`.
    """
    if audited(principal, case):
        return
    officer = principal.officer
    if case.leader != officer:
        raise Refused("not-team-leader", leader=case.leader)
    own = case.members[officer].categories
    unmarked = [category for category in own if (officer, category) not in case.markings]
    if unmarked:
        raise Refused("own-marks-missing", categories=unmarked)


def differences(scene: Scene, standard: StandardPublished) -> list[Difference]:
    """Every item on which the members differ, from each other or from the office."""
    found = []
    marks, own = counting_marks(scene.case, standard), scene.own_marks
    for one in standard.items:
        given = marks.get(one.code, {})
        spread = {(mark.mark_cp, mark.applicable) for mark in given.values()}
        self_mark = own.get(one.code)
        said = {(self_mark.mark_cp, self_mark.applicable)} if self_mark else set()
        if not given or len(spread | said) == 1:
            continue
        points = [mark.mark_cp for mark in given.values()]
        found.append(
            Difference(
                item=one.code,
                category=one.category,
                name=one.name,
                max_cp=one.max_cp,
                self_cp=self_mark.mark_cp if self_mark else None,
                low_cp=min(points),
                high_cp=max(points),
                marks=given,
            )
        )
    return found
