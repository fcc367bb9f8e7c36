"""The month's sentence, one a target: who is through, who will be, who is held up and by how much.

Subject, fact, number, next step; the same words go on the page, the wall and into the bulletin.
"""

from typing import Literal

from services.projection.picture import Picture
from services.projection.targets import Ahead, Member, TargetStanding
from services.projection.words import (
    STEPS,
    Runs,
    counted_en,
    day_en,
    day_zh,
    days_en,
    figure,
    runs,
    short_en,
    short_zh,
)

Status = Literal["achieved", "on-track", "at-risk", "missed", "empty"]

_THROUGH_ZH = {
    "preliminary-passed": "已过区级初验",
    "city-passed": "已过市级复验",
    "title-awarded": "已授牌",
}
_THROUGH_EN = {
    "preliminary-passed": "passed by the district",
    "city-passed": "passed by the city",
    "title-awarded": "awarded",
}


def status(standing: TargetStanding) -> Status:
    """How the target stands: as its worst member; late is missed, by the day it was due."""
    states = {member.state for member in standing.members}
    if not states:
        return "empty"
    if states & {"missed", "achieved-late"}:
        return "missed"
    if "at-risk" in states:
        return "at-risk"
    return "on-track" if "on-track" in states else "achieved"


def sentence_zh(picture: Picture, standing: TargetStanding) -> Runs:
    """首批承诺 4 家：2 家已过市级复验，1 家预计 12月18日过；北庄镇停在整改，差 12 个工作日。"""
    target, count = standing.target, len(standing.members)
    committed = target.members == "committed"
    name = short_zh(target)
    if not count:
        return runs(f"{name}还没有镇街{'承诺' if committed else '纳入'}。")
    said = runs(f"{name}{'承诺' if committed else ''} ", figure(f"{count} 家"))
    if (frozen := len(standing.members_at_freeze)) != count:
        said += runs("（连同封定后退出的共 ", figure(f"{frozen} 家"), "）")
    through = standing.count("achieved")
    through_zh = _THROUGH_ZH[target.achieved_by] if committed or not through else "已过"
    clauses = [[*runs(figure(f"{through} 家"), through_zh), *_late_zh(standing)]]
    expected = standing.ahead("on-track")
    if expected and committed and len(expected) == 1:
        day = day_zh(expected[0].forecast.expected_on, picture.on)
        clauses[0] += runs("，", figure("1 家"), f"预计 {day}过")
    elif expected:
        clauses[0] += runs("，", figure(f"{len(expected)} 家"), "预计按期")
        last = expected[-1].forecast
        clauses.append(
            runs(
                "最晚 ",
                figure(day_zh(last.expected_on, picture.on)),
                f"，早 {last.spare_wd} 个工作日",
            )
        )
    clauses += _risk_zh(picture, standing)
    return _joined([said, *clauses], "：", "；", "。")


def sentence_en(picture: Picture, standing: TargetStanding) -> Runs:
    """First batch: 4 committed, 2 passed by the city, 1 expected on 18 December; …"""
    target, count = standing.target, len(standing.members)
    committed = target.members == "committed"
    name = short_en(target)
    if not count:
        return runs(f"{name}: no office has {'committed' if committed else 'joined'} yet.")
    noun = f"{count} committed" if committed else counted_en(count, "office")
    said = runs(f"{name}: ", figure(noun))
    if (frozen := len(standing.members_at_freeze)) != count:
        said += runs(" (", figure(str(frozen)), " with those who left after the freeze)")
    through = standing.count("achieved")
    said += runs(", ", figure(f"{through} passed"), _by_en(standing, through))
    late = standing.count("achieved-late")
    if late:
        said += runs(", ", figure(f"{late} passed late"))
    clauses = []
    expected = standing.ahead("on-track")
    if expected and committed and len(expected) == 1:
        day = day_en(expected[0].forecast.expected_on, picture.on)
        said += runs(", ", figure("1 expected"), f" on {day}")
    elif expected:
        said += runs(", ", figure(f"{len(expected)} on track"))
        last = expected[-1].forecast
        clauses.append(
            runs(
                "the last on ",
                figure(day_en(last.expected_on, picture.on)),
                f", {days_en(last.spare_wd)} early",
            )
        )
    clauses += _risk_en(picture, standing)
    return _joined([said, *clauses], "; ", "; ", ".")


