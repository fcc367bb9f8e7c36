"""Scoring tables that nobody would write, and marks in them: whatever the rules allow."""

from dataclasses import replace
from datetime import date
from typing import Literal

from hypothesis import strategies as st

from shared.contracts.blocks import Mark, StandardRef
from shared.contracts.programme import (
    Category,
    Gate,
    GateRule,
    Item,
    Method,
    Params,
    StandardPublished,
    Tier,
)

FACTS = ("fatal-accident", "forged")
KINDS: tuple[Literal["prerequisite", "veto", "demonstration"], ...] = (
    "prerequisite",
    "veto",
    "demonstration",
)
METHODS: tuple[Method, ...] = ("all-or-nothing", "deduct", "ratio-tiers", "capped-bonus")


@st.composite
def _tiers(draw: st.DrawFn, most: int) -> tuple[Tier, ...]:
    bounds = draw(st.lists(st.integers(0, 10_000), min_size=1, max_size=4, unique=True))
    cps = draw(st.lists(st.integers(0, most), min_size=len(bounds) - 1, max_size=len(bounds) - 1))
    return tuple(
        Tier(at_least_bp=bp, mark_cp=cp) for bp, cp in zip(bounds, [most, *cps], strict=True)
    )


@st.composite
def _item(draw: st.DrawFn, number: int, category: str, *, ordinary: bool) -> Item:
    method = draw(st.sampled_from(METHODS[:3])) if ordinary else draw(st.sampled_from(METHODS))
    most = draw(st.one_of(st.integers(1, 40), st.integers(1, 300_00)))
    step = draw(st.integers(1, most + 3))
    params = {
        "all-or-nothing": Params(),
        "deduct": Params(per_miss_cp=step),
        "capped-bonus": Params(per_unit_cp=step),
    }.get(method) or Params(tiers=draw(_tiers(most)))
    # What a gate or a minimum names always applies; a bonus item has nothing to leave.
    free = method != "capped-bonus" and draw(st.booleans())
    key = None if free else draw(st.none() | st.integers(1, most))
    return Item(
        code=f"{category}-{number}",
        category=category,
        name=f"第{number}项",
        criterion="…",
        method=method,
        params=params,
        max_cp=most,
        nature=draw(st.sampled_from(["hardware", "software"])),
        na_allowed=free,
        key_min_cp=None if method == "capped-bonus" else key,
    )


@st.composite
def standards(draw: st.DrawFn) -> StandardPublished:
    """Any total, any methods, key and category minimums, gates of each kind on items and facts."""
    codes = [f"c{number}" for number in range(draw(st.integers(1, 3)))]
    items: list[Item] = []
    for category in codes:
        count = draw(st.integers(1, 4))
        items += [draw(_item(n, category, ordinary=n == 0)) for n in range(count)]
    weights = {
        code: sum(one.max_cp for one in items if _counts(one) and one.category == code)
        for code in codes
    }
    total = sum(weights.values())
    passing, demonstration = sorted((draw(st.integers(1, total)), draw(st.integers(1, total))))
    shares = st.none() | st.integers(0, 10_000)
    bound = [one for one in items if not one.na_allowed]
    rules = st.sampled_from(FACTS).map(lambda fact: GateRule(fact=fact))
    if bound:
        rules |= st.sampled_from(bound).flatmap(
            lambda one: st.integers(1, one.max_cp).map(
                lambda below: GateRule(item=one.code, below_cp=below)
            )
        )
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=4))
    return StandardPublished(
        programme="p",
        effective_on=date(2018, 2, 5),
        standard=StandardRef(code="s", version=1, digest=""),
        title="示例标准",
        illustrative=True,
        in_force_on=date(2018, 2, 6),
        total_cp=total,
        pass_cp=passing,
        demonstration_cp=demonstration,
        categories=tuple(
            Category(
                code=code,
                name=code,
                max_cp=weights[code],
                min_share_bp=draw(shares),
                demonstration_min_share_bp=draw(shares),
            )
            for code in codes
        ),
        items=tuple(items),
        gates=tuple(
            Gate(code=f"g{number}", kind=kind, name="…", rule=draw(rules))
            for number, kind in enumerate(kinds)
        ),
    )


def possible(item: Item) -> st.SearchStrategy[int]:
    """Marks that the method gives, told without the engine."""
    most, params = item.max_cp, item.params
    match item.method:
        case "all-or-nothing":
            return st.sampled_from([0, most])
        case "ratio-tiers":
            tiers = params.tiers or ()
            lowest = [] if any(one.at_least_bp == 0 for one in tiers) else [0]
            return st.sampled_from([*lowest, *(one.mark_cp for one in tiers)])
        case "deduct":
            step = params.per_miss_cp or 1
            return st.integers(0, most // step + 1).map(lambda misses: max(0, most - misses * step))
        case "capped-bonus":
            step = params.per_unit_cp or 1
            return st.integers(0, most // step + 1).map(lambda units: min(most, units * step))


@st.composite
def tables(draw: st.DrawFn, standard: StandardPublished) -> list[Mark]:
    """Marks in any order; some items lack one, some are claimed not to apply, never all."""
    marks: list[Mark] = []
    for item in standard.items:
        if draw(st.integers(0, 7)) == 0:
            continue
        claimed = item.na_allowed and draw(st.booleans())
        cp = 0 if claimed else draw(possible(item))
        marks.append(Mark(item=item.code, applicable=not claimed, mark_cp=cp, max_cp=item.max_cp))
    if all(_claimed(item, marks) for item in standard.items if _counts(item)):
        marks = [replace(mark, applicable=True) for mark in marks]
    return draw(st.permutations(marks))


@st.composite
def cases(draw: st.DrawFn) -> tuple[StandardPublished, list[Mark], frozenset[str]]:
    """A standard, marks in it, and what is stated beside them."""
    standard = draw(standards())
    return standard, draw(tables(standard)), frozenset(draw(st.sets(st.sampled_from(FACTS))))


def _counts(item: Item) -> bool:
    return item.method != "capped-bonus"


def _claimed(item: Item, marks: list[Mark]) -> bool:
    return any(mark.item == item.code and not mark.applicable for mark in marks)
