"""Which marks an item can have at all."""

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from shared.contracts.blocks import Mark
from shared.contracts.programme import Item, StandardPublished
from shared.contracts.refusals import Refused

# Bounded, and no exponent: Fraction("1e999999999") would not come back.
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def check(standard: StandardPublished, marks: Sequence[Mark], *, complete: bool) -> None:
    """Whether these marks may be scored; with `complete`, every item but a bonus has one.

    Raises Refused: `unknown-item`, `duplicate-item`, `item-maximum-differs`, `mark-over-maximum`,
    `not-applicable-not-allowed`, `not-applicable-with-mark`, `measure-not-applicable`,
    `measure-not-a-number`, `mark-differs-from-measure`, `mark-not-attainable`, `missing-items`.
    """
    items = {item.code: item for item in standard.items}
    seen: set[str] = set()
    for mark in marks:
        item = items.get(mark.item)
        if item is None:
            raise Refused("unknown-item", item=mark.item, version=standard.standard.version)
        if mark.item in seen:
            raise Refused("duplicate-item", item=mark.item)
        seen.add(mark.item)
        _check_mark(item, mark)
    if complete and (missing := [code for code in _ordinary(standard) if code not in seen]):
        raise Refused("missing-items", items=missing, count=len(missing))


def check_facts(standard: StandardPublished, facts: Iterable[str]) -> None:
    """Refused("unknown-fact") for one that no gate asks about: it would be lost without a word."""
    known = {gate.rule.fact for gate in standard.gates if gate.rule.fact}
    for fact in facts:
        if fact not in known:
            raise Refused("unknown-fact", fact=fact, known=sorted(known))


def value(item: Item, measure: str) -> int | None:
    """The mark that what was counted gives, in `_cp`; None where the method takes no count.

    `measure` is the number of misses (deduct), the share in per cent (ratio-tiers) or the number
    of units (capped-bonus). Raises Refused("measure-not-a-number").
    """
    if not _NUMBER.fullmatch(measure):
        raise Refused("measure-not-a-number", item=item.code, measure=measure[:40])
    number = Fraction(measure)
    match item.method:
        case "all-or-nothing":
            return None
        case "ratio-tiers":
            reached = [t for t in item.params.tiers or () if t.at_least_bp <= number * 100]
            best = max(reached, key=lambda tier: tier.at_least_bp, default=None)
            return best.mark_cp if best else 0
        case "deduct" | "capped-bonus":
            if number.denominator != 1:
                raise Refused("measure-not-a-number", item=item.code, measure=measure)
            points = number.numerator * _step_cp(item)
            if item.method == "deduct":
                return max(0, item.max_cp - points)
            return min(item.max_cp, points)


def attainable(item: Item, mark_cp: int) -> bool:
    """Whether the item's method can give this mark."""
    if not 0 <= mark_cp <= item.max_cp:
        return False
    match item.method:
        case "all-or-nothing":
            return mark_cp in (0, item.max_cp)
        case "ratio-tiers":
            tiers = item.params.tiers or ()
            floor = 0 not in {tier.at_least_bp for tier in tiers}
            return mark_cp in {tier.mark_cp for tier in tiers} or (floor and mark_cp == 0)
        case "deduct":
            return mark_cp == 0 or (item.max_cp - mark_cp) % _step_cp(item) == 0
        case "capped-bonus":
            return mark_cp == item.max_cp or mark_cp % _step_cp(item) == 0


def _check_mark(item: Item, mark: Mark) -> None:
    if mark.max_cp != item.max_cp:
        raise Refused("item-maximum-differs", item=item.code, max_cp=item.max_cp)
    if mark.mark_cp > item.max_cp:
        raise Refused("mark-over-maximum", item=item.code, mark_cp=mark.mark_cp, max_cp=item.max_cp)
    if not mark.applicable:
        if not item.na_allowed:
            raise Refused("not-applicable-not-allowed", item=item.code)
        if mark.mark_cp:
            raise Refused("not-applicable-with-mark", item=item.code, mark_cp=mark.mark_cp)
        if mark.measure is not None:
            raise Refused("measure-not-applicable", item=item.code)
        return
    counted = None if mark.measure is None else value(item, mark.measure)
    if counted is not None and counted != mark.mark_cp:
        raise Refused(
            "mark-differs-from-measure",
            item=item.code,
            mark_cp=mark.mark_cp,
            counted_cp=counted,
            measure=mark.measure,
        )
    if counted is None and not attainable(item, mark.mark_cp):
        raise Refused(
            "mark-not-attainable", item=item.code, mark_cp=mark.mark_cp, method=item.method
        )


def _ordinary(standard: StandardPublished) -> Iterable[str]:
    return (item.code for item in standard.items if item.method != "capped-bonus")


def _step_cp(item: Item) -> int:
    step = item.params.per_miss_cp if item.method == "deduct" else item.params.per_unit_cp
    if not step or step < 0:
        raise ValueError(f"item {item.code}: {item.method} without its points per count")
    return step
