"""Which programme a request is about, who stands before it, and how a decision is taken there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response

from services.review.access import of_district
from services.review.bodies import ActBody
from services.review.place import Code
from services.review.programmes.programme import Programme, known
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import ProgrammeEvent
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import Principal, Who
from shared.web.bodies import Day
from shared.web.commands import Wish, Written, answer, created

Decision = Callable[[Programme, ProgrammeSite], Sequence[ProgrammeEvent]]


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody came to a programme for, under which key, and where they are answered."""

    programme: str
    principal: Principal
    wish: Command
    response: Response


async def errand(programme: Code, who: Who, wish: Wish, response: Response) -> Errand:
    """The command that came to the programme of the path."""
    return Errand(programme, who, wish, response)


Came = Annotated[Errand, Depends(errand)]
AsOf = Annotated[Day | None, Query()]


async def record(
    log: Log, came: Errand, body: ActBody, decision: Decision, *, made: str = ""
) -> Written:
    """Take a decision of the district's, on the day the body says or today.

    Answered with 201; `made` is the address beneath the programme of what it made, or itself.
    """
    site = body.site(came.programme, civil_day(log.clock()))

    def decide(programme: Programme) -> Sequence[ProgrammeEvent]:
        of_district(came.principal, programme, came.programme)
        return decision(programme, site)

    written = await log.decide(came.wish, Stream("programme", came.programme), decide)
    address = "/".join(filter(None, ("/v1/programmes", came.programme, made)))
    return created(came.response, address, answer(written))


async def read(log: Log, code: str) -> tuple[int, Programme]:
    """Version and state of a programme; Refused("unknown-programme")."""
    version, programme = await log.state(Stream("programme", code))
    known(programme, code)
    return version, programme


async def read_as_of(log: Log, code: str, day: date) -> Programme:
    """The programme by what happened until the end of `day`; Refused("unknown-programme")."""
    programme, aggregate = Programme(), log.aggregates["programme"]
    for record in await log.history(Stream("programme", code)):
        if record.effective_on <= day:
            programme = aggregate.read(programme, record.type, record.data)
    known(programme, code)
    return programme
