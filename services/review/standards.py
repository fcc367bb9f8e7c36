"""What must be true of a scoring table before anybody is scored by it."""

from collections import Counter
from collections.abc import Iterable

from shared.contracts.programme import Gate, Item, Params, StandardPublished
from shared.contracts.refusals import Refused


def check_sound(standard: StandardPublished) -> None:
    """Everything adds up, and every name that is used exists.

    Raises Refused: `duplicate-code`, `weights-do-not-add-up`, `thresholds-out-of-order`,
    `unknown-category`, `unknown-item`, `method-params-unfit`, `gate-rule-unfit`,
    `gated-item-not-applicable`.
    """
    no_duplicates("category", (category.code for category in standard.categories))
    no_duplicates("item", (item.code for item in standard.items))
    no_duplicates("gate", (gate.code for gate in standard.gates))
    _check_weights(standard)
    if not 0 < standard.pass_cp <= standard.demonstration_cp <= standard.total_cp:
        raise Refused(
            "thresholds-out-of-order",
            pass_cp=standard.pass_cp,
            demonstration_cp=standard.demonstration_cp,
            total_cp=standard.total_cp,
        )
    for item in standard.items:
        _check_params(item)
    for gate in standard.gates:
        _check_gate(standard, gate)
    for item in standard.items:
        gated = any(gate.rule.item == item.code for gate in standard.gates)
        if item.na_allowed and (gated or item.key_min_cp is not None):
            raise Refused("gated-item-not-applicable", item=item.code)


def no_duplicates(kind: str, codes: Iterable[str]) -> None:
    """Refused("duplicate-code") for the first code that comes twice."""
    for code, times in Counter(codes).items():
        if times > 1:
            raise Refused("duplicate-code", kind=kind, duplicate=code)


def _check_weights(standard: StandardPublished) -> None:
    """Bonus items lie outside the weights."""
    sums = dict.fromkeys((category.code for category in standard.categories), 0)
    for item in standard.items:
        if item.category not in sums:
            raise Refused("unknown-category", category=item.category)
        if item.method != "capped-bonus":
            sums[item.category] += item.max_cp
    for category in standard.categories:
        if sums[category.code] != category.max_cp:
            raise Refused(
                "weights-do-not-add-up",
                of=category.code,
                stated_cp=category.max_cp,
                sum_cp=sums[category.code],
            )
    total = sum(sums.values())
    if total != standard.total_cp:
        raise Refused(
            "weights-do-not-add-up", of=standard.title, stated_cp=standard.total_cp, sum_cp=total
        )


def _check_params(item: Item) -> None:
    params = item.params
    tiers = params.tiers or ()
    fit = item.max_cp > 0 and 0 <= (item.key_min_cp or 0) <= item.max_cp
    match item.method:
        case "all-or-nothing":
            fit = fit and params == Params()
        case "deduct":
            fit = fit and (params.per_miss_cp or 0) > 0
        case "capped-bonus":
            fit = fit and (params.per_unit_cp or 0) > 0
        case "ratio-tiers":
            no_duplicates(f"tier {item.code}", (str(tier.at_least_bp) for tier in tiers))
            fit = fit and max((tier.mark_cp for tier in tiers), default=0) == item.max_cp
            fit = fit and all(
                0 <= tier.at_least_bp <= 10_000 and tier.mark_cp >= 0 for tier in tiers
            )
    if not fit:
        raise Refused("method-params-unfit", item=item.code, method=item.method)


def _check_gate(standard: StandardPublished, gate: Gate) -> None:
    rule = gate.rule
    if (rule.item is None) == (rule.fact is None) or (rule.item is None) != (rule.below_cp is None):
        raise Refused("gate-rule-unfit", gate=gate.code)
    item = next((item for item in standard.items if item.code == rule.item), None)
    if rule.item is not None and item is None:
        raise Refused("unknown-item", item=rule.item, version=standard.standard.version)
    if item is not None and not 0 < (rule.below_cp or 0) <= item.max_cp:
        raise Refused("gate-rule-unfit", gate=gate.code)