def _late_zh(standing: TargetStanding) -> Runs:
    late = standing.count("achieved-late")
    return runs("，", figure(f"{late} 家"), "逾期后才过") if late else []


def _by_en(standing: TargetStanding, through: int) -> str:
    committed = standing.target.members == "committed"
    if not committed and through:
        return ""
    return _THROUGH_EN[standing.target.achieved_by].removeprefix("passed")


def _risk_zh(picture: Picture, standing: TargetStanding) -> list[Runs]:
    clauses = []
    if missed := _missed(standing):
        first = _name(picture, missed[0])
        clauses.append(
            runs(f"{first}逾期未过")
            if len(missed) == 1
            else runs(figure(f"{len(missed)} 家"), "逾期未过")
        )
    at_risk = sorted(standing.ahead("at-risk"), key=lambda one: one.forecast.spare_wd)
    if at_risk:
        worst = at_risk[0]
        spare = worst.forecast.spare_wd
        gap = figure(f"差 {-spare} 个工作日") if spare < 0 else figure(f"只富余 {spare} 个工作日")
        if len(at_risk) == 1:
            said = runs(f"{_name(picture, worst)}停在{STEPS[worst.forecast.step][0]}，")
            if open_ := _open(picture, worst):
                said += runs(figure(f"{open_} 项未销号"), "，")
            clauses.append([*said, gap])
        else:
            clauses.append(
                runs(
                    f"{_name(picture, worst)}等 ", figure(f"{len(at_risk)} 家"), "有风险，最多", gap
                )
                if spare < 0
                else runs(
                    f"{_name(picture, worst)}等 ", figure(f"{len(at_risk)} 家"), "有风险，", gap
                )
            )
    return clauses


def _risk_en(picture: Picture, standing: TargetStanding) -> list[Runs]:
    clauses = []
    if missed := _missed(standing):
        first = _name(picture, missed[0])
        clauses.append(
            runs(f"{first} has not passed in time")
            if len(missed) == 1
            else runs(figure(f"{len(missed)} not passed in time"))
        )
    at_risk = sorted(standing.ahead("at-risk"), key=lambda one: one.forecast.spare_wd)
    if at_risk:
        worst = at_risk[0]
        spare = worst.forecast.spare_wd
        gap = figure(f"{days_en(-spare)} short" if spare < 0 else f"only {days_en(spare)} to spare")
        if len(at_risk) == 1:
            said = runs(f"{_name(picture, worst)} is held in {STEPS[worst.forecast.step][1]}, ")
            if open_ := _open(picture, worst):
                said += runs(figure(f"{counted_en(open_, 'item')} open"), ", ")
            clauses.append([*said, gap])
        else:
            clauses.append(
                runs(
                    figure(f"{len(at_risk)} at risk"),
                    f", {_name(picture, worst)} most of all, ",
                    gap,
                )
            )
    return clauses


def _joined(parts: list[Runs], first: str, rest: str, end: str) -> Runs:
    said = list(parts[0])
    for index, part in enumerate(parts[1:]):
        said += [*runs(first if index == 0 else rest), *part]
    return [*said, *runs(end)]


def _missed(standing: TargetStanding) -> list[Member]:
    return [member for member in standing.members if member.state == "missed"]


def _name(picture: Picture, member: Member | Ahead) -> str:
    township = picture.township(member.township)
    return township.name if township else member.township


def _open(picture: Picture, member: Ahead) -> int:
    """Open items count where they hold the office up."""
    township = picture.township(member.township)
    if township is None or member.forecast.step != "rectify":
        return 0
    return len(township.dossier.open_deficiencies())
