"""Item marks from what a scenario says of an office: the points it lost in each category.

A person writes seven losses; the forty marks behind them are made here, the same every time: each
one attainable by its item's method, none below a gate unless it is pinned there, and as close as
can be to the marks before.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from shared.contracts.blocks import Mark
from shared.contracts.programme import Item, StandardPublished
from shared.standard import attainable


class NoSuchMarks(ValueError):
    """No marks of these items lose exactly so many points; the message names the nearest loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a scenario says of one marking, in points.

    `lost` by category, `pins` the marks of single items, `out` the items that do not apply, and
    `bonus` the marks of bonus items.
    """

    lost: Mapping[str, int]
    pins: Mapping[str, int] = field(default_factory=dict)
    out: tuple[str, ...] = ()
    bonus: Mapping[str, int] = field(default_factory=dict)


def table(
    standard: StandardPublished,
    score: Score,
    *,
    seed: str,
    before: Mapping[str, int] | None = None,
    mended: Collection[str] = (),
) -> list[Mark]:
    """One mark per item. `before` are the last marks in `_cp`; `mended` items should now be full.

    `seed` makes two offices lose the same points in different places. Raises NoSuchMarks.
    """
    lost = {
        code: standard_max - points * 100 for code, points, standard_max in _bonus(standard, score)
    }
    for category in standard.categories:
        items = [item for item in _ordinary(standard, category.code) if item.code not in score.out]

        def cost(item: Item, loss: int) -> int:
            return _cost(item, loss, seed, before, item.code in mended)

        options = {item.code: _options(standard, item, score.pins) for item in items}
        lost |= _spread(category.code, items, score.lost.get(category.code, 0) * 100, options, cost)
    return [_mark(item, lost.get(item.code)) for item in standard.items]


def lower(item: Item, mark_cp: int) -> int:
    """The next mark below that the method can give; the same where there is none."""
    return next((cp for cp in range(mark_cp - 100, -1, -100) if attainable(item, cp)), mark_cp)


def _ordinary(standard: StandardPublished, category: str) -> list[Item]:
    of_category = (item for item in standard.items if item.category == category)
    return [item for item in of_category if item.method != "capped-bonus"]


def _bonus(standard: StandardPublished, score: Score) -> list[tuple[str, int, int]]:
    extra = [item for item in standard.items if item.method == "capped-bonus"]
    return [(item.code, score.bonus.get(item.code, 0), item.max_cp) for item in extra]


def _options(standard: StandardPublished, item: Item, pins: Mapping[str, int]) -> list[int]:
    """The losses an item may have, in `_cp`, smallest first."""
    if item.code in pins:
        return [item.max_cp - pins[item.code] * 100]
    gates = [gate.rule.below_cp or 0 for gate in standard.gates if gate.rule.item == item.code]
    least = max([item.key_min_cp or 0, *gates])
    marks = range(item.max_cp, least - 1, -100)
    return [item.max_cp - cp for cp in marks if attainable(item, cp)]


def _cost(item: Item, loss: int, seed: str, before: Mapping[str, int] | None, mended: bool) -> int:
    """How unlikely this loss is; the seed's taste only settles what else would be equal."""
    taste = sha256(f"{seed}/{item.code}".encode()).digest()[0] % 16 + 1
    share = loss * 100 // item.max_cp
    if before is None:
        return share * share * taste
    change = loss - (item.max_cp - before.get(item.code, item.max_cp))
    if change > 0:
        return change * 40 + taste
    if mended:
        return loss * 60
    return -change * 10 + share * taste // 100


def _spread(
    category: str,
    items: Sequence[Item],
    lost_cp: int,
    options: Mapping[str, Sequence[int]],
    cost: Callable[[Item, int], int],
) -> dict[str, int]:
    """The cheapest way to lose exactly so much: item after item, the best way to each sum."""
    ways: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for item in items:
        further: dict[int, tuple[int, tuple[int, ...]]] = {}
        for total, (spent, chosen) in ways.items():
            for loss in options[item.code]:
                way = (spent + cost(item, loss), (*chosen, loss))
                known = further.get(total + loss)
                further[total + loss] = way if known is None else min(known, way)
        ways = further
    if lost_cp not in ways:
        near = min(ways, key=lambda total: (abs(total - lost_cp), total))
        raise NoSuchMarks(
            f"{category} cannot lose {lost_cp // 100} points; the nearest is {near // 100}"
        )
    return dict(zip((item.code for item in items), ways[lost_cp][1], strict=True))


def _mark(item: Item, loss: int | None) -> Mark:
    """None is an item that does not apply."""
    if loss is None:
        reason = "辖区无此情况"
        return Mark(item=item.code, applicable=False, mark_cp=0, max_cp=item.max_cp, reason=reason)
    return Mark(
        item=item.code,
        mark_cp=item.max_cp - loss,
        max_cp=item.max_cp,
        reason=item.criterion if loss and item.method != "capped-bonus" else None,
    )
