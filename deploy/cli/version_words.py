"""What `fuyan projections` says to people: Chinese first, English beside it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_ACTS = {
    "begin": "开始重建 begun",
    "build": "重建完成 built",
    "promote": "启用 promoted",
    "rollback": "退回 rolled back",
    "drop": "删除 dropped",
}


def built(version: int, position: int, followed: bool) -> tuple[str, str]:
    """What a rebuild has come to."""
    if followed:
        return (
            f"版本 {version} 已完成，位置 {position}，由运行中的进程继续更新；请先 diff 再 promote",
            f"Version {version} is complete at {position}, and running processes go on with it: "
            "see `diff`, then `promote`",
        )
    return (
        f"版本 {version} 已完成，位置 {position}；没有本版本程序的进程在运行，之后的事件无人更新："
        "请启动新程序，再 promote",
        f"Version {version} is complete at {position}; no process of this image runs to go on "
        "with it: start the new image, then `promote`",
    )


def moved(before: int, after: int) -> tuple[str, str]:
    """What is seen now."""
    if before == after:
        return f"已在使用版本 {after}", f"Version {after} is seen already"
    return (
        f"查询现在使用版本 {after}（之前是 {before}）",
        f"Queries see version {after} now (before: {before})",
    )


def status(found: Mapping[str, Any]) -> str:
    """Versions, processes and acts, a line each."""
    return "\n".join(_status(found))


def _status(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"日志 journal: {found['journal']} · 本程序 this image: folds {found['image_folds']}"
    for one in found["versions"]:
        state = (
            "使用中 seen" if one["seen"] else "完成 built" if one["built_at"] else "重建中 building"
        )
        folder = one["folded_by"] or "无人更新 nobody folds it"
        yield (
            f"版本 version {one['version']}: {state} · folds {one['folds']} · "
            f"位置 position {one['position']} · 落后 lag {one['lag']} · {one['bytes']:,} B"
        )
        yield f"  更新者 folded by: {folder}"
        yield "  行 rows: " + ", ".join(f"{name} {n}" for name, n in one["rows"].items())
    for name in found["half_dropped"]:
        yield f"{name}: 未删完 half dropped: run `fuyan projections drop {name[10:]}` again"
    for name, folds in found["processes"]:
        yield f"进程 process {name}: folds {folds}"
    for act in found["acts"]:
        done = f"{act['done_at']:%Y-%m-%d %H:%M:%S %Z}"
        yield (
            f"{done} {act['actor']}: {_ACTS[act['act']]} version {act['version']}"
            f" @ {act['position']}"
        )


def differences(found: Mapping[str, Any]) -> str:
    """Every difference with its reasons, and a last line with the counts."""
    return "\n".join(_differences(found))


def _differences(found: Mapping[str, Any]) -> Iterator[str]:
    for one in found["told"]:
        key = ", ".join(f"{name}={value}" for name, value in one["key"].items())
        yield f"{one['table']} ({key})"
        for reason in one["why"]:
            yield f"  {reason['zh']} / {reason['en']}"
        for change in one["changes"]:
            yield f"  {change['path']}: {_value(change, 'old')} → {_value(change, 'new')}"
            if change["why"]["en"]:
                yield f"    {change['why']['zh']} / {change['why']['en']}{_event(change['why'])}"
    old, new = found["old"], found["new"]
    places = (
        f"位置 at {old['position']}"
        if old["position"] == new["position"]
        else f"位置不同 at different positions: {old['position']}, {new['position']}"
    )
    shown = len(found["told"])
    more = f"（只列出 {shown} 处 / {shown} told）" if shown < found["differences"] else ""
    yield (
        f"版本 versions {old['version']} → {new['version']}, {places}: "
        f"{found['differences']} 处不同 differences{more}"
    )


def _value(change: Mapping[str, Any], side: str) -> str:
    """Shortened, for a whole row may be long; `--json` says it all."""
    if side not in change:
        return "—"
    text = json.dumps(change[side], ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _event(reason: Mapping[str, Any]) -> str:
    event = reason.get("event")
    if event is None:
        return ""
    return f": {event['address']} {event['type']} {event['effective_on']} {event['href']}"
