"""What separates an office from a grade, cheapest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.blocks import Mark, Nature, Totals
from shared.contracts.programme import StandardPublished
from shared.standard.scoring import scaled_cp, score


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
    return _cheapest(standard, marks, standard.pass_cp)


def cheapest_to_demonstration(standard: StandardPublished, marks: Sequence[Mark]) -> list[Gap]:
    """As `cheapest_to_pass`, up to the points of a demonstration office."""
    return _cheapest(standard, marks, standard.demonstration_cp)


def _cheapest(standard: StandardPublished, marks: Sequence[Mark], wanted_cp: int) -> list[Gap]:
    totals = score(standard, marks)
    ordinary_cp = totals.raw_cp - totals.bonus_cp

    # Not by scoring anew for each list that is tried: a page asks at every key that is pressed.
    def reaches(gain_cp: int) -> bool:
        closed_cp = ordinary_cp + gain_cp
        reached = scaled_cp(standard, closed_cp, totals.applicable_max_cp, totals.bonus_cp)
        return reached >= wanted_cp

    chosen = gaps(standard, marks)
    gain_cp = sum(gap.gap_cp for gap in chosen)
    for gap in reversed(chosen.copy()):  # the dearest is the first to be left out
        if reaches(gain_cp - gap.gap_cp):
            chosen.remove(gap)
            gain_cp -= gap.gap_cp
    return chosen
