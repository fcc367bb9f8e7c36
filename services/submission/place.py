"""Whose dossier a request is about, who stands before it, and how a decision is taken there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import Depends, Path, Request

from services.submission import programmes
from services.submission.access import acts_for_office
from services.submission.dossier import Dossier
from services.submission.programmes import Programme
from shared.clock import civil_day
from shared.contracts.blocks import TownshipSite
from shared.contracts.dossier import DossierEvent
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Auth, Principal, allow
from shared.web.bodies import ActBody
from shared.web.commands import Written, answer, command

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("6f1f2a39-6d0c-5c0e-9b8a-2a6a6e4c7a11")

Code = Annotated[bodies.Code, Path()]
Part = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]
Wish = Annotated[Command, Depends(command)]
Decision = Callable[[Dossier, Programme, TownshipSite], Sequence[DossierEvent]]
Gate = Callable[[Principal, Programme, str], object]


@dataclass(frozen=True, slots=True)
class Place:
    """One township's dossier, and who stands before it."""

    programme: str
    township: str
    principal: Principal

    @property
    def stream(self) -> Stream:
        return Stream("dossier", f"{self.programme}/{self.township}")

    @property
    def path(self) -> str:
        return f"/v1/dossiers/{self.programme}/{self.township}"


async def place(request: Request, programme: Code, township: Code) -> Place:
    """The dossier of the path; the route's `roles` are checked beside it."""
    auth: Auth = request.app.state.auth
    return Place(programme, township, await auth.principal(request))


Here = Annotated[Place, Depends(place)]


def roles(*names: str) -> list[Any]:
    """The dependencies of a route that takes one of these roles."""
    return [Depends(allow(*names))]


async def programme_of(log: Log, code: str) -> Programme:
    """The programme as heard so far; Refused("unknown-programme")."""
    _, programme = await log.state(Stream("programme", code))
    return programmes.known(programme, code)


async def act(
    log: Log,
    here: Place,
    wish: Command,
    body: ActBody,
    decision: Decision,
    gate: Gate = acts_for_office,
) -> Written:
    """Take a decision in a dossier, on the day the body says or today, if `gate` lets one pass."""
    on = body.effective_on or civil_day(log.clock())

    def decide(dossier: Dossier, programme: Programme) -> Sequence[DossierEvent]:
        programmes.known(programme, here.programme)
        gate(here.principal, programme, here.township)
        site = programmes.site(
            programme,
            here.township,
            on,
            backdated_reason=body.backdated_reason,
            document=body.document,
        )
        return decision(dossier, programme, site)

    reading = [Stream("programme", here.programme)]
    return answer(await log.decide(wish, here.stream, decide, reading=reading))


def name_of(wish: Command, part: str = "") -> str:
    """The id of what a command makes; of several, by `part`."""
    return str(uuid5(_MADE_BY, f"{wish.key}#{part}"))
