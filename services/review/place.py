"""Which case a request is about, who stands before it, and how a decision is taken there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import Depends, Path, Response

from services.review.access import RIGHTS, TOWNSHIP, for_city, permit
from services.review.applications import Applications
from services.review.bodies import ActBody
from services.review.case import Case
from services.review.programmes.programme import Programme, known
from shared.clock import civil_day
from shared.contracts.blocks import Mark, ProgrammeSite
from shared.contracts.case import CaseEvent
from shared.contracts.refusals import Refused
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Principal, Who
from shared.web.commands import Wish, Written, answer, created, decision

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("1c0f5c9e-7d4a-5b8e-9a59-52f3b8f0d7a2")

# How many subjects one page holds.
AT_ONCE = 100
# A code inside a longer text, such as the place where a page begins.
CODE = "[A-Za-z0-9-]{1,60}"
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


async def place(programme: Code, township: Code, round: Round, who: Who) -> Place:
    """The case of the path."""
    return Place(programme, township, round, who)


Here = Annotated[Place, Depends(place)]


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody came to a case for, under which key, and where they are answered."""

    here: Place
    wish: Command
    response: Response


async def errand(here: Here, wish: Wish, response: Response) -> Errand:
    """The command that came to the case of the path."""
    return Errand(here, wish, response)


async def deciding(here: Here, wish: Seen, response: Response) -> Errand:
    """Such a command of somebody who says which version of the case they saw."""
    return Errand(here, wish, response)


Came = Annotated[Errand, Depends(errand)]
CameToDecide = Annotated[Errand, Depends(deciding)]


async def record(
    log: Log, right: str, came: Errand, body: ActBody, decision: Decision, *, made: str = ""
) -> Written:
    """Take a decision in a case, on the day the body says or today, where the right is one's own.

    Answered with 201; `made` is the address beneath the case of what it made, by default the
    right's own name.
    """
    here, wish = came.here, came.wish
    if RIGHTS[right].whose == "city":
        wish = await on_behalf(log, here.programme, here.principal, wish)
    site = body.site(here.programme, civil_day(log.clock()))

    def decide(case: Case, programme: Programme, applications: Applications) -> Sequence[CaseEvent]:
        known(programme, here.programme)
        if case.opened is None:
            raise Refused("case-unknown")
        permit(right, here.principal, programme, here.programme)
        behalf = wish.on_behalf_of
        return decision(Scene(here.principal, case, programme, applications, site, behalf))

    on, *reading = here.streams
    written = answer(await log.decide(wish, on, decide, reading=reading))
    return created(came.response, f"{here.path}/{made or right}", written)


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
