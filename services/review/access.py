"""Who may read a case, and who may do what in it.

One table of acts, asked by each route and by whoever greys a page's button: they cannot disagree.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from services.review.case import Case
from services.review.programmes.programme import Programme, known
from shared.contracts.refusals import Refused
from shared.web.auth import Principal, roles

DISTRICT = frozenset({"officer", "leader"})
OFFICE = frozenset({"clerk", "head"})
TOWNSHIP = OFFICE | {"gov"}


class Right(NamedTuple):
    """Which roles, and of whom: the case's own team, the district, the city, or either bureau.

    The city's acts are the district's officer's, too, on its behalf.
    """

    roles: tuple[str, ...]
    whose: Literal["team", "district", "city", "bureaus"]


_VISITS, _CITY = Right(("member", "officer", "city"), "team"), Right(("city", "officer"), "city")
_LEADER = Right(("leader",), "district")

RIGHTS: Mapping[str, Right] = {
    "team": Right(("officer",), "district"),
    "recusals": Right(("member",), "team"),
    "replacements": Right(("officer",), "district"),
    "inspections": _VISITS,
    "record": _VISITS,
    "marks": Right(("member",), "team"),
    "consensus": Right(("member",), "team"),
    "vetoes": Right(("officer", "leader", "city"), "bureaus"),
    "decision": _LEADER,
    "recommendations": _LEADER,
    "city-inspections": _CITY,
    "city-record": _CITY,
    "city-marks": _CITY,
    "city-decision": _CITY,
    "recommendation-return": _CITY,
    "awards": _CITY,
    "correction": Right(("leader", "city"), "bureaus"),
    "revocation": Right(("leader", "city"), "bureaus"),
    "rewards": _LEADER,
    "payment": _LEADER,
    "cancellation": _LEADER,
    "closure": _LEADER,
}


def by_right(*names: str) -> list[Any]:
    """The dependencies of a route that these rights open."""
    return roles(*dict.fromkeys(role for name in names for role in RIGHTS[name].roles))


def permit(name: str, principal: Principal, programme: Programme, code: str) -> str | None:
    """Whether somebody may at all; the city's id where they act for it.

    Raises Refused: `role-not-allowed`, `other-organisation`, `unknown-programme`.
    """
    right = RIGHTS[name]
    if principal.roles.isdisjoint(right.roles):
        raise Refused("role-not-allowed", roles=right.roles)
    match right.whose:
        case "team":
            return None
        case "district":
            of_district(principal, programme, code)
            return None
        case "city":
            return for_city(principal, programme, code)
        case "bureaus":
            city = known(programme, code).city.organisation
            own = principal.roles.intersection(right.roles)
            in_city = "city" in own and programme.acts_as(principal.organisation, city)
            if not in_city and (own == {"city"} or not is_district(principal, programme)):
                raise Refused("other-organisation", organisation=programme.holder(city))
            return None


def may_read(principal: Principal, case: Case, programme: Programme, code: str) -> None:
    """District, city, team, auditor, and the office and government of the township itself.

    Each by a role of theirs: a clerk at the government is none of the office's.

    Raises Refused: `case-unknown`, `other-organisation`.
    """
    opening = known(programme, code)
    if case.opened is None:
        raise Refused("case-unknown")
    township = case.opened.township
    # What a township did before it left stays its government's to read.
    governments = (one.government for one, _ in programme.stays if one.township == township)

    def of(*organisations: str) -> bool:
        return any(programme.acts_as(principal.organisation, one) for one in organisations)

    allowed = (
        "auditor" in principal.roles
        or (DISTRICT & principal.roles and of(opening.district.organisation))
        or ("city" in principal.roles and of(opening.city.organisation))
        or ("member" in principal.roles and principal.officer in case.members)
        or (OFFICE & principal.roles and of(case.opened.office))
        or ("gov" in principal.roles and of(*governments))
    )
    if not allowed:
        raise Refused("other-organisation", organisation=case.opened.office)


def audited(principal: Principal, case: Case) -> bool:
    """An auditor sees every marking, unless a member of this very team: they mark alone."""
    return "auditor" in principal.roles and principal.officer not in case.members


def of_district(principal: Principal, programme: Programme, code: str) -> None:
    """Only for the district whose programme it is, or who follows it in that.

    Raises Refused("other-organisation").
    """
    opened = known(programme, code)
    if not is_district(principal, programme):
        district = programme.holder(opened.district.organisation)
        raise Refused("other-organisation", organisation=district)


def of_bureaus(principal: Principal, programme: Programme, code: str) -> None:
    """For the district, the city, and auditors; else Refused("other-organisation")."""
    opened = known(programme, code)
    bureaus = (opened.district.organisation, opened.city.organisation)
    if "auditor" not in principal.roles and not any(
        programme.acts_as(principal.organisation, one) for one in bureaus
    ):
        raise Refused("other-organisation", organisation=programme.holder(bureaus[0]))


def is_district(principal: Principal, programme: Programme) -> bool:
    """Whether somebody acts for the district whose programme it is; nobody's if never opened."""
    opened = programme.opened
    return opened is not None and programme.acts_as(
        principal.organisation, opened.district.organisation
    )


def for_city(principal: Principal, programme: Programme, code: str) -> str | None:
    """None where the city acts itself, its id where the district records on its behalf.

    Raises Refused("other-organisation") for anybody else.
    """
    city = known(programme, code).city.organisation
    if "city" in principal.roles and programme.acts_as(principal.organisation, city):
        return None
    if "officer" in principal.roles and is_district(principal, programme):
        return programme.holder(city)
    raise Refused("other-organisation", organisation=programme.holder(city))
