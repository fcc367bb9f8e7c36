"""Who asks: which office, government, district or city of a programme, and what they may read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.projection.desks import Desk
from services.projection.models.timeline import township_of
from services.projection.picture import Picture
from shared.contracts.case import MarksRecorded
from shared.contracts.programme import Opened, TownshipEnrolled
from shared.messaging.reactions import Received
from shared.web.auth import Principal

DEFINING = ("fuyan.programme.opened.v1", "fuyan.programme.township-enrolled.v1")
"""Which events `bodies` is made of."""

# These read of every township, as they do on the topics, in the feed and in the other services.
OF_ALL = frozenset({"officer", "leader", "city", "bureau", "integrator", "auditor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Which organisation has which part in a programme, whoever took its place since."""

    district: str
    city: str
    offices: Mapping[str, str]
    governments: Mapping[str, str]

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
    principal: Principal, event: Received, own: frozenset[str], desks: Mapping[str, Desk]
) -> bool:
    """Whether the whole of an event is for them; `desks` are of the event's township.

    A member's marks are nobody else's before the team has agreed, or marks would follow marks.
    """
    township = township_of(event)
    if township is None or event.record.context == "programme" or principal.roles & OF_ALL:
        return True
    desk = desks.get(event.record.subject)
    match event.event:
        case MarksRecorded(officer=officer) if desk is None or not desk.agreed:
            return "member" in principal.roles and officer == principal.officer
    if township in own:
        return True
    if "member" not in principal.roles:
        return False
    seats = [desk] if event.record.context == "case" else list(desks.values())
    return any(one is not None and principal.officer in one.members for one in seats)


def _now(picture: Picture, organisation: str) -> str:
    return picture.programme.body(organisation, picture.on).organisation
