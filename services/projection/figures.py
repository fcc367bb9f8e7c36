"""The figures of a day as they are quoted and later worked out again: pure, with their digest."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from services.projection.money import money
from services.projection.overview import township_json
from services.projection.picture import Picture, Township
from services.projection.stage import ORDER
from services.projection.targets import TargetStanding
from shared.canonical import canonical
from shared.contracts.programme import RulesPublished, RulesRef
from shared.events.envelope import instant
from shared.messaging.reactions import Received

RULES = ("fuyan.programme.rules-published.v1",)
"""Which events `rules_in_force` is made of."""

# They turn by the clock, or are worked out from forecasts of the page: nobody is held to them.
_NOT_QUOTED = ("stuck", "late_kinds", "days_left_wd")


def rules_in_force(published: Iterable[Received], on: date) -> list[RulesRef]:
    """The last version of each kind in force at the end of `on`, by kind."""
    found: dict[str, RulesRef] = {}
    for one in published:
        match one.event:
            case RulesPublished(kind=kind, version=version, digest=digest) as event:
                if max(event.effective_on, event.in_force_on) <= on:
                    found[kind] = RulesRef(kind=kind, version=version, digest=digest)
    return [found[kind] for kind in sorted(found)]


def figures(picture: Picture, rules: Iterable[RulesRef], known_at: datetime) -> dict[str, Any]:
    """All that is quoted; the same for ever for one programme, `as_of_on` and `known_at`."""
    standards = picture.programme.standards
    stages = Counter(one.stage for one in picture.townships)
    return {
        "programme": picture.programme.programme,
        "as_of_on": picture.on,
        "known_at": instant(known_at).decode(),
        "standard": (
            {"code": standards[-1].code, "version": standards[-1].number} if standards else None
        ),
        "rules": [asdict(one) for one in rules],
        "calendars": sorted({line.event.year for line in picture.programme.calendars}),
        "stages": {stage.value: stages[stage] for stage in ORDER if stages[stage]},
        "money": asdict(money(picture).sums),
        "targets": [_target(one) for one in picture.targets],
        "townships": [
            _township(picture, one) for one in sorted(picture.townships, key=lambda one: one.code)
        ],
    }


def digest(quoted: dict[str, Any]) -> str:
    """SHA-256 of the figures as canonical JSON, in hexadecimal digits."""
    return sha256(canonical(quoted)).hexdigest()


def _target(one: TargetStanding) -> dict[str, Any]:
    return {
        "code": one.target.code,
        "name": one.target.name,
        "due_on": one.target.due_on,
        "achieved_by": one.target.achieved_by,
        "members": len(one.members),
        "members_at_freeze": len(one.members_at_freeze),
        "achieved": one.count("achieved"),
        "achieved_late": one.count("achieved-late"),
        "on_track": one.count("on-track"),
        "at_risk": one.count("at-risk"),
        "missed": one.count("missed"),
        "rows": [
            {"township": row.township, "state": row.state, "achieved_on": row.achieved_on}
            for row in sorted(one.members, key=lambda row: row.township)
        ],
    }


def _township(picture: Picture, one: Township) -> dict[str, Any]:
    line = township_json(picture, one, ())
    return {
        **{name: value for name, value in line.items() if name not in _NOT_QUOTED},
        "open_deficiencies": len(one.dossier.open_deficiencies()),
    }
