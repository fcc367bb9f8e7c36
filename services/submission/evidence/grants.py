"""Who may read what an office keeps as evidence, and on what grounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.submission.programmes import Programme, acts_as
from shared.contracts.case import (
    CaseEvent,
    Closed,
    MemberRecused,
    RecommendationReturned,
    Recommended,
    TeamAppointed,
)

OFFICE = frozenset({"clerk", "head"})
DISTRICT = frozenset({"officer", "leader"})


@dataclass(frozen=True, slots=True)
class Grants:
    """Whom a case lets read the evidence of its township; a case nobody heard of: nobody."""

    members: Mapping[str, str] = field(default_factory=dict)
    """Who is on the team, and of which organisation."""
    city: str | None = None
    """The organisation it is recommended to."""
    closed_on: date | None = None
    """From the next day on, what is kept belongs to another round."""

    def reach(self, kept_on: date | None) -> bool:
        """Whether they reach what was kept that day; None: anything at all."""
        return kept_on is None or self.closed_on is None or kept_on <= self.closed_on


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks."""

    officer: str
    organisation: str
    roles: frozenset[str]


def evolve(grants: Grants, event: CaseEvent) -> Grants:
    match event:
        case TeamAppointed():
            members = {one.officer: one.organisation for one in event.members}
            return replace(grants, members=members)
        case MemberRecused():
            left = {name: of for name, of in grants.members.items() if name != event.officer}
            return replace(grants, members=left)
        case Recommended():
            return replace(grants, city=event.to)
        case RecommendationReturned():
            return replace(grants, city=None)
        case Closed():
            return replace(grants, closed_on=event.closed_on)
        case _:
            return grants  # a follower may look away; the case itself is elsewhere


def grounds(
    reader: Reader,
    programme: Programme,
    township: str,
    cases: Mapping[str, Grants],
    kept_on: date | None = None,
) -> str | None:
    """Why one may read what this township keeps, as it is written into the record; None: not.

    `cases` are those of the township, by their subject. A closed one lets read what was kept until
    its last day; without `kept_on` the question is whether one may read anything at all.
    """
    cases = {case: grants for case, grants in cases.items() if grants.reach(kept_on)}
    roles, of = reader.roles, reader.organisation
    enrolled = programme.townships.get(township)
    if enrolled is not None and roles & OFFICE and acts_as(programme, of, enrolled.enrolled.office):
        return "office"
    if (
        enrolled is not None
        and "gov" in roles
        and acts_as(programme, of, enrolled.enrolled.government)
    ):
        return "government"
    if programme.district and roles & DISTRICT and acts_as(programme, of, programme.district):
        return "district"
    if (case := on_team(reader, programme, cases)) is not None:
        return f"team:{case}"
    if "city" in roles:
        for case, grants in cases.items():
            if grants.city is not None and acts_as(programme, of, grants.city):
                return f"city:{case}"
    return "audit" if "auditor" in roles else None


def may_add(
    reader: Reader, programme: Programme, township: str, cases: Mapping[str, Grants]
) -> bool:
    """A clerk of the office, or a member of a team that inspects it, until its case is closed."""
    enrolled = programme.townships.get(township)
    if enrolled is None:
        return False
    own = acts_as(programme, reader.organisation, enrolled.enrolled.office)
    still = {case: grants for case, grants in cases.items() if grants.closed_on is None}
    return (own and "clerk" in reader.roles) or on_team(reader, programme, still) is not None


def on_team(reader: Reader, programme: Programme, cases: Mapping[str, Grants]) -> str | None:
    """The case on whose team one is; an officer who moved elsewhere is another person there."""
    if "member" not in reader.roles:
        return None
    for case, grants in cases.items():
        appointed_from = grants.members.get(reader.officer)
        if appointed_from and acts_as(programme, reader.organisation, appointed_from):
            return case
    return None
