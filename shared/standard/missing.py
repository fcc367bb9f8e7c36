"""What separates an office from a grade, cheapest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.contracts.blocks import Mark, Nature, Totals
from shared.contracts.programme import StandardPublished
from shared.standard.scoring import score


@dataclass(frozen=True, slots=True)
class Gap:
    """What one item still lacks to its maximum."""

    item: str
    category: str
    nature: Nature
    gap_cp: int


def to_pass_cp(standard: StandardPublished, totals: Totals) -> int:
    """Points lacking to pass, on the rescaled scale; gates and vetoes are told apart from it."""
    return max(0, standard.pass_cp - totals.total_cp)


def to_demonstration_cp(standard: StandardPublished, totals: Totals) -> int:
    """Points lacking to a demonstration office, on the rescaled scale."""
    return max(0, standard.demonstration_cp - totals.total_cp)


def gaps(standard: StandardPublished, marks: Sequence[Mark]) -> list[Gap]:
    """Every item below its maximum: software before hardware, then the larger gap, then in order.

    An item without a mark lacks all of it; claims of not-applicable and bonus items lack nothing.
    """
    given = {mark.item: mark for mark in marks}
    found = []
    for item in standard.items:
        mark = given.get(item.code)
        if item.method == "capped-bonus" or (mark is not None and not mark.applicable):
            continue
        gap_cp = item.max_cp - (mark.mark_cp if mark else 0)
        if gap_cp:
            found.append(Gap(item.code, item.category, item.nature, gap_cp))
    return sorted(found, key=lambda gap: (gap.nature != "software", -gap.gap_cp))


def cheapest_to_pass(standard: StandardPublished, marks: Sequence[Mark]) -> list[Gap]:
    """The cheapest gaps whose closing reaches the pass mark; none of them can be left out.

    Empty when it is reached already. Points only: a gate may still ask for another item.
    """
    chosen: list[Gap] = []
    for gap in gaps(standard, marks):
        if _reaches(standard, marks, chosen):
            break
        chosen.append(gap)
    # The dearest first: what came early may have become needless by what came last.
    for gap in reversed(chosen.copy()):
        without = [one for one in chosen if one != gap]
        if _reaches(standard, marks, without):
            chosen = without
    return chosen


def _reaches(standard: StandardPublished, marks: Sequence[Mark], closed: Sequence[Gap]) -> bool:
    given = {mark.item: mark for mark in marks}
    most = {item.code: item.max_cp for item in standard.items}
    for gap in closed:
        mark = given.get(gap.item) or Mark(item=gap.item, mark_cp=0, max_cp=most[gap.item])
        given[gap.item] = replace(mark, mark_cp=mark.max_cp)
    return score(standard, list(given.values())).total_cp >= standard.pass_cp
