"""Why somebody is named in 谁慢了，为什么: one reason, one short text in each language."""

from services.projection.late import Late
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


def label_zh(one: Late) -> str:
    match one.kind:
        case "missed":
            return f"{short_zh(one.target)}逾期未过" if one.target else "逾期未过"
        case "at-risk":
            return f"{short_zh(one.target)}有风险" if one.target else "有风险"
        case "plan-late":
            return "方案逾期"
        case "assessment-late":
            return "自评逾期"
        case "rectification-late":
            return "整改超期"
        case "resubmission-late":
            return "补报逾期"
        case "decision-late":
            return "初验决定逾期"
        case "stuck":
            return "卡住"


def label_en(one: Late) -> str:
    match one.kind:
        case "missed":
            return "target missed" if one.target is None else f"{short_en(one.target)}: missed"
        case "at-risk":
            return "at risk" if one.target is None else f"{short_en(one.target)}: at risk"
        case "plan-late":
            return "plan overdue"
        case "assessment-late":
            return "assessment overdue"
        case "rectification-late":
            return "rectification overdue"
        case "resubmission-late":
            return "resubmission overdue"
        case "decision-late":
            return "decision overdue"
        case "stuck":
            return "stuck"


def reason_zh(one: Late) -> Runs:
    past = figure(f"已过 {one.late_wd} 个工作日")
    due = day_zh(one.due_on, one.on) if one.due_on else ""
    match one.kind:
        case "missed":
            return runs(f"应在 {due}前通过，", past, "。")
        case "at-risk":
            return _risk_zh(one, due)
        case "plan-late":
            return runs(f"实施方案应在 {due}前报送，", past, "。")
        case "assessment-late":
            return runs(f"全面自评应在 {due}前完成，", past, "。")
        case "rectification-late":
            return runs(
                f"{one.open} 项整改中 {one.overdue} 项过了自定完成日，",
                figure(f"最长 {one.late_wd} 个工作日"),
                "。",
            )
        case "resubmission-late":
            return runs(f"退回后应在 {due}前补报，", past, "。")
        case "decision-late":
            return runs(f"区级应在 {due}前作出初验决定，", past, "。")
        case "stuck":
            return runs("申报已提交，还没有立案答复。")


def reason_en(one: Late) -> Runs:
    past = figure(f"{days_en(one.late_wd)} ago")
    due = day_en(one.due_on, one.on) if one.due_on else ""
    match one.kind:
        case "missed":
            return runs(f"Was to pass by {due}, ", past, ".")
        case "at-risk":
            return _risk_en(one, due)
        case "plan-late":
            return runs(f"The plan was due on {due}, ", past, ".")
        case "assessment-late":
            return runs(f"The full self-assessment was due on {due}, ", past, ".")
        case "rectification-late":
            return runs(
                f"{one.overdue} of {counted_en(one.open, 'item')} passed their own day, ",
                figure(f"by up to {days_en(one.late_wd)}"),
                ".",
            )
        case "resubmission-late":
            return runs(f"Resubmission was due on {due}, ", past, ".")
        case "decision-late":
            return runs(f"The district's decision was due on {due}, ", past, ".")
        case "stuck":
            return runs("Applied; no case has answered yet.")


def _risk_zh(one: Late, due: str) -> Runs:
    ahead = one.forecast
    if ahead is None:
        return []
    said = runs(
        f"剩下{_COUNTS.get(len(ahead.parts), str(len(ahead.parts)))}步要 "
        f"{ahead.needed_wd} 个工作日，到 {due}只有 {ahead.left_wd} 个，",
        figure(f"差 {-ahead.spare_wd} 个" if ahead.spare_wd < 0 else f"只富余 {ahead.spare_wd} 个"),
        f"。卡在{STEPS[ahead.step][0]}",
    )
    if one.open and ahead.step == "rectify":
        said += runs("：", figure(f"{one.open} 项未销号"))
    return [*said, *runs("。")]


def _risk_en(one: Late, due: str) -> Runs:
    ahead = one.forecast
    if ahead is None:
        return []
    steps = counted_en(len(ahead.parts), "step")
    said = runs(
        f"The {steps} ahead need {days_en(ahead.needed_wd)}; {ahead.left_wd} are left to {due}, ",
        figure(
            f"{-ahead.spare_wd} short" if ahead.spare_wd < 0 else f"only {ahead.spare_wd} to spare"
        ),
        f". Held in {STEPS[ahead.step][1]}",
    )
    if one.open and ahead.step == "rectify":
        said += runs(": ", figure(f"{counted_en(one.open, 'item')} open"))
    return [*said, *runs(".")]


_COUNTS = {1: "一", 2: "两", 3: "三", 4: "四", 5: "五", 6: "六", 7: "七", 8: "八", 9: "九"}
