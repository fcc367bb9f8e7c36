"""Who may read a dossier, and who may do what in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from services.submission import programmes
from services.submission.programmes import Programme
from shared.contracts.blocks import FoundBy
from shared.contracts.dossier import GoodPracticeShared
from shared.contracts.refusals import Refused
from shared.web.auth import Principal

Side = Literal["office", "government", "district"]


@dataclass(frozen=True, slots=True)
class Right:
    """To do one act: its address beneath the dossier, and the roles it takes, on whose side.

    `after_leaving`: also once the township takes part no more.
    """

    path: str
    sides: Mapping[str, Side]
    after_leaving: bool = False

    @property
    def name(self) -> str:
        """The sub-resource that it makes."""
        return self.path.rpartition("/")[2]


_HEAD: Mapping[str, Side] = {"head": "office"}
_CLERK: Mapping[str, Side] = {"clerk": "office"}
_CORRECTING: Mapping[str, Side] = {"clerk": "office", "officer": "district"}

PLAN = Right("plans", _HEAD)
ASSESS = Right("self-assessments", _CLERK)
FIND = Right("deficiencies", _CLERK)
MEND = Right("deficiencies/{deficiency_id}/rectification-plans", _CLERK)
COMPLETE = Right("deficiencies/{deficiency_id}/completion", _CLERK)
WITHDRAW_DEFICIENCY = Right("deficiencies/{deficiency_id}/withdrawal", _CORRECTING)
REOPEN = Right("deficiencies/{deficiency_id}/reopening", _CORRECTING)
REQUEST_FUNDING = Right("funding-requests", _CLERK)
DECIDE_FUNDING = Right(
    "funding-requests/{funding_id}/decision", {"clerk": "office", "gov": "government"}
)
APPLY = Right("applications", _HEAD)
# Whoever left with an application open must still be able to take it back.
WITHDRAW_APPLICATION = Right("applications/{application_id}/withdrawal", _HEAD, after_leaving=True)
SHARE = Right("good-practices", _HEAD)

_READING: Mapping[str, Side] = {
    "clerk": "office",
    "head": "office",
    "gov": "government",
    "officer": "district",
    "leader": "district",
}
READERS = (*_READING, "auditor")


def may_read(principal: Principal, programme: Programme, township: str) -> None:
    """The office and its government their own, the district and auditors any.

    Raises Refused: `township-not-enrolled`, `role-not-allowed`, `other-organisation`.
    """
    programmes.enrolment(programme, township)
    if "auditor" not in principal.roles:
        _side(principal, programme, township, _READING)


def acting_side(principal: Principal, programme: Programme, township: str, right: Right) -> Side:
    """On whose side one has the right.

    Raises Refused: `township-not-enrolled`, `role-not-allowed`, `other-organisation`.
    """
    return _side(principal, programme, township, right.sides)


def in_name_of(side: Side) -> FoundBy:
    """In whose name a deficiency is put right: the district's, or the office's own."""
    return "district" if side == "district" else "self"


def of_programme(principal: Principal, programme: Programme) -> bool:
    """Whether one's organisation has a part in the programme, whichever."""
    parties = {programme.district, programme.city}
    for one in programme.townships.values():
        if one.left_on is None:
            parties |= {one.enrolled.office, one.enrolled.government}
    return any(programmes.acts_as(programme, principal.organisation, party) for party in parties)


def taking_part(programme: Programme) -> frozenset[str]:
    """The codes of the townships that have not left."""
    return frozenset(code for code, one in programme.townships.items() if one.left_on is None)


def may_read_named(
    principal: Principal, programme: Programme, practice: GoodPracticeShared
) -> bool:
    """Whether what was shared with some townships is for this reader: also for its own, and above.

    The district and the city see the work of all; auditors read everything.
    """
    if "auditor" in principal.roles:
        return True
    parties = {programme.district, programme.city}
    for code in (practice.township, *practice.shared_with):
        if (one := programme.townships.get(code)) is not None:
            parties |= {one.enrolled.office, one.enrolled.government}
    return any(programmes.acts_as(programme, principal.organisation, party) for party in parties)


def _side(
    principal: Principal, programme: Programme, township: str, sides: Mapping[str, Side]
) -> Side:
    held = [side for role, side in sides.items() if role in principal.roles]
    if not held:
        raise Refused("role-not-allowed", roles=sorted(sides))
    for side in held:
        if programmes.acts_as(
            programme, principal.organisation, organisation(programme, township, side)
        ):
            return side
    raise Refused("other-organisation", organisation=organisation(programme, township, held[0]))


def organisation(programme: Programme, township: str, side: Side) -> str:
    """Who that is for a township, as the programme opened or enrolled it."""
    enrolled = programmes.enrolment(programme, township).enrolled
    match side:
        case "office":
            return enrolled.office
        case "government":
            return enrolled.government
        case "district":
            return programme.district
