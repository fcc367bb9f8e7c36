"""Which case a request is about, who stands before it, and how a decision is taken there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import Depends, Path, Request

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
from shared.web.auth import Auth, Principal, allow, own_office
from shared.web.commands import Written, answer, command

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("1c0f5c9e-7d4a-5b8e-9a59-52f3b8f0d7a2")

# Who may schedule a visit and put it on record: the team's members, or whoever acts for the city.
VISITORS = ("member", "officer", "city")

# How many subjects one page holds.
AT_ONCE = 100
# A code inside a longer text, such as the place where a page begins.
CODE = "[A-Za-z0-9-]{1,60}"
Code = Annotated[bodies.Code, Path()]
Round = Annotated[int, Path(ge=1, le=9999)]
Wish = Annotated[Command, Depends(command)]


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
    """All that a decision about a case looks at."""

    principal: Principal
    case: Case
    programme: Programme
    applications: Applications
    site: ProgrammeSite

    @property
    def own_marks(self) -> dict[str, Mark]:
        """The office's own marks, by item."""
        opened = self.case.opened
        return dict(self.applications.marks(opened.application_id)) if opened else {}


Decision = Callable[[Scene], Sequence[CaseEvent]]


async def who(request: Request) -> Principal:
    """Who asks; the route's `roles` are checked beside it."""
    auth: Auth = request.app.state.auth
    return await auth.principal(request)


Who = Annotated[Principal, Depends(who)]


async def place(programme: Code, township: Code, round: Round, principal: Who) -> Place:
    return Place(programme, township, round, principal)


Here = Annotated[Place, Depends(place)]


def roles(*names: str) -> list[Any]:
    """The dependencies of a route that takes one of these roles."""
    return [Depends(allow(*names))]


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
    """Only for the district whose programme it is; else Refused("other-organisation")."""
    own_office(principal, known(programme, code).district.organisation)


def for_city(principal: Principal, programme: Programme, code: str) -> str | None:
    """None where the city acts itself, its id where the district records on its behalf.

    Raises Refused("other-organisation") for anybody else.
    """
    opened = known(programme, code)
    city = opened.city.organisation
    if "city" in principal.roles and principal.organisation == city:
        return None
    if "officer" in principal.roles and principal.organisation == opened.district.organisation:
        return city
    raise Refused("other-organisation", organisation=city)


async def on_behalf(log: Log, code: str, principal: Principal, wish: Command) -> Command:
    """The wish of whoever acts for the city, in its name where that is the district.

    Asked before the decision, since no event of it may lack the name; districts and cities never
    change once their programme is open. Raises what `for_city` raises.
    """
    _, programme = await log.state(Stream("programme", code))
    return replace(wish, on_behalf_of=for_city(principal, programme, code))


def name_of(wish: Command) -> str:
    """The id of what a command makes."""
    return str(uuid5(_MADE_BY, wish.key))
