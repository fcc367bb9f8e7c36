"""The words of the pages: stages, steps, days and counts, in Chinese and English."""

from collections.abc import Mapping
from datetime import date
from typing import TypedDict

from services.projection.forecast import StepCode
from services.projection.models.definition import TargetSet
from services.projection.stage import Stage


class Run(TypedDict, total=False):
    """A piece of a sentence; a `figure` is a number that can be opened."""

    text: str
    figure: bool


Runs = list[Run]

# Chinese, English, group.
STAGES: Mapping[Stage, tuple[str, str, str]] = {
    Stage.ENROLLED: ("已纳入", "enrolled", "prep"),
    Stage.PLANNED: ("已定方案", "planned", "prep"),
    Stage.ASSESSED: ("已自评", "assessed", "prep"),
    Stage.RECTIFYING: ("整改中", "rectifying", "prep"),
    Stage.READY: ("可申报", "ready", "prep"),
    Stage.APPLIED: ("已申报", "applied", "district"),
    Stage.INSPECTING: ("区级初验中", "inspecting", "district"),
    Stage.PASSED: ("初验合格", "passed", "district"),
    Stage.RECOMMENDED: ("已推荐", "recommended", "city"),
    Stage.VERIFYING: ("市级复验中", "verifying", "city"),
    Stage.VERIFIED: ("复验合格", "verified", "done"),
    Stage.COMPLIANT: ("达标", "compliant", "done"),
    Stage.DEMONSTRATION: ("示范", "demonstration", "done"),
    Stage.REVOKED: ("已撤销", "revoked", "prep"),
    Stage.LEFT: ("已退出", "left", "prep"),
}
STEPS: Mapping[StepCode, tuple[str, str]] = {
    "plan": ("定方案", "planning"),
    "assess": ("自评", "self-assessment"),
    "rectify": ("整改", "rectification"),
    "apply": ("申报", "application"),
    "accept": ("受理", "acceptance"),
    "inspect": ("区级初验", "district inspection"),
    "recommend": ("推荐", "recommendation"),
    "verify": ("市级复验", "city re-verification"),
    "award": ("授牌", "award"),
}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def runs(*parts: str | Run) -> Runs:
    """A sentence from plain text and figures."""
    return [{"text": part} if isinstance(part, str) else part for part in parts if part]


def figure(text: str) -> Run:
    return {"text": text, "figure": True}


def day_zh(day: date, page: date) -> str:
    """`12月18日` within the year of the page, otherwise `2019年10月23日`."""
    short = f"{day.month}月{day.day}日"
    return short if day.year == page.year else f"{day.year}年{short}"


def day_en(day: date, page: date) -> str:
    """`18 December` within the year of the page, otherwise `23 October 2019`."""
    short = f"{day.day} {_MONTHS[day.month - 1]}"
    return short if day.year == page.year else f"{short} {day.year}"


def days_en(count: int) -> str:
    return f"{count} working day{'' if count == 1 else 's'}"


def counted_en(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def short_zh(target: TargetSet) -> str:
    """What an office calls the target."""
    return "首批" if target.members == "committed" else "全部"


def short_en(target: TargetSet) -> str:
    return "First batch" if target.members == "committed" else "All"


def step_words(step: StepCode) -> dict[str, str]:
    zh, en = STEPS[step]
    return {"code": step, "zh": zh, "en": en}
