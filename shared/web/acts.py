"""Which acts are open now, and why the others are not: a page's greyed buttons."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from shared.contracts.refusals import REFUSALS, Refused
from shared.web.shown import shown


class Act(BaseModel):
    """`act` is the sub-resource that would be created, `of` the part it would be about."""

    act: str
    of: str | None = None
    allowed: bool
    code: str | None = None
    title: str | None = None
    title_en: str | None = None
    next: str | None = None
    next_en: str | None = None
    facts: dict[str, Any] | None = None


def attempt(act: str, decision: Callable[[], object], of: str | None = None) -> Act:
    """What the very decision says of it; whatever it would have changed is dropped."""
    try:
        decision()
    except Refused as refused:
        refusal = REFUSALS[refused.code]
        zh = {name: shown(name, fact, "zh") for name, fact in refused.facts.items()}
        en = {name: shown(name, fact, "en") for name, fact in refused.facts.items()}
        return Act(
            act=act,
            of=of,
            allowed=False,
            code=refused.code,
            title=refusal.zh.format_map(zh),
            title_en=refusal.en.format_map(en),
            next=refusal.next_zh.format_map(zh),
            next_en=refusal.next_en.format_map(en),
            facts=refused.facts,
        )
    return Act(act=act, of=of, allowed=True)
