"""Which case a request is about, who stands before it, and how a decision is taken there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Path

from services.review.applications import Applications
from services.review.bodies import ActBody
from services.review.case import Case
from services.review.programme import Programme
from shared.clock import civil_day
from shared.contracts.blocks import Mark, ProgrammeSite
from shared.contracts.case import CaseEvent
from shared.contracts.programme import Opened
from shared.contracts.refusals import Refused
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Principal, Who
from shared.web.commands import Written, answer, decision

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("1c0f5c9e-7d4a-5b8e-9a59-52f3b8f0d7a2")

# How many subjects one page holds.
AT_ONCE = 100
# A code inside a longer text, such as the place where a page begins.
CODE = "[A-Za-z0-9-]{1,60}"
TOWNSHIP = frozenset({"clerk", "head", "gov"})
Code = Annotated[bodies.Code, Path()]
Round = Annotated[int, Path(ge=1, le=9999)]
# A wish of somebody who says which version they saw.
Seen = Annotated[Command, Depends(decision)]


@dataclass(frozen=True, slots=True)
class Place:
    """One case, and who stands before it."""

    programme: str
    township: str
    round: int
    principal: Principal

    @property
    def case_id(self) -> str:
        return f"{self.programme}/{self.township}/{self.round}"

    @property
    def path(self) -> str:
        return f"/v1/cases/{self.case_id}"

    @property
    def streams(self) -> tuple[Stream, Stream, Stream]:
        """The case, its programme, and the dossier that its applications come from."""
        return (
            Stream("case", self.case_id),
            Stream("programme", self.programme),
            Stream("dossier", f"{self.programme}/{self.township}"),
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a decision about a case looks at.

    `on_behalf_of` is the city where the district acts for it. Whoever only looks also has the
    case of the round that was reviewed before, and those of the rounds `later`.
    """

    principal: Principal
    case: Case
    programme: Programme
    applications: Applications
    site: ProgrammeSite
    on_behalf_of: str | None = None
    previous: Case | None = None
    later: tuple[Case, ...] = ()

    @property
    def own_marks(self) -> dict[str, Mark]:
        """The office's own marks, by item."""
        opened = self.case.opened
        return dict(self.applications.marks(opened.application_id)) if opened else {}


def shows_marks(scene: Scene) -> bool:
    """Whether the team's marks are to be seen: by the office itself only after the decision."""
    decided = scene.case.stage not in ("opened", "appointed")
    return decided or not TOWNSHIP & scene.principal.roles


Decision = Callable[[Scene], Sequence[CaseEvent]]


async def place(programme: Code, township: Code, round: Round, principal: Who) -> Place:
    return Place(programme, township, round, principal)


Here = Annotated[Place, Depends(place)]


async def act(log: Log, here: Place, wish: Command, body: ActBody, decision: Decision) -> Written:
    """Take a decision in a case, on the day the body says or today."""
    site = body.site(here.programme, civil_day(log.clock()))

    def decide(case: Case, programme: Programme, applications: Applications) -> Sequence[CaseEvent]:
        known(programme, here.programme)
        if case.opened is None:
            raise Refused("case-unknown")
        return decision(Scene(here.principal, case, programme, applications, site))

    on, *reading = here.streams
    return answer(await log.decide(wish, on, decide, reading=reading))


def known(programme: Programme, code: str) -> Opened:
    """The programme's opening, or Refused("unknown-programme")."""
    if programme.opened is None:
        raise Refused("unknown-programme", programme=code)
    return programme.opened


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


async def on_behalf(log: Log, code: str, principal: Principal, wish: Command) -> Command:
    """The wish of whoever acts for the city, in its name where that is the district.

    Asked before the decision, since no event of it may lack the name; who may act for the city
    once, may always. Raises what `for_city` raises.
    """
    _, programme = await log.state(Stream("programme", code))
    return replace(wish, on_behalf_of=for_city(principal, programme, code))


def name_of(wish: Command) -> str:
    """The id of what a command makes."""
    return str(uuid5(_MADE_BY, wish.key))
