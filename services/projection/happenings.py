"""The timeline as a person reads it: what each kind of event is called."""

from collections.abc import Mapping
from typing import Any

from services.projection.models.timeline import Happening

# By the wire name without `fuyan.` and `.v1`.
LABELS: Mapping[str, tuple[str, str]] = {
    "programme.township-enrolled": ("纳入复验工作", "enrolled"),
    "programme.township-withdrawn": ("退出复验工作", "left the programme"),
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
    "case.application-rejected": ("申报未受理", "application rejected"),
    "case.withdrawal-refused": ("未同意撤回", "withdrawal refused"),
    "case.opened": ("立案", "case opened"),
    "case.team-appointed": ("组成验收组", "team appointed"),
    "case.member-recused": ("验收组成员回避", "member recused"),
    "case.inspection-scheduled": ("安排验收", "inspection scheduled"),
    "case.inspection-held": ("现场验收", "inspection held"),
    "case.marks-recorded": ("成员评分", "marks recorded"),
    "case.consensus-recorded": ("合议评分", "consensus recorded"),
    "case.returned": ("退回", "returned"),
    "case.preliminary-passed": ("初验合格", "passed by the district"),
    "case.preliminary-failed": ("初验不合格", "not passed by the district"),
    "case.recommended": ("推荐到市", "recommended to the city"),
    "case.recommendation-returned": ("推荐被退回", "recommendation returned"),
    "case.city-marks-recorded": ("市级评分", "city marks recorded"),
    "case.city-passed": ("复验合格", "passed by the city"),
    "case.city-failed": ("复验不合格", "not passed by the city"),
    "case.title-awarded": ("授牌", "title awarded"),
    "case.title-revoked": ("撤销称号", "title revoked"),
    "case.reward-granted": ("奖补决定", "reward granted"),
    "case.reward-paid": ("奖补拨付", "reward paid"),
    "case.closed": ("案件办结", "case closed"),
}


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
