"""What must be true of a scoring table before anybody is scored by it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from shared.contracts.programme import Gate, Item, Params, StandardChange, StandardPublished
from shared.contracts.refusals import Refused

# What an item consists of, as a change of it is told.
_PARTS = {
    "category": "类别",
    "name": "名称",
    "criterion": "评分要求",
    "method": "评分方法",
    "params": "评分参数",
    "max_cp": "分值",
    "nature": "软硬件属性",
    "na_allowed": "是否可不适用",
    "key_min_cp": "关键项最低分",
    "evidence_hint": "佐证材料",
}


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


def made_changes(
    old: Sequence[Item], new: Sequence[Item], described: Sequence[StandardChange]
) -> tuple[StandardChange, ...]:
    """What became of each item that is not as it was: in the district's words, or in plain ones.

    Raises Refused("change-not-made") for words about an item that stayed as it was.
    """
    before = {one.code: one for one in old}
    after = {one.code: one for one in new}
    words = {one.item: one.what for one in described}
    changed = [code for code in (before | after) if before.get(code) != after.get(code)]
    for code in words:
        if code not in changed:
            raise Refused("change-not-made", item=code)
    return tuple(
        StandardChange(item=code, what=words.get(code) or _what(before.get(code), after.get(code)))
        for code in changed
    )


def _what(old: Item | None, new: Item | None) -> str:
    if old is None:
        return "新增"
    if new is None:
        return "取消"
    parts = [name for field, name in _PARTS.items() if getattr(old, field) != getattr(new, field)]
    return f"修改：{'、'.join(parts)}"


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
