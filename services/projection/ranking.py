"""The ranking of the townships by the rules in force: pure, over a picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.projection.happenings import event_names
from services.projection.models.case import CaseProgress, Marking
from services.projection.picture import Picture, Township
from services.projection.stage import Stage
from shared.contracts.blocks import Title

ORDER = ("city_total_cp", "passed_on", "township")
"""Where no rules are published."""
SAME_RANK = "same-rank"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A township in its place; without a rank where the city has given it no total that counts.

    `decided_by` is the key that sets it behind the one before, None where nothing does;
    `tied_with` are those of the same rank.
    """

    rank: int | None
    township: str
    name: str
    stage: Stage
    title: Title | None
    city_total_cp: int | None
    district_total_cp: int | None
    passed_on: date | None
    decided_by: str | None
    tied_with: tuple[str, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """By which version of the rules (0 for none), in which order, and how ties are broken.

    `tie` is `same-rank`, where division codes only order those who share a rank, or `order`, where
    the order alone decides. `not_applied` are words of the rules that nobody here can read.
    """

    rule_version: int
    order: tuple[str, ...]
    tie: str
    not_applied: tuple[str, ...]
    of: int
    rows: tuple[Ranked, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a township is ranked by."""

    township: Township
    city: Marking | None
    district: Marking | None
    events: tuple[str, ...]


def ranking(picture: Picture) -> Ranking:
    """Every township: the ranked in their order, then those without a city total by their code.

    Who shares a rank takes the places behind it: 1, 1, 3. Whoever left, or whose title was
    revoked, is not ranked.
    """
    rule = picture.programme.rules_of("ranking")
    order, not_applied = _order(rule.rules if rule else {})
    same_rank = rule is not None and rule.rules.get("tie") == SAME_RANK
    counting = [key for key in order if not (same_rank and key == "township")]
    standings = [_standing(township) for township in picture.townships]
    ranked = sorted(
        (one for one in standings if one.city),
        key=lambda one: (_place(one, counting), one.township.code),
    )
    places = [_place(one, counting) for one in ranked]
    ranks: dict[tuple[Any, ...], int] = {}
    sharing: dict[tuple[Any, ...], list[str]] = {}
    for at, (one, place) in enumerate(zip(ranked, places, strict=True), 1):
        ranks.setdefault(place, at)
        sharing.setdefault(place, []).append(one.township.code)
    rows = [
        _ranked(
            one,
            rank=ranks[place],
            decided_by=_difference(counting, places[at - 1], place) if at else None,
            tied_with=tuple(code for code in sharing[place] if code != one.township.code),
        )
        for at, (one, place) in enumerate(zip(ranked, places, strict=True))
    ]
    unranked = sorted((one for one in standings if not one.city), key=lambda one: one.township.code)
    return Ranking(
        rule_version=rule.number if rule else 0,
        order=order,
        tie=SAME_RANK if same_rank else "order",
        not_applied=not_applied,
        of=len(ranked),
        rows=(*rows, *(_ranked(one, rank=None, decided_by=None, tied_with=()) for one in unranked)),
    )


# By each key the smaller comes first, and who has nothing there last.
_KEYS: Mapping[str, Callable[[_Standing], tuple[bool, Any]]] = {
    "city_total_cp": lambda one: _most(one.city),
    "district_total_cp": lambda one: _most(one.district),
    "passed_on": lambda one: (
        one.township.passed_on is None,
        one.township.passed_on or date.max,
    ),
    "township": lambda one: (False, one.township.code),
}


def _most(marking: Marking | None) -> tuple[bool, int]:
    return (marking is None, -marking.total_cp if marking else 0)


def _order(rules: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys to order by, and the words that are none."""
    said = rules.get("order")
    words = [str(word) for word in said] if isinstance(said, (list, tuple)) else []
    known = tuple(dict.fromkeys(word for word in words if word in _KEYS))
    return known or ORDER, tuple(word for word in words if word not in _KEYS)


def _place(one: _Standing, order: Sequence[str]) -> tuple[Any, ...]:
    return tuple(_KEYS[key](one) for key in order)


def _difference(
    order: Sequence[str], before: tuple[Any, ...], place: tuple[Any, ...]
) -> str | None:
    differing = (key for key, one, other in zip(order, before, place, strict=True) if one != other)
    return next(differing, None)


def _standing(township: Township) -> _Standing:
    """By the last case that the city passed, else by the last that it marked."""
    cases = [case for case in township.cases if not (case.titles and case.title() is None)]
    marked = [case for case in cases if _last(case, "city")]
    passed = [case for case in marked if any(step.act == "city-passed" for step in case.steps)]
    case = next(reversed(passed or marked), None)
    if case is None or township.stage is Stage.LEFT:
        return _Standing(township, None, None, ())
    city, district = _last(case, "city"), _last(case, "district")
    versions = {one.version for one in (city, district) if one}
    versions |= {step.version for step in case.steps if step.act == "city-passed"}
    return _Standing(township, city, district, event_names("case", case.subject, versions))


def _last(case: CaseProgress, source: str) -> Marking | None:
    return next((one for one in reversed(case.markings) if one.source == source), None)


def _ranked(
    one: _Standing, *, rank: int | None, decided_by: str | None, tied_with: tuple[str, ...]
) -> Ranked:
    township = one.township
    return Ranked(
        rank=rank,
        township=township.code,
        name=township.name,
        stage=township.stage,
        title=township.title,
        city_total_cp=one.city.total_cp if one.city else None,
        district_total_cp=one.district.total_cp if one.district else None,
        passed_on=township.passed_on if one.city else None,
        decided_by=decided_by,
        tied_with=tied_with,
        events=one.events,
    )
