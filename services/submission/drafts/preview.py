"""What a draft would come to if it were frozen now: pure, and quick enough for every key press."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.contracts.blocks import Mark, Totals
from shared.contracts.programme import Category, Gate, StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import (
    Gap,
    cheapest_to_demonstration,
    cheapest_to_pass,
    prerequisites,
    score,
    to_demonstration_cp,
    to_pass_cp,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """What no points elsewhere can mend, by name, and what it keeps the office from.

    `is_cp` and `needs_cp` are about an item, `is_bp` and `needs_bp` about a category's share; a
    gate on a `fact` that is stated has neither.
    """

    kind: Literal[
        "prerequisite", "veto", "key", "category", "demonstration", "demonstration-category"
    ]
    blocks: Literal["applying", "passing", "demonstration"]
    code: str
    name: str
    item: str | None = None
    fact: str | None = None
    is_cp: int | None = None
    needs_cp: int | None = None
    is_bp: int | None = None
    needs_bp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Points lacking are on the rescaled scale; blockers are told apart from them.

    `unmarked` items count nothing of their maximum. Where every item is claimed not to apply there
    is nothing to add up: totals and what lacks are null.
    """

    complete: bool
    unmarked: tuple[str, ...]
    totals: Totals | None
    to_pass_cp: int | None
    to_demonstration_cp: int | None
    blockers: tuple[Blocker, ...]
    cheapest_to_pass: tuple[Gap, ...]
    cheapest_to_demonstration: tuple[Gap, ...]


def preview(
    standard: StandardPublished, marks: Sequence[Mark], facts: Collection[str] = ()
) -> Preview:
    """Of marks that may be scored; what does not fit the standard has been left out before."""
    marked = {mark.item for mark in marks}
    unmarked = tuple(
        item.code
        for item in standard.items
        if item.method != "capped-bonus" and item.code not in marked
    )
    try:
        totals = score(standard, marks, facts=facts)
    except Refused:  # nothing applies
        return Preview(
            complete=not unmarked,
            unmarked=unmarked,
            totals=None,
            to_pass_cp=None,
            to_demonstration_cp=None,
            blockers=(),
            cheapest_to_pass=(),
            cheapest_to_demonstration=(),
        )
    return Preview(
        complete=not unmarked,
        unmarked=unmarked,
        totals=totals,
        to_pass_cp=to_pass_cp(standard, totals),
        to_demonstration_cp=to_demonstration_cp(standard, totals),
        blockers=tuple(_blockers(standard, marks, facts, totals)),
        cheapest_to_pass=tuple(cheapest_to_pass(standard, marks)),
        cheapest_to_demonstration=tuple(cheapest_to_demonstration(standard, marks)),
    )


def _blockers(
    standard: StandardPublished, marks: Sequence[Mark], facts: Collection[str], totals: Totals
) -> Iterator[Blocker]:
    """In the order in which they stop an office: before applying, at passing, at the title."""
    earned = {mark.item: mark.mark_cp for mark in marks if mark.applicable}
    gates = {gate.code: gate for gate in standard.gates}
    items = {item.code: item for item in standard.items}
    categories = {category.code: category for category in standard.categories}
    shares = {one.category: one.share_bp for one in totals.by_category}
    for one in prerequisites(standard, marks, facts=facts):
        if not one.met:
            yield _gate(gates[one.code], "applying", earned)
    for code in totals.vetoes:
        yield _gate(gates[code], "passing", earned)
    for failed in totals.failed_gates:
        kind, _, code = failed.partition(":")
        match kind:
            case "key":
                yield Blocker(
                    kind="key",
                    blocks="passing",
                    code=code,
                    name=items[code].name,
                    item=code,
                    is_cp=earned.get(code, 0),
                    needs_cp=items[code].key_min_cp,
                )
            case "category":
                least_bp = categories[code].min_share_bp
                yield _share("category", "passing", categories[code], shares[code], least_bp)
            case "demonstration":
                yield _gate(gates[code], "demonstration", earned)
            case "demonstration-category":
                least_bp = categories[code].demonstration_min_share_bp
                yield _share(kind, "demonstration", categories[code], shares[code], least_bp)


def _gate(
    gate: Gate,
    blocks: Literal["applying", "passing", "demonstration"],
    earned: dict[str, int],
) -> Blocker:
    item = gate.rule.item
    return Blocker(
        kind=gate.kind,
        blocks=blocks,
        code=gate.code,
        name=gate.name,
        item=item,
        fact=gate.rule.fact,
        is_cp=None if item is None else earned.get(item, 0),
        needs_cp=gate.rule.below_cp,
    )


def _share(
    kind: Literal["category", "demonstration-category"],
    blocks: Literal["passing", "demonstration"],
    category: Category,
    is_bp: int | None,
    needs_bp: int | None,
) -> Blocker:
    return Blocker(
        kind=kind,
        blocks=blocks,
        code=category.code,
        name=category.name,
        is_bp=is_bp,
        needs_bp=needs_bp,
    )
