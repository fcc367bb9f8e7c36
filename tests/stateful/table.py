"""A small scoring table as a district sends it, and what marks add up to under it: exactly.

Written from the rules of scoring alone, in fractions; it shares nothing with the product.
"""

from collections.abc import Collection, Mapping
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

PASS, DEMONSTRATION, TOTAL = 8000, 9000, 10000
FACTS = ("fatal-accident", "late-report")
Given = Mapping[str, int | None]
"""Points by item; None says that the item does not apply."""


class Line(NamedTuple):
    """An item: `step` is what one miss or one unit counts, 0 is all or nothing."""

    category: str
    max_cp: int
    step: int = 0
    method: str = "all-or-nothing"
    na: bool = False
    key_min_cp: int | None = None


class Sum(NamedTuple):
    """What marks come to."""

    total_cp: int
    grade: str
    vetoes: frozenset[str]
    failed: frozenset[str]


def version(number: int) -> dict[str, Line]:
    """The first table; the second weighs the archives otherwise, and takes turns with it."""
    archive = (3000, 1000) if number % 2 else (2000, 2000)
    return {
        "JG-1": Line("JG", 4000, 100, "deduct", key_min_cp=2000),
        "JG-2": Line("JG", 2000),
        "DA-1": Line("DA", archive[0], 100, "deduct"),
        "DA-2": Line("DA", archive[1], na=True),
        "DA-3": Line("DA", 200, 50, "capped-bonus"),
    }


CATEGORIES = {"JG": (6000, 5000, None), "DA": (4000, None, 8500)}
"""Maximum, least share of all, least share of a demonstration office."""
GATES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "head": ("prerequisite", {"item": "JG-1", "below_cp": 2500}),
    "no-office": ("veto", {"item": "JG-1", "below_cp": 500}),
    "fatal": ("veto", {"fact": "fatal-accident"}),
    "reports": ("demonstration", {"fact": "late-report"}),
}
VETOES = ("no-office", "fatal")


def sent(number: int) -> dict[str, Any]:
    """The table as a request holds it."""
    params = {"deduct": "per_miss_cp", "capped-bonus": "per_unit_cp"}
    return {
        "code": "small",
        "title": "小标准（示例）",
        "illustrative": True,
        "total_cp": TOTAL,
        "pass_cp": PASS,
        "demonstration_cp": DEMONSTRATION,
        "categories": [
            {
                "code": code,
                "name": code,
                "max_cp": most,
                "min_share_bp": least,
                "demonstration_min_share_bp": best,
            }
            for code, (most, least, best) in CATEGORIES.items()
        ],
        "items": [
            {
                "code": code,
                "category": line.category,
                "name": code,
                "criterion": code,
                "method": line.method,
                "params": {params[line.method]: line.step} if line.step else {},
                "max_cp": line.max_cp,
                "nature": "software",
                "na_allowed": line.na,
                "key_min_cp": line.key_min_cp,
            }
            for code, line in version(number).items()
        ],
        "gates": [
            {"code": code, "kind": kind, "name": code, "rule": rule}
            for code, (kind, rule) in GATES.items()
        ],
    }


def ordinary(lines: Mapping[str, Line], *categories: str) -> list[str]:
    """The items that are no bonus, of all categories or of these."""
    return [
        code
        for code, line in lines.items()
        if line.method != "capped-bonus" and line.category in (categories or CATEGORIES)
    ]


def faults(lines: Mapping[str, Line], given: Given, *, complete: bool) -> set[str]:
    """Every code for which these marks cannot be scored at all."""
    found = set()
    for code, mark in given.items():
        line = lines.get(code)
        if line is None:
            found.add("unknown-item")
        elif mark is None:
            found |= set() if line.na else {"not-applicable-not-allowed"}
        elif mark > line.max_cp:
            found.add("mark-over-maximum")
        elif not _attainable(line, mark):
            found.add("mark-not-attainable")
    if complete and any(code not in given for code in ordinary(lines)):
        found.add("missing-items")
    return found


def add_up(
    lines: Mapping[str, Line],
    given: Given,
    facts: Collection[str] = (),
    away: Collection[str] | None = None,
) -> Sum:
    """The sum of marks; `away` are the claims that were allowed, None takes the office's own."""
    claimed = {code for code, mark in given.items() if mark is None}
    out = claimed if away is None else claimed & set(away)
    points = {code: Fraction(given.get(code) or 0) for code in lines}
    counting = [code for code in ordinary(lines) if code not in out]
    most = sum(lines[code].max_cp for code in counting)
    scaled = sum(points[code] for code in counting) * TOTAL / most
    bonus = sum(points[code] for code, line in lines.items() if line.method == "capped-bonus")
    total = min(Fraction(TOTAL), floor(scaled) + bonus)
    shares: dict[str, Fraction] = {}
    for category in CATEGORIES:
        own = [code for code in counting if lines[code].category == category]
        if own:
            shares[category] = sum((points[code] for code in own), Fraction()) / sum(
                lines[code].max_cp for code in own
            )
    vetoes = frozenset(failing("veto", points, facts))
    failed = {
        f"key:{code}"
        for code, line in lines.items()
        if line.key_min_cp is not None and points[code] < line.key_min_cp
    }
    return _judged(int(total), shares, vetoes, failed, failing("demonstration", points, facts))


def coarse(total_cp: int, by_category: Mapping[str, int] | None, facts: Collection[str]) -> Sum:
    """The sum of marks that a city gives as categories or as one total: items stay unjudged."""
    shares = {
        code: Fraction(points, CATEGORIES[code][0]) for code, points in (by_category or {}).items()
    }
    vetoes = {code for code in VETOES if GATES[code][1].get("fact") in facts}
    best = {code for code, (kind, rule) in GATES.items() if kind == "demonstration"
            and rule.get("fact") in facts}  # fmt: skip
    return _judged(total_cp, shares, frozenset(vetoes), set(), best)


def failing(kind: str, points: Mapping[str, Fraction], facts: Collection[str]) -> set[str]:
    """The gates of a kind that these points or facts fail."""
    return {
        code
        for code, (of, rule) in GATES.items()
        if of == kind
        and (
            rule.get("fact") in facts
            or ("item" in rule and points.get(rule["item"], Fraction()) < rule["below_cp"])
        )
    }


def points(given: Given) -> dict[str, Fraction]:
    """What was earned, item by item."""
    return {code: Fraction(mark or 0) for code, mark in given.items()}


def _judged(
    total: int,
    shares: Mapping[str, Fraction],
    vetoes: frozenset[str],
    minimums: set[str],
    demonstration: set[str],
) -> Sum:
    minimums |= {f"category:{one}" for one, share in shares.items() if _below(share, one, 1)}
    beyond = {f"demonstration:{one}" for one in demonstration}
    beyond |= {
        f"demonstration-category:{one}" for one, share in shares.items() if _below(share, one, 2)
    }
    grade = "compliant"
    if vetoes or total < PASS or minimums:
        grade = "none"
    elif total >= DEMONSTRATION and not beyond:
        grade = "demonstration"
    return Sum(total, grade, vetoes, frozenset(minimums | beyond))


def _below(share: Fraction, category: str, which: int) -> bool:
    least = CATEGORIES[category][which]
    return least is not None and share < Fraction(least, 10_000)


def _attainable(line: Line, mark: int) -> bool:
    match line.method:
        case "deduct":
            return mark == 0 or (line.max_cp - mark) % line.step == 0
        case "capped-bonus":
            return mark == line.max_cp or mark % line.step == 0
        case _:
            return mark in (0, line.max_cp)
