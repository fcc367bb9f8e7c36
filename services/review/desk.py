"""Who may do what in a case, and how it is done there.

One table, asked by each route and by whoever greys a page's button: they cannot disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from fastapi import Response

from services.review.bodies import ActBody
from services.review.place import (
    Decision,
    Place,
    Scene,
    act,
    for_city,
    is_district,
    known,
    of_district,
    on_behalf,
)
from services.review.programme import Programme
from shared.contracts.case import CaseEvent
from shared.contracts.refusals import Refused
from shared.store.command import Command
from shared.store.log import Log
from shared.web.auth import Principal, roles
from shared.web.commands import Written, created

DISTRICT = ("officer", "leader")


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
    "vetoes": Right((*DISTRICT, "city"), "bureaus"),
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


def allowed(*names: str) -> list[Any]:
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


@dataclass(frozen=True, slots=True)
class Desk:
    """Where acts in cases are taken: leave is asked, the decision taken, the answer given."""

    log: Log

    async def take(
        self,
        name: str,
        here: Place,
        wish: Command,
        body: ActBody,
        response: Response,
        decision: Decision,
        *,
        at: str | None = None,
    ) -> Written:
        """201 with the address `at` under the case, by default the act's own name."""
        if RIGHTS[name].whose == "city":
            wish = await on_behalf(self.log, here.programme, here.principal, wish)

        def decide(scene: Scene) -> Sequence[CaseEvent]:
            permit(name, scene.principal, scene.programme, here.programme)
            return decision(replace(scene, on_behalf_of=wish.on_behalf_of))

        written = await act(self.log, here, wish, body, decide)
        return created(response, f"{here.path}/{at or name}", written)
