"""The timeline as a person reads it: what each kind of event is called."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.projection.models.timeline import Happening

# By the wire name without `fuyan.` and `.v1`.
LABELS: Mapping[str, tuple[str, str]] = {
    "programme.township-enrolled": ("纳入复验工作", "enrolled"),
    "programme.township-withdrawn": ("退出复验工作", "left the programme"),
    "programme.opened": ("启动复验工作", "programme opened"),
    "programme.standard-published": ("发布标准", "standard published"),
    "programme.rules-published": ("发布规则", "rules published"),
    "programme.calendar-published": ("发布工作日历", "calendar published"),
    "programme.batch-announced": ("公布申报批次", "batch announced"),
    "programme.phase-rescheduled": ("调整阶段时间", "phase rescheduled"),
    "programme.target-rescheduled": ("调整目标期限", "target rescheduled"),
    "programme.organisation-renamed": ("机构更名", "organisation renamed"),
    "programme.annual-assessment-issued": ("印发年度考核", "annual assessment issued"),
    "programme.closed": ("复验工作结束", "programme closed"),
    "programme.erased": ("依法删除一项记录的内容", "an event's data erased by law"),
    "dossier.plan-filed": ("报送实施方案", "plan filed"),
    "dossier.plan-revised": ("调整实施方案", "plan revised"),
    "dossier.self-assessment-recorded": ("记录自评", "self-assessment recorded"),
    "dossier.deficiency-found": ("发现不足", "deficiency found"),
    "dossier.deficiency-withdrawn": ("撤回不足", "deficiency withdrawn"),
    "dossier.deficiency-reopened": ("重新整改", "deficiency reopened"),
    "dossier.rectification-planned": ("制定整改计划", "rectification planned"),
    "dossier.rectification-completed": ("整改销号", "rectification completed"),
    "dossier.application-submitted": ("申报", "application submitted"),
    "dossier.withdrawal-requested": ("请求撤回申报", "withdrawal requested"),
    "dossier.application-returned": ("申报被退回", "application returned"),
    "dossier.application-closed": ("申报办结", "application closed"),
    "dossier.funding-requested": ("申请保障", "support asked for"),
    "dossier.funding-decided": ("保障申请答复", "support decided"),
    "dossier.good-practice-shared": ("分享经验做法", "good practice shared"),
    "dossier.erased": ("依法删除一项记录的内容", "an event's data erased by law"),
    "case.application-rejected": ("申报未受理", "application rejected"),
    "case.withdrawal-refused": ("未同意撤回", "withdrawal refused"),
    "case.opened": ("立案", "case opened"),
    "case.team-appointed": ("组成验收组", "team appointed"),
    "case.member-recused": ("验收组成员回避", "member recused"),
    "case.inspection-scheduled": ("安排验收", "inspection scheduled"),
    "case.inspection-held": ("现场验收", "inspection held"),
    "case.marks-recorded": ("成员评分", "marks recorded"),
    "case.consensus-recorded": ("合议评分", "consensus recorded"),
    "case.veto-recorded": ("一票否决", "veto recorded"),
    "case.returned": ("退回", "returned"),
    "case.preliminary-passed": ("初验合格", "passed by the district"),
    "case.preliminary-failed": ("初验不合格", "not passed by the district"),
    "case.recommended": ("推荐到市", "recommended to the city"),
    "case.recommendation-returned": ("推荐被退回", "recommendation returned"),
    "case.city-marks-recorded": ("市级评分", "city marks recorded"),
    "case.city-passed": ("复验合格", "passed by the city"),
    "case.city-failed": ("复验不合格", "not passed by the city"),
    "case.title-awarded": ("授牌", "title awarded"),
    "case.title-corrected": ("更正称号", "title corrected"),
    "case.title-revoked": ("撤销称号", "title revoked"),
    "case.reward-granted": ("奖补决定", "reward granted"),
    "case.reward-paid": ("奖补拨付", "reward paid"),
    "case.reward-cancelled": ("取消奖补", "reward cancelled"),
    "case.closed": ("案件办结", "case closed"),
    "case.erased": ("依法删除一项记录的内容", "an event's data erased by law"),
}


def event_names(context: str, subject: str, versions: Iterable[int]) -> tuple[str, ...]:
    """Events of one stream as addresses, by which whoever doubts a number opens it."""
    return tuple(f"{context}/{subject}@{version}" for version in sorted(versions))


def happening_json(one: Happening) -> dict[str, Any]:
    """A row of the timeline; a kind without a label says its wire name."""
    kind = one.type.removeprefix("fuyan.").rpartition(".")[0]
    zh, en = LABELS.get(kind, (one.type, one.type))
    return {
        "event": f"{one.context}/{one.subject}@{one.version}",
        "id": one.id,
        "type": one.type,
        "zh": zh,
        "en": en,
        "effective_on": one.effective_on,
        "recorded_at": one.recorded_at,
        "actor": one.actor,
        "position": one.store_position,
        "facts": one.facts,
    }
