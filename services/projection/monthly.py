"""月报: where a programme stood at the end of a month and what was done in it, beside the last."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from services.projection.late import late
from services.projection.picture import Picture, Township
from services.projection.stage import ORDER, Stage

Count = Callable[[Picture], int]


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of its month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def monthly(now: Picture, before: Picture) -> dict[str, Any]:
    """The numbers at the end of the month, or of the last day that is over, and what they were."""
    return {
        "standing": [
            _line(code, zh, en, count(now), count(before))
            for code, (zh, en, count) in STANDING.items()
        ],
        "targets": [
            _line(
                one.target.code,
                one.target.name,
                one.target.name,
                _achieved(now, one.target.code),
                _achieved(before, one.target.code),
            )
            | {"members": len(one.members), "due_on": one.target.due_on}
            for one in now.targets
        ],
        "done": [
            {
                "code": code,
                "zh": zh,
                "en": en,
                "count": sum(_in_month(now, day) for one in now.townships for day in days(one)),
                "before": sum(
                    _in_month(before, day) for one in before.townships for day in days(one)
                ),
            }
            for code, (zh, en, days) in DONE.items()
        ],
    }


def _line(code: str, zh: str, en: str, now: int, before: int) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "now": now, "before": before, "change": now - before}


def _achieved(picture: Picture, code: str) -> int:
    standing = next((one for one in picture.targets if one.target.code == code), None)
    return standing.count("achieved") + standing.count("achieved-late") if standing else 0


def _in_month(picture: Picture, day: date) -> bool:
    first, last = month_of(picture.on)
    return first <= day <= last


def _reached(stage: Stage) -> Count:
    """How many have come that far or further; whoever is off the way has not."""
    off = (Stage.REVOKED, Stage.LEFT)
    least = ORDER.index(stage)
    return lambda picture: sum(
        one.stage not in off and ORDER.index(one.stage) >= least for one in picture.townships
    )


def _steps(act: str) -> Callable[[Township], list[date]]:
    return lambda one: [step.on for case in one.cases for step in case.steps if step.act == act]


def _deficiencies(act: str) -> Callable[[Township], list[date]]:
    return lambda one: [step.on for step in one.dossier.deficiencies if step.act == act]


STANDING: Mapping[str, tuple[str, str, Count]] = {
    "townships": (
        "参加镇街",
        "townships taking part",
        lambda picture: sum(one.stage is not Stage.LEFT for one in picture.townships),
    ),
    "planned": (
        "已报方案",
        "with a plan",
        lambda picture: sum(bool(one.dossier.plans) for one in picture.townships),
    ),
    "applied": ("已申报及以后", "applied or further", _reached(Stage.APPLIED)),
    "passed": ("初验合格及以后", "passed by the district or further", _reached(Stage.PASSED)),
    "verified": ("复验合格及以后", "passed by the city or further", _reached(Stage.VERIFIED)),
    "titled": (
        "有称号",
        "with a title",
        lambda picture: sum(one.title is not None for one in picture.townships),
    ),
    "deficiencies": (
        "未销号不足",
        "deficiencies open",
        lambda picture: sum(len(one.dossier.open_deficiencies()) for one in picture.townships),
    ),
    "late": (
        "逾期镇街",
        "townships with something overdue",
        lambda picture: len({one.township.code for one in late(picture) if one.severity == "late"}),
    ),
}

DONE: Mapping[str, tuple[str, str, Callable[[Township], list[date]]]] = {
    "assessments": (
        "自评",
        "self-assessments",
        lambda one: [line.on for line in one.dossier.assessments],
    ),
    "found": ("发现不足", "deficiencies found", _deficiencies("found")),
    "rectified": ("整改销号", "deficiencies closed", _deficiencies("completed")),
    "applications": (
        "申报",
        "applications",
        lambda one: [line.on for line in one.dossier.applications],
    ),
    "returned": ("退回", "returned", _steps("returned")),
    "passed": ("初验合格", "passed by the district", _steps("preliminary-passed")),
    "recommended": ("推荐到市", "recommended to the city", _steps("recommended")),
    "verified": ("复验合格", "passed by the city", _steps("city-passed")),
    "awarded": (
        "授牌",
        "titles awarded",
        lambda one: [step.on for case in one.cases for step in case.titles if step.title],
    ),
}
