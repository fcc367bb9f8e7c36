"""Who asks: which office, government, district or city of a programme, and what they may read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.projection.desks import Desk
from services.projection.models.timeline import township_of
from services.projection.picture import Picture
from shared.contracts.case import ConsensusRecorded, MarksRecorded
from shared.contracts.programme import Opened, TownshipEnrolled
from shared.contracts.refusals import Refused
from shared.messaging.reactions import Received
from shared.web.auth import Principal

DEFINING = ("fuyan.programme.opened.v1", "fuyan.programme.township-enrolled.v1")
"""Which events `bodies` is made of."""

# These read of every programme, as they do on the topics and in the feed.
OF_ALL = frozenset({"bureau", "integrator", "auditor"})
DISTRICT = frozenset({"officer", "leader"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Which organisation has which part in a programme, whoever took its place since."""

    district: str
    city: str
    offices: Mapping[str, str]
    governments: Mapping[str, str]

    def oversees(self, principal: Principal) -> bool:
        """Whether they act for the programme's own district."""
        return bool(principal.roles & DISTRICT) and principal.organisation == self.district

    def own(self, principal: Principal) -> frozenset[str]:
        """The townships for which somebody acts: in their office, or in their government."""
        parts = []
        if principal.roles & {"clerk", "head"}:
            parts.append(self.offices)
        if "gov" in principal.roles:
            parts.append(self.governments)
        return frozenset(
            township
            for part in parts
            for township, organisation in part.items()
            if organisation == principal.organisation
        )


def bodies(picture: Picture, defining: Iterable[Received]) -> Bodies:
    """As of the day of the picture, from the events of `DEFINING` up to it."""
    district = city = ""
    governments: dict[str, str] = {}
    for one in defining:
        match one.event:
            case Opened(district=by, city=over):
                district, city = _now(picture, by.organisation), _now(picture, over.organisation)
            case TownshipEnrolled(township=township, government=government):
                governments[township] = _now(picture, government)
    return Bodies(
        district=district,
        city=city,
        offices={one.code: one.office.organisation for one in picture.townships},
        governments=governments,
    )


def may_read(
    principal: Principal, event: Received, bodies: Bodies, desks: Mapping[str, Desk]
) -> bool:
    """Whether the whole of an event is for them; `desks` are of the event's township.

    A member's marks are nobody else's before the team has agreed, or marks would follow marks. The
    office sees no mark of the team's before the district has decided, and the city sees what was
    recommended to it.
    """
    township = township_of(event)
    if township is None or event.record.context == "programme" or principal.roles & OF_ALL:
        return True
    desk = desks.get(event.record.subject, Desk())
    seats = [desk] if event.record.context == "case" else list(desks.values())
    match event.event:
        case MarksRecorded(officer=officer) if not desk.agreed:
            return "member" in principal.roles and officer == principal.officer
    if bodies.oversees(principal):
        return True
    if "city" in principal.roles and principal.organisation == bodies.city:
        return any(one.recommended for one in seats)
    if township in bodies.own(principal):
        return desk.decided or not isinstance(event.event, MarksRecorded | ConsensusRecorded)
    return "member" in principal.roles and any(principal.officer in one.members for one in seats)


def check_oversees(principal: Principal, bodies: Bodies) -> None:
    """For the programme's own district, and auditors; else Refused("other-organisation")."""
    if "auditor" not in principal.roles and not bodies.oversees(principal):
        raise Refused("other-organisation", organisation=bodies.district)


def _now(picture: Picture, organisation: str) -> str:
    return picture.programme.body(organisation, picture.on).organisation
