"""How an office shares what worked (经验做法)."""

from dataclasses import dataclass

from services.submission.dossier import Dossier
from shared.contracts.blocks import Evidence, TownshipSite
from shared.contracts.dossier import DossierEvent, GoodPracticeShared, Publicity
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """What worked, for which items of the standard, and who may read it."""

    title: str
    summary: str
    publicity: Publicity
    items: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def share_practice(
    dossier: Dossier,
    site: TownshipSite,
    practice_id: str,
    experience: Experience,
    *,
    standard: StandardPublished,
) -> list[DossierEvent]:
    """Share it with the offices of the programme, or with everyone; nobody needs it twice."""
    known = {item.code for item in standard.items}
    for item in experience.items:
        if item not in known:
            raise Refused("unknown-item", item=item, version=standard.standard.version)
    text = (experience.title, experience.summary, experience.publicity)
    for one in dossier.practices:
        if one.practice_id == practice_id or (one.title, one.summary, one.publicity) == text:
            return []
    return [
        GoodPracticeShared(
            **site,
            practice_id=practice_id,
            title=experience.title,
            summary=experience.summary,
            items=experience.items,
            publicity=experience.publicity,
            evidence=experience.evidence,
        )
    ]
