"""What a bulletin says at first: drafted from figures as the projection gives them, word by word.

The same figures give the same text. What they do not say is left out: nothing is made up.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from services.notification.bulletin import CHARACTERS, Block, Table, Text
from shared.contracts.notice import BulletinIssued
from shared.web.shown import shown

Figures = Mapping[str, Any]

_LATE_AT_MOST, _EXPECTED_AT_MOST = 30, 10
_STRENGTHS = {"aspire": "力争", "require": "确保"}
_COUNTS = (
    ("achieved", "已通过"),
    ("achieved_late", "逾期后通过"),
    ("on_track", "预计按期通过"),
    ("at_risk", "有风险"),
    ("missed", "逾期未通过"),
)
_NUMBERS = "一二三四"
# The pages part figures from characters by a blank; an official paper does not.
_BLANK = re.compile(r"(?<=[^\x00-\x7f]) (?=[0-9])|(?<=[0-9%]) (?=[^\x00-\x7f])")


def drafted(
    figures: Figures, as_of_on: date, *, title: str | None, corrected: BulletinIssued | None
) -> Text:
    """The text of a bulletin; the townships are not named in its table where that is too long."""
    text = _text(figures, as_of_on, title, corrected, named=True)
    if text.characters < CHARACTERS:
        return text
    return _text(figures, as_of_on, title, corrected, named=False)


def illustrative(figures: Figures) -> bool:
    """Whether the figures say that they were scored by an example of a standard (示例)."""
    programme = figures.get("programme")
    return isinstance(programme, Mapping) and programme.get("illustrative") is True


def _text(
    figures: Figures,
    as_of_on: date,
    title: str | None,
    corrected: BulletinIssued | None,
    *,
    named: bool,
) -> Text:
    name = _name(figures)
    table = _table(figures, named=named)
    sections = [
        ("目标完成情况", [Block("paragraph", one) for one in _targets(figures)]),
        ("进度滞后情况及原因", [Block("paragraph", one) for one in _late(figures)]),
        ("各镇街所处阶段", [Block("table")] if table else []),
        ("下一步安排", [Block("paragraph", one) for one in _next(figures, as_of_on)]),
    ]
    blocks = [Block("paragraph", _close(one)) for one in _opening(figures, as_of_on, corrected)]
    present = [section for section in sections if section[1]]
    for number, (heading, parts) in zip(_NUMBERS, present, strict=False):
        blocks.append(Block("heading", f"{number}、{heading}"))
        blocks += [Block(part.kind, _close(part.text)) for part in parts]
    kind = "通报" if corrected is None else "更正通报"
    return Text(title or f"关于{name}进展情况的{kind}", tuple(blocks), table)


def _opening(figures: Figures, as_of_on: date, corrected: BulletinIssued | None) -> Iterator[str]:
    if corrected is not None:
        yield (
            f"本通报更正{corrected.document_number}《{corrected.title}》；"
            "两者所列数据不一致的，以本通报为准。"
        )
    counted = [
        (_said(stage, "zh"), _count(stage, "count"))
        for stage in reversed(_rows(figures, "stages"))
        if stage.get("code") != "left"
    ]
    held = [f"{zh}{count}家" for zh, count in counted if zh and count]
    total = sum(count or 0 for _, count in counted)
    shares = f"参加{_name(figures)}的镇街共{total}家，其中{'、'.join(held)}。" if held else ""
    yield f"截至{_shown(as_of_on)}，{shares}现将进展情况通报如下。"


def _targets(figures: Figures) -> Iterator[str]:
    sentences = {_said(one, "target"): _run(one.get("zh")) for one in _rows(figures, "sentence")}
    for target in _rows(figures, "targets"):
        name = _target(target)
        if not name:
            continue
        about = [_STRENGTHS.get(_said(target, "strength"), "")]
        if (due := _day(target, "due_on")) is not None:
            about.append(f"期限{_shown(due)}")
        known = "，".join(filter(None, about))
        said = f"{name}（{known}）。" if known else f"{name}。"
        yield said + sentences.get(_said(target, "code"), "") + _counts(target)


def _counts(target: Figures) -> str:
    members = _count(target, "members")
    if members is None:
        return ""
    said = [f"应通过{members}家"]
    for name, words in _COUNTS:
        count = _count(target, name)
        if count or (count == 0 and name == "achieved"):
            said.append(f"{words}{count}家")
    if expected := _count(target, "expected"):
        said.append(f"按目前进度到期可通过{expected}家")
    return "，".join(said) + "。"


def _late(figures: Figures) -> Iterator[str]:
    if not isinstance(figures.get("late"), list):
        return
    rows = [
        (_said(one, "name"), _said(one, "label_zh"), _run(one.get("zh")))
        for one in _rows(figures, "late")
    ]
    if not rows:
        yield "没有进度滞后的镇街。"
    for number, (name, label, why) in enumerate(rows[:_LATE_AT_MOST], 1):
        yield f"{number}.{name}{f'（{label}）' if label else ''}{f'：{why}' if why else '。'}"
    if len(rows) > _LATE_AT_MOST:
        yield f"另有{len(rows) - _LATE_AT_MOST}项，不再逐一列出。"


def _table(figures: Figures, *, named: bool) -> Table | None:
    names: dict[str, list[str]] = {}
    for township in _rows(figures, "townships"):
        names.setdefault(_said(township, "stage"), []).append(_said(township, "name"))
    rows = [
        (
            _said(stage, "zh"),
            str(count),
            "、".join(filter(None, names.get(_said(stage, "code"), ()))),
        )
        for stage in reversed(_rows(figures, "stages"))
        if (count := _count(stage, "count"))
    ]
    if not rows:
        return None
    columns = 3 if named and names else 2
    return Table(("阶段", "家数", "镇街")[:columns], tuple(row[:columns] for row in rows))


def _next(figures: Figures, as_of_on: date) -> Iterator[str]:
    for phase in _rows(figures, "phases"):
        begin, end = _day(phase, "from_on"), _day(phase, "to_on")
        if end is not None and (begin or as_of_on) <= as_of_on <= end:
            yield f"“{_said(phase, 'name_zh')}”阶段至{_shown(end)}结束。"
    for target in _rows(figures, "targets"):
        due = _day(target, "due_on")
        ahead = _rows(target, "forecast")
        if due is None or due < as_of_on or not ahead:
            continue
        told = [_expected(one) for one in ahead[:_EXPECTED_AT_MOST]]
        more = f"等{len(ahead)}家" if len(ahead) > _EXPECTED_AT_MOST else ""
        yield (
            f"{_target(target)}期限为{_shown(due)}，尚有{len(ahead)}家未通过，"
            f"预计通过时间：{'、'.join(filter(None, told))}{more}。"
        )


def _expected(one: Figures) -> str:
    day = _day(one, "on")
    if day is None:
        return ""
    late = _count(one, "late_wd")
    return f"{_said(one, 'name')}{_shown(day)}{f'（晚于期限{late}个工作日）' if late else ''}"


def _name(figures: Figures) -> str:
    programme = figures.get("programme")
    name = _said(programme, "name_zh") if isinstance(programme, Mapping) else ""
    if not name:
        return "复验工作"
    return name if name.endswith("工作") else f"{name}工作"


def _target(target: Figures) -> str:
    name = next(filter(None, (_said(target, one) for one in ("title_zh", "name_zh", "name"))), "")
    return f"“{name}”" if name else ""


def _rows(figures: Figures, name: str) -> Sequence[Figures]:
    rows = figures.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _said(row: Figures, name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _count(row: Figures, name: str) -> int | None:
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _day(row: Figures, name: str) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(_said(row, name))
    return None


def _run(value: object) -> str:
    """A sentence, in one piece or in the pieces of a page."""
    if isinstance(value, str):
        return value.strip()
    parts = value if isinstance(value, list) else []
    return "".join(_said_raw(part) for part in parts if isinstance(part, Mapping)).strip()


def _said_raw(part: Figures) -> str:
    text = part.get("text")
    return text if isinstance(text, str) else ""


def _shown(day: date) -> str:
    return shown("on", day, "zh")


def _close(text: str) -> str:
    return _BLANK.sub("", text)
