"""Facts as a person reads them, in Chinese or English; the unit is in the fact's name."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime

from shared.clock import SHANGHAI

ROLE_NAMES = {
    "clerk": "镇街经办人",
    "head": "镇街安监办主任",
    "gov": "镇街政府",
    "officer": "区级经办人",
    "leader": "区级负责人",
    "member": "验收组成员",
    "city": "市级复验人员",
    "bureau": "有关部门",
    "integrator": "接口用户",
    "auditor": "审计人员",
    "operator": "运维人员",
}

KIND_NAMES = {
    "zh": {"empty": "空文件", "unknown": "未知类型"},
    "en": {"empty": "an empty file", "unknown": "a file of an unknown type"},
}
"""What a file is found to be, where that is no type."""


def shown(name: str, value: object, lang: str) -> str:
    """`37.00 分` for `missing_cp=3700`, `2018年9月1日` for a date, `128,000 元` for `asked_fen`."""
    zh = lang == "zh"
    match value:
        case None:
            return "无" if zh else "none"
        case bool():
            return ("是" if zh else "yes") if value else ("否" if zh else "no")
        case int():
            return _number(name, value, zh)
        case datetime():
            local = value.astimezone(SHANGHAI)
            moment = f"{_day(local.date(), zh)} {local:%H:%M}"
            return moment if zh else f"{moment} (Beijing time)"
        case date():
            return _day(value, zh)
        case str():
            if name.endswith("_on"):
                with suppress(ValueError):  # what a caller sent need not be a date
                    return _day(date.fromisoformat(value), zh)
            if name in ("looks_like", "found"):
                return KIND_NAMES[lang].get(value, value)
            return ROLE_NAMES.get(value, value) if zh and name in ("role", "roles") else value
        case set() | frozenset():
            return shown(name, sorted(value, key=str), lang)
        case Collection():
            return ("、" if zh else ", ").join(shown(name, part, lang) for part in value)
        case _:
            return str(value)


def _number(name: str, value: int, zh: bool) -> str:
    unit = name.rpartition("_")[2] if "_" in name else ""
    match unit:
        case "cp":
            return f"{_hundredths(value)} {'分' if zh else 'points'}"
        case "bp":
            return f"{_hundredths(value)}%"
        case "fen":
            yuan = f"{value // 100:,}" if value % 100 == 0 else _hundredths(value)
            return f"{yuan} {'元' if zh else 'yuan'}"
        case "wd":
            return f"{value} {'个工作日' if zh else 'working days'}"
        case "s":
            return f"{value} {'秒' if zh else 'seconds'}"
        case "bytes":
            return f"{value:,} {'字节' if zh else 'bytes'}"
        case _:
            return str(value)


def _hundredths(value: int) -> str:
    """Exact, never by way of a float."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100:,}.{abs(value) % 100:02}"


def _day(day: date, zh: bool) -> str:
    # Not strftime("%-d"), which only some platforms know, nor %B, which follows the locale.
    if zh:
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


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
