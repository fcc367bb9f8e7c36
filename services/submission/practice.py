"""How an office shares what worked (经验做法)."""

from collections.abc import Container
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
    shared_with: tuple[str, ...] = ()
    """Townships, where it is for them alone."""
    items: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def share_practice(
    dossier: Dossier,
    site: TownshipSite,
    practice_id: str,
    experience: Experience,
    *,
    standard: StandardPublished,
    townships: Container[str] = (),
) -> list[DossierEvent]:
    """Share it with some townships, all offices of the programme, or everyone; never twice.

    `townships` are those that take part.
    """
    known = {item.code for item in standard.items}
    for item in experience.items:
        if item not in known:
            raise Refused("unknown-item", item=item, version=standard.standard.version)
    if bool(experience.shared_with) != (experience.publicity == "named"):
        raise Refused("shared-with-named-only", publicity=experience.publicity)
    shared_with = tuple(sorted({*experience.shared_with}))
    for township in shared_with:
        if township not in townships or township == site["township"]:
            raise Refused("township-not-to-share-with", township=township)
    told = (experience.title, experience.summary, experience.publicity, shared_with)
    for one in dossier.practices:
        if one.practice_id == practice_id or said(one) == told:
            return []
    return [
        GoodPracticeShared(
            **site,
            practice_id=practice_id,
            title=experience.title,
            summary=experience.summary,
            items=experience.items,
            publicity=experience.publicity,
            shared_with=shared_with,
            evidence=experience.evidence,
        )
    ]


def said(practice: GoodPracticeShared) -> tuple[str, str, str, tuple[str, ...]]:
    """What was said to whom: said again, it is the same practice."""
    return practice.title, practice.summary, practice.publicity, practice.shared_with
