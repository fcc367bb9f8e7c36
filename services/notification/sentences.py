"""The sentence of each event that somebody is told of, in Chinese and English."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence over the event's facts; `more` is added for each fact that is there.

    A fact is there unless it is null, empty or 0; `none` is added for each that is not.
    """

    zh: str
    en: str
    more: tuple[tuple[str, str, str], ...] = ()
    none: tuple[tuple[str, str, str], ...] = ()


_RETRY = (
    "may_reapply_on",
    "，{may_reapply_on}起可再次申报",
    "; it may apply again from {may_reapply_on}",
)
_DUE = ("due_on", "，期限{due_on}", ", due on {due_on}")
_BATCH = ("batch", "（{batch}）", " ({batch})")

TEMPLATES: Mapping[str, Template] = {
    "fuyan.notice.bulletin-issued.v1": Template(
        "{title}（{document_number}），数据截至{as_of_on}",
        "Bulletin {document_number}, {title}, with the figures of {as_of_on}",
        (("corrects", "；更正前一份通报", "; it corrects an earlier one"),),
    ),
    "fuyan.programme.batch-announced.v1": Template(
        "{name}申报批次已公布，{opens_on}至{closes_on}受理",
        "Batch {name} is announced: applications are taken from {opens_on} to {closes_on}",
    ),
    "fuyan.programme.standard-published.v1": Template(
        "《{title}》第 {standard_version} 版发布，{in_force_on}起施行，满 {pass_cp}为合格",
        "Version {standard_version} of “{title}” applies from {in_force_on}; {pass_cp} to pass",
    ),
    "fuyan.programme.township-enrolled.v1": Template(
        "{name}已纳入复验工作", "{name} takes part in the re-verification"
    ),
    "fuyan.programme.township-withdrawn.v1": Template(
        "{township_name}不再参加复验工作：{reason}",
        "{township_name} takes part no longer: {reason}",
    ),
    "fuyan.programme.phase-rescheduled.v1": Template(
        "“{phase}”阶段改为{to_on}结束（原为{previous_to_on}）：{reason}",
        "The phase “{phase}” now ends on {to_on}, not on {previous_to_on}: {reason}",
        (("from_on", "；{from_on}开始", "; it begins on {from_on}"),),
    ),
    "fuyan.programme.target-rescheduled.v1": Template(
        "“{target}”的期限由{previous_due_on}改为{due_on}：{reason}",
        "“{target}” is now due on {due_on}, not on {previous_due_on}: {reason}",
    ),
    "fuyan.programme.organisation-renamed.v1": Template(
        "{previous_name}自{from_on}起改称{name}",
        "From {from_on} {previous_name} is called {name}",
        (
            (
                "successor_of",
                "，接替{successor_of}的工作",
                ", and takes the place of {successor_of}",
            ),
            (
                "document_prefix",
                "，发文字号为“{document_prefix}”",
                "; its papers are {document_prefix}",
            ),
        ),
    ),
    "fuyan.programme.annual-assessment-issued.v1": Template(
        "{year} 年度目标考核结果已印发，共 {rows_count} 个镇街",
        "The assessment sheet of {year} is issued, for {rows_count} townships",
    ),
    "fuyan.programme.closed.v1": Template(
        "复验工作结束，{members} 个镇街中 {achieved} 个完成",
        "The programme is over: {achieved} of {members} townships reached the target",
    ),
    "fuyan.dossier.plan-filed.v1": Template(
        "{township_name}报送实施方案，目标“{target}”，计划{reach_on}达标",
        "{township_name} filed its plan for “{target}”, to be reached by {reach_on}",
        (("late_wd", "，逾期{late_wd}", ", {late_wd} late"),),
    ),
    "fuyan.dossier.plan-revised.v1": Template(
        "{township_name}修订实施方案，目标“{target}”，计划{reach_on}达标：{reason}",
        "{township_name} revised its plan: “{target}” by {reach_on}. Reason: {reason}",
    ),
    "fuyan.dossier.self-assessment-recorded.v1": Template(
        "{township_name}完成{kind}，得 {total_cp}（满分 {out_of_cp}）",
        "{township_name} recorded its {kind}: {total_cp} of {out_of_cp}",
        (("to_pass_cp", "，距合格还差 {to_pass_cp}", "; {to_pass_cp} short of passing"),),
    ),
    "fuyan.dossier.deficiency-found.v1": Template(
        "{township_name}“{item}”查出不足，还差 {gap_cp}：{description}",
        "{township_name} lacks {gap_cp} in “{item}”: {description}",
        (_DUE,),
    ),
    "fuyan.dossier.deficiency-withdrawn.v1": Template(
        "{township_name}“{item}”的问题已撤销：{reason}",
        "The deficiency of {township_name} in “{item}” is withdrawn: {reason}",
    ),
    "fuyan.dossier.deficiency-reopened.v1": Template(
        "{township_name}“{item}”的整改须重做：{reason}",
        "The deficiency of {township_name} in “{item}” is open again: {reason}",
        (_DUE,),
    ),
    "fuyan.dossier.rectification-planned.v1": Template(
        "{township_name}“{item}”拟整改：{measure}，{due_on}前完成，预计增加 {expected_gain_cp}",
        "{township_name} plans for “{item}”: {measure}, by {due_on}, to gain {expected_gain_cp}",
    ),
    "fuyan.dossier.rectification-completed.v1": Template(
        "{township_name}“{item}”已于{completed_on}销号：{result}",
        "{township_name} closed its deficiency in “{item}” on {completed_on}: {result}",
        (
            ("late_wd", "（逾期{late_wd}）", " ({late_wd} late)"),
            ("open_left", "；还有 {open_left} 项未销号", "; {open_left} still open"),
        ),
        (("open_left", "；整改全部销号", "; all its deficiencies are now closed"),),
    ),
    "fuyan.dossier.funding-requested.v1": Template(
        "{township_name}申请{kind}：{title}，{needed_on}前需要",
        "{township_name} asks for {kind}: {title}, needed by {needed_on}",
        (
            ("amount_fen", "，共 {amount_fen}", ", {amount_fen} in all"),
            ("posts", "，编制 {posts} 名", ", {posts} post(s)"),
        ),
    ),
    "fuyan.dossier.funding-decided.v1": Template(
        "{decided_by}对{township_name}的保障申请已答复：{decision}",
        "{decided_by} answered what {township_name} asked for: {decision}",
        (
            ("granted_fen", "，批准 {granted_fen}", ", {granted_fen}"),
            ("granted_posts", "，批准编制 {granted_posts} 名", ", {granted_posts} post(s)"),
            ("available_on", "，{available_on}到位", ", available from {available_on}"),
            ("reason", "（{reason}）", " ({reason})"),
        ),
    ),
    "fuyan.dossier.good-practice-shared.v2": Template(
        "{township_name}分享经验做法：{title}",
        "{township_name} shares what worked: {title}",
    ),
    "fuyan.dossier.application-submitted.v1": Template(
        "{township_name}申报验收（第 {round} 次），自评 {total_cp}（满分 {out_of_cp}）",
        "{township_name} applied (round {round}), scoring itself {total_cp} of {out_of_cp}",
        (_BATCH,),
    ),
    "fuyan.dossier.withdrawal-requested.v1": Template(
        "{township_name}请求撤回第 {round} 次申报：{reason}",
        "{township_name} asks to withdraw application {round}: {reason}",
    ),
    "fuyan.dossier.application-returned.v1": Template(
        "{township_name}第 {round} 次申报被{by}退回 {items_count} 项，{resubmit_by_on}前重新申报",
        "Application {round} of {township_name} was returned by {by}, {items_count} item(s); "
        "apply again by {resubmit_by_on}",
    ),
    "fuyan.dossier.application-closed.v1": Template(
        "{township_name}第 {round} 次申报办结：{outcome}",
        "Application {round} of {township_name} is closed: {outcome}",
    ),
    "fuyan.case.application-rejected.v1": Template(
        "{township_name}第 {round} 次申报未予受理：{reasons_text}",
        "Application {round} of {township_name} was not accepted: {reasons_text}",
    ),
    "fuyan.case.withdrawal-refused.v1": Template(
        "{township_name}第 {round} 次申报不予撤回：{reason}",
        "Application {round} of {township_name} may not be withdrawn: {reason}",
    ),
    "fuyan.case.opened.v1": Template(
        "{township_name}第 {round} 次申报已受理，{decide_by_on}前作出初验决定",
        "Application {round} of {township_name} is accepted; decision due by {decide_by_on}",
    ),
    "fuyan.case.team-appointed.v1": Template(
        "{township_name}验收组已成立，共 {members_count} 人",
        "An acceptance team of {members_count} is appointed for {township_name}",
    ),
    "fuyan.case.member-recused.v1": Template(
        "{township_name}验收组有 1 人回避",
        "A member of the acceptance team for {township_name} stepped down",
    ),
    "fuyan.case.inspection-scheduled.v1": Template(
        "{level}定于{starts_at}到{place}对{township_name}进行现场验收",
        "{level} will inspect {township_name} from {starts_at} at {place}",
    ),
    "fuyan.case.inspection-held.v1": Template(
        "{township_name}现场验收已于{held_on}完成",
        "The inspection of {township_name} took place on {held_on}",
    ),
    "fuyan.case.marks-recorded.v1": Template(
        "{township_name}验收组一名成员已评分",
        "A member of the team marked {township_name}",
    ),
    "fuyan.case.consensus-recorded.v1": Template(
        # Not how many: the office reads what the team found once the district has decided.
        "{township_name}验收组已议定得分（自评 {self_total_cp}），待区级决定",
        "The team agreed on its marks for {township_name}, which gave itself {self_total_cp}; "
        "the district decides",
    ),
    "fuyan.case.veto-recorded.v1": Template(
        "{township_name}有一票否决情形“{gate}”（{occurred_on}）：{reason}",
        "“{gate}” of {occurred_on} bars {township_name} from passing: {reason}",
    ),
    "fuyan.case.returned.v1": Template(
        "{by}退回{township_name}第 {round} 次申报，{items_count} 项须整改，{resubmit_by_on}前再报",
        "Application {round} of {township_name} was returned by {by}: {items_count} item(s) to "
        "mend, apply again by {resubmit_by_on}",
    ),
    "fuyan.case.preliminary-passed.v1": Template(
        "{township_name}初验合格，得 {total_cp}，高出合格线 {margin_cp}，拟推荐{proposed_title}",
        "{township_name} passed the district's inspection with {total_cp}, {margin_cp} above the "
        "mark; proposed as {proposed_title}",
    ),
    "fuyan.case.preliminary-failed.v1": Template(
        "{township_name}初验不合格，得 {total_cp}，还差 {shortfall_cp}",
        "{township_name} failed the district's inspection with {total_cp}, {shortfall_cp} short",
        (_RETRY,),
    ),
    "fuyan.case.recommended.v1": Template(
        "区局推荐{township_name}申请市级复验（同一函件共 {cases_count} 个镇街），"
        "初验得 {district_total_cp}",
        "The district recommends {township_name} to the city, in a letter that names "
        "{cases_count} in all; it scored {district_total_cp}",
    ),
    "fuyan.case.recommendation-returned.v1": Template(
        "市局退回对{township_name}的推荐：{reasons_text}",
        "The city returned the recommendation of {township_name}: {reasons_text}",
        (
            (
                "resubmit_by_on",
                "，{resubmit_by_on}前重新推荐",
                "; recommend again by {resubmit_by_on}",
            ),
        ),
    ),
    "fuyan.case.city-marks-recorded.v1": Template(
        "{township_name}市级复验评分 {total_cp}（满分 {out_of_cp}）",
        "The city marked {township_name}: {total_cp} of {out_of_cp}",
    ),
    "fuyan.case.city-passed.v1": Template(
        "{township_name}市级复验合格（{title}），得 {total_cp}",
        "{township_name} passed the city's re-verification ({title}) with {total_cp}",
    ),
    "fuyan.case.city-failed.v1": Template(
        "{township_name}市级复验不合格",
        "{township_name} failed the city's re-verification",
        (("shortfall_cp", "，还差 {shortfall_cp}", ", {shortfall_cp} short"), _RETRY),
    ),
    "fuyan.case.title-awarded.v1": Template(
        "{township_name}获{title}称号，牌匾编号{plaque_number}，{awarded_on}授予",
        "{township_name} was awarded the title of {title} on {awarded_on}, plaque {plaque_number}",
    ),
    "fuyan.case.title-corrected.v1": Template(
        "{township_name}的{field}由“{was}”更正为“{is_}”：{reason}",
        "The {field} of {township_name} is corrected from “{was}” to “{is_}”: {reason}",
    ),
    "fuyan.case.title-revoked.v1": Template(
        "{township_name}的{title}称号（牌匾编号{plaque_number}）自{revoked_on}起撤销：{reason}",
        "The title of {title}, plaque {plaque_number}, is taken from {township_name} "
        "on {revoked_on}: {reason}",
    ),
    "fuyan.case.reward-granted.v1": Template(
        "{township_name}获{fund}奖补 {amount_fen}（{basis}）",
        "{township_name} is granted {amount_fen} from {fund} ({basis})",
    ),
    "fuyan.case.reward-paid.v1": Template(
        "{township_name}奖补资金 {amount_fen}已于{paid_on}拨付",
        "{amount_fen} was paid to {township_name} on {paid_on}",
    ),
    "fuyan.case.reward-cancelled.v1": Template(
        "{township_name}尚未拨付的奖补 {amount_fen}已取消：{reason}",
        "{amount_fen} granted to {township_name} and not yet paid is cancelled: {reason}",
    ),
    "fuyan.case.closed.v1": Template(
        "{township_name}第 {round} 次申报的验收办结：{outcome}",
        "The review of application {round} of {township_name} ended: {outcome}",
        (("reason", "，{reason}", ", {reason}"), _RETRY),
    ),
}
