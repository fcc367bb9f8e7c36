"""What marks add up to under one standard."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256

from shared.contracts.blocks import CategoryTotal, Grade, Mark, Totals
from shared.contracts.dossier import Prerequisite
from shared.contracts.programme import Gate, Item, StandardPublished
from shared.contracts.refusals import Refused


def digest(standard: StandardPublished) -> str:
    """SHA-256 in hex of what the standard says: equal tables are equal whenever published."""
    content = {
        "code": standard.standard.code,
        "title": standard.title,
        "illustrative": standard.illustrative,
        "total_cp": standard.total_cp,
        "pass_cp": standard.pass_cp,
        "demonstration_cp": standard.demonstration_cp,
        "categories": [asdict(category) for category in standard.categories],
        "items": [asdict(item) for item in standard.items],
        "gates": [asdict(gate) for gate in standard.gates],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def score(
    standard: StandardPublished,
    marks: Sequence[Mark],
    *,
    na_allowed: Collection[str] | None = None,
    facts: Collection[str] = (),
) -> Totals:
    """The totals of checked marks; an item without a mark counts 0 of its maximum.

    `na_allowed` None takes every claim that an item does not apply (an office's own totals);
    otherwise only those items do not apply, and a claim that was not allowed counts 0. What does
    not apply leaves the denominator, and the rest is scaled up to the full total, rounded down:
    that loses no verdict, because thresholds are whole. Bonus items lie outside all of this.
    `raw_cp` is everything unscaled, bonus included. Raises Refused("nothing-applicable").
    """
    given = {mark.item: mark for mark in marks}
    ordinary = [item for item in standard.items if item.method != "capped-bonus"]
    out = {item.code for item in ordinary if _not_applicable(item, given, na_allowed)}
    counting = [item for item in ordinary if item.code not in out]
    earned = {
        item.code: given[item.code].mark_cp
        for item in standard.items
        if item.code in given and given[item.code].applicable
    }
    applicable_max = sum(item.max_cp for item in counting)
    if not applicable_max:
        raise Refused("nothing-applicable")
    points = sum(earned.get(item.code, 0) for item in counting)
    bonus = sum(
        earned.get(item.code, 0) for item in standard.items if item.method == "capped-bonus"
    )
    total = scaled_cp(standard, points, applicable_max, bonus)
    categories = tuple(
        _category(
            category.code, [item for item in counting if item.category == category.code], earned
        )
        for category in standard.categories
    )
    vetoes = _failing(standard, "veto", earned, facts)
    failed = (
        *(f"key:{item.code}" for item in standard.items if _below_key_minimum(item, earned)),
        *_failing_categories(standard, categories),
        *(f"demonstration:{code}" for code in _failing(standard, "demonstration", earned, facts)),
        *_failing_demonstration_categories(standard, categories),
    )
    return Totals(
        raw_cp=points + bonus,
        applicable_max_cp=applicable_max,
        bonus_cp=bonus,
        total_cp=total,
        out_of_cp=standard.total_cp,
        by_category=categories,
        vetoes=vetoes,
        failed_gates=failed,
        not_applicable=tuple(item.code for item in ordinary if item.code in out),
        grade=_grade(standard, total, vetoes, failed),
    )


def scaled_cp(
    standard: StandardPublished, ordinary_cp: int, applicable_max_cp: int, bonus_cp: int
) -> int:
    """Ordinary points on the scale of the whole table, rounded down, then the bonus."""
    scaled = ordinary_cp * standard.total_cp // applicable_max_cp
    return min(standard.total_cp, scaled + bonus_cp)


def coarse_totals(
    standard: StandardPublished,
    total_cp: int,
    *,
    by_category: Mapping[str, int] | None = None,
    facts: Collection[str] = (),
) -> Totals:
    """The totals of city marks given per category or as one total only.

    Judges what such marks can show: the total, category minimums where categories are given, and
    gates on facts; gates on items stay unjudged. Raises Refused: `total-over-maximum`,
    `unknown-category`, `mark-over-maximum`, `categories-do-not-add-up`.
    """
    if not 0 <= total_cp <= standard.total_cp:
        raise Refused("total-over-maximum", total_cp=total_cp, out_of_cp=standard.total_cp)
    categories: tuple[CategoryTotal, ...] = ()
    if by_category is not None:
        maximums = {
            category.code: sum(
                item.max_cp
                for item in standard.items
                if item.category == category.code and item.method != "capped-bonus"
            )
            for category in standard.categories
        }
        for code, mark_cp in by_category.items():
            if code not in maximums:
                raise Refused("unknown-category", category=code)
            if not 0 <= mark_cp <= maximums[code]:
                raise Refused(
                    "mark-over-maximum", item=code, mark_cp=mark_cp, max_cp=maximums[code]
                )
        if sum(by_category.values()) != total_cp:
            raise Refused(
                "categories-do-not-add-up", total_cp=total_cp, sum_cp=sum(by_category.values())
            )
        categories = tuple(
            _share(code, by_category.get(code, 0), most) for code, most in maximums.items()
        )
    by_fact = {gate.code for gate in standard.gates if gate.rule.fact}
    vetoes = tuple(code for code in _failing(standard, "veto", {}, facts) if code in by_fact)
    demonstration = (code for code in _failing(standard, "demonstration", {}, facts))
    failed = (
        *_failing_categories(standard, categories),
        *(f"demonstration:{code}" for code in demonstration if code in by_fact),
        *_failing_demonstration_categories(standard, categories),
    )
    return Totals(
        raw_cp=total_cp,
        applicable_max_cp=standard.total_cp,
        bonus_cp=0,
        total_cp=total_cp,
        out_of_cp=standard.total_cp,
        by_category=categories,
        vetoes=vetoes,
        failed_gates=failed,
        not_applicable=(),
        grade=_grade(standard, total_cp, vetoes, failed),
    )


def prerequisites(
    standard: StandardPublished, marks: Sequence[Mark], *, facts: Collection[str] = ()
) -> tuple[Prerequisite, ...]:
    """The gates that block applying, in the order of the standard; they never affect the grade."""
    earned = {mark.item: mark.mark_cp for mark in marks if mark.applicable}
    failing = _failing(standard, "prerequisite", earned, facts)
    return tuple(
        Prerequisite(code=gate.code, met=gate.code not in failing)
        for gate in standard.gates
        if gate.kind == "prerequisite"
    )


def _not_applicable(
    item: Item, given: Mapping[str, Mark], na_allowed: Collection[str] | None
) -> bool:
    mark = given.get(item.code)
    if na_allowed is None:
        return mark is not None and not mark.applicable
    return item.code in na_allowed and (mark is None or not mark.applicable)


def _category(code: str, items: Iterable[Item], earned: Mapping[str, int]) -> CategoryTotal:
    items = list(items)
    points = sum(earned.get(item.code, 0) for item in items)
    return _share(code, points, sum(item.max_cp for item in items))


def _share(code: str, total_cp: int, max_cp: int) -> CategoryTotal:
    share = total_cp * 10_000 // max_cp if max_cp else None
    return CategoryTotal(category=code, total_cp=total_cp, max_cp=max_cp, share_bp=share)


def _failing(
    standard: StandardPublished, kind: str, earned: Mapping[str, int], facts: Collection[str]
) -> tuple[str, ...]:
    gates = (gate for gate in standard.gates if gate.kind == kind)
    return tuple(gate.code for gate in gates if _fails(gate, earned, facts))


def _fails(gate: Gate, earned: Mapping[str, int], facts: Collection[str]) -> bool:
    rule = gate.rule
    if rule.item is not None and earned.get(rule.item, 0) < (rule.below_cp or 0):
        return True
    return rule.fact is not None and rule.fact in facts


def _below_key_minimum(item: Item, earned: Mapping[str, int]) -> bool:
    return item.key_min_cp is not None and earned.get(item.code, 0) < item.key_min_cp


def _failing_categories(
    standard: StandardPublished, totals: Sequence[CategoryTotal]
) -> Iterator[str]:
    least = {category.code: category.min_share_bp for category in standard.categories}
    return (f"category:{one.category}" for one in totals if _below(one, least[one.category]))


def _failing_demonstration_categories(
    standard: StandardPublished, totals: Sequence[CategoryTotal]
) -> Iterator[str]:
    least = {one.code: one.demonstration_min_share_bp for one in standard.categories}
    return (
        f"demonstration-category:{one.category}"
        for one in totals
        if _below(one, least[one.category])
    )


def _below(one: CategoryTotal, least_bp: int | None) -> bool:
    """Compares the floored share: below a whole threshold exactly when the true share is."""
    return one.share_bp is not None and least_bp is not None and one.share_bp < least_bp


def _grade(
    standard: StandardPublished, total_cp: int, vetoes: Sequence[str], failed: Sequence[str]
) -> Grade:
    if vetoes or total_cp < standard.pass_cp:
        return "none"
    if any(gate.startswith(("key:", "category:")) for gate in failed):
        return "none"
    return "demonstration" if total_cp >= standard.demonstration_cp and not failed else "compliant"
