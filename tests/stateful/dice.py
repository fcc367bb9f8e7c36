"""Who might send a command, when, and with which marks: mostly rightly."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from tests.stateful import table
from tests.stateful.case import Case
from tests.stateful.play import Play
from tests.stateful.table import Given, Line
from tests.stateful.walk import Mood, worth
from tests.stateful.world import CITY, DISTRICT, By

T = TypeVar("T")
Right = tuple[str, str, str]
"""Officer, role and organisation."""
MARKS = (0, 50, 400, 500, 1000, 1900, 2000, 2050, 2400, 2500, 2800, 3000, 4000, 4100, None)


def pick(dice: Random, *of: T) -> T:
    return dice.choice(of)


def one_in(dice: Random, many: int) -> bool:
    return dice.randrange(many) == 0


def somebody(dice: Random, play: Play, *rights: Right, decision: bool = False) -> By:
    """One who may, or now and then one who may not; today, or on another day."""
    officer, role, organisation = pick(dice, *rights)
    if one_in(dice, 16):
        role = pick(dice, "clerk", "head", "gov", "officer", "leader", "member", "city")
    if one_in(dice, 16):
        organisation = pick(dice, DISTRICT, CITY, "office-1", "office-2", "gov-1")
    back = pick(dice, 0, 0, 0, 0, 0, 0, 1, 3, 12, 60, -1)
    return By(
        officer,
        role,
        organisation,
        play.world.today - timedelta(back),
        reasoned=back > 0 and not one_in(dice, 5),
        paper=not one_in(dice, 10),
        stale=one_in(dice, 24),
        blind=decision and one_in(dice, 24),
    )


def around(dice: Random, play: Play, *days: date | None) -> date:
    """One of these days or a day beside it, or a day about now."""
    known = [one for one in days if one is not None] or [play.world.today]
    base = play.world.today if one_in(dice, 3) else pick(dice, *known)
    return base + timedelta(pick(dice, 0, 0, 1, -1, 5, -20, 40))


def some_marks(
    dice: Random, lines: Mapping[str, Line], items: Sequence[str] | None = None
) -> Given:
    """Good ones with something changed."""
    given = worth(dict(lines), Mood(pick(dice, "best", "good", "good", "poor")))
    given = {code: mark for code, mark in given.items() if items is None or code in items}
    for _ in range(pick(dice, 0, 0, 1, 2)):
        code = pick(dice, *lines, "XX-9")
        given[code] = 0 if code == "XX-9" else pick(dice, *MARKS)
    if one_in(dice, 10) and given:
        del given[pick(dice, *given)]
    if one_in(dice, 4):
        given["DA-2"] = None
    return given


def some_facts(dice: Random) -> list[str]:
    return [pick(dice, *table.FACTS, "late-report", "rain")] if one_in(dice, 8) else []


def some_case(dice: Random, play: Play) -> Case:
    """Mostly one that is under review."""
    cases = list(play.cases.values())
    open_ = [one for one in cases if one.stage not in ("closed", "rejected", "none")]
    return pick(dice, *(open_ if open_ and not one_in(dice, 5) else cases))
