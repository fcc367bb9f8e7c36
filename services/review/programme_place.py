"""Which programme a request is about, who stands before it, and how a decision is taken there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response

from services.review.access import of_district
from services.review.bodies import ActBody
from services.review.place import Code
from services.review.programme import Programme, evolve, known
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import EVENTS, ProgrammeEvent
from shared.contracts.registry import ADAPTERS
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import Principal, Who
from shared.web.bodies import Day
from shared.web.commands import Wish, Written, answer, created

Decision = Callable[[Programme, ProgrammeSite], Sequence[ProgrammeEvent]]


@dataclass(frozen=True, slots=True)
class Place:
    """One programme, and who wants something of it."""

    programme: str
    principal: Principal
    wish: Command
    response: Response


async def place(programme: Code, principal: Who, wish: Wish, response: Response) -> Place:
    return Place(programme, principal, wish, response)


Here = Annotated[Place, Depends(place)]
AsOf = Annotated[Day | None, Query()]


async def act(log: Log, here: Place, body: ActBody, decision: Decision, *, at: str) -> Written:
    """Take a decision of the district's; what it made is to be read `at` a path below."""
    site = body.site(here.programme, civil_day(log.clock()))

    def decide(programme: Programme) -> Sequence[ProgrammeEvent]:
        of_district(here.principal, programme, here.programme)
        return decision(programme, site)

    written = await log.decide(here.wish, Stream("programme", here.programme), decide)
    return created(here.response, f"/v1/programmes/{here.programme}{at}", answer(written))


async def read(log: Log, code: str) -> tuple[int, Programme]:
    """Version and state of a programme; Refused("unknown-programme")."""
    version, programme = await log.state(Stream("programme", code))
    known(programme, code)
    return version, programme


async def read_as_of(log: Log, code: str, day: date) -> Programme:
    """The programme by what happened until the end of `day`; Refused("unknown-programme")."""
    programme = Programme()
    for record in await log.history(Stream("programme", code)):
        if record.effective_on <= day:
            event = ADAPTERS[EVENTS[record.type]].validate_json(record.data)
            programme = evolve(programme, event)
    known(programme, code)
    return programme
