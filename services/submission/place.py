"""Whose dossier a request is about, who stands before it, and how a decision is taken there."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import Depends, Path, Response

from services.submission import programmes
from services.submission.access import Right, Side, acting_side, may_read
from services.submission.bodies import AssessmentBody, EvidencedBody
from services.submission.dossier import Dossier
from services.submission.evidence.held import held
from services.submission.programmes import Programme
from shared.clock import civil_day
from shared.contracts.blocks import Evidence, TownshipSite
from shared.contracts.dossier import DossierEvent
from shared.contracts.programme import StandardPublished
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Principal, Who, roles
from shared.web.bodies import ActBody
from shared.web.commands import Wish, Written, answer, created

# Names what a command makes, so that the same key always names the same thing.
_MADE_BY = UUID("6f1f2a39-6d0c-5c0e-9b8a-2a6a6e4c7a11")

Code = Annotated[bodies.Code, Path()]
Part = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


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


async def place(programme: Code, township: Code, who: Who) -> Place:
    """The dossier of the path."""
    return Place(programme, township, who)


Here = Annotated[Place, Depends(place)]


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody came to a dossier for, under which key, and where they are answered."""

    here: Place
    wish: Command
    response: Response


async def errand(here: Here, wish: Wish, response: Response) -> Errand:
    """The command that came to the dossier of the path."""
    return Errand(here, wish, response)


Came = Annotated[Errand, Depends(errand)]


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a decision is taken from: what is known, on which day, by whom on whose side."""

    dossier: Dossier
    programme: Programme
    site: TownshipSite
    officer: str
    side: Side
    evidence: tuple[Evidence, ...] = ()
    """What the act shows, as it is kept here."""

    @property
    def standard(self) -> StandardPublished:
        """The one in force on the day; Refused("no-standard-in-force")."""
        return programmes.standard_in_force(self.programme, self.site["effective_on"])


Decision = Callable[[Scene], Sequence[DossierEvent]]


def route(right: Right) -> dict[str, Any]:
    """Where an act is done and which roles it takes: `@router.post(**route(PLAN))`."""
    return {
        "path": f"/{{programme}}/{{township}}/{right.path}",
        "status_code": 201,
        "dependencies": roles(*right.sides),
    }


async def programme_of(log: Log, code: str) -> Programme:
    """The programme as heard so far; Refused("unknown-programme")."""
    _, programme = await log.state(Stream("programme", code))
    return programmes.known(programme, code)


async def read(log: Log, here: Place, response: Response) -> tuple[Programme, int, Dossier]:
    """The dossier of whoever may read it; the answer says which version that is."""
    programme = await programme_of(log, here.programme)
    may_read(here.principal, programme, here.township)
    version, dossier = await log.state(here.stream)
    response.headers["ETag"] = f'"{version}"'
    return programme, version, dossier


async def dossiers_of(
    log: Log, programme: Programme, *, township: str = "", after: str, limit: int
) -> tuple[list[tuple[str, int, Dossier]], bool]:
    """A page of dossiers by the code of their township, and whether more follow.

    Every enrolled township whose code begins with `township` has one, begun or not.
    """
    codes = sorted(
        code for code in programme.townships if code.startswith(township) and code > after
    )
    page = codes[:limit]
    states = await asyncio.gather(
        *(log.state(Stream("dossier", f"{programme.code}/{code}")) for code in page)
    )
    rows = [(code, version, state) for code, (version, state) in zip(page, states, strict=True)]
    return rows, len(codes) > limit


async def record(
    log: Log, right: Right, came: Errand, body: ActBody, decision: Decision, *, made: str
) -> Written:
    """Take a decision in a dossier, on the day the body says or today.

    Answered with 201; `made` is the address beneath the dossier of what it made. Files that the
    body names must be the office's own: `evidence-unknown`, `evidence-erased-before`,
    `evidence-differs`.
    """
    here, on = came.here, body.effective_on or civil_day(log.clock())
    files = body.evidence if isinstance(body, EvidencedBody) else ()
    marks = (body.marks or ()) if isinstance(body, AssessmentBody) else ()
    kept = await held(log, here.programme, here.township, files, marks)

    def decide(dossier: Dossier, programme: Programme) -> Sequence[DossierEvent]:
        programmes.known(programme, here.programme)
        side = acting_side(here.principal, programme, here.township, right)
        site = programmes.site(
            programme,
            here.township,
            on,
            backdated_reason=body.backdated_reason,
            document=body.document,
            after_leaving=right.after_leaving,
        )
        kept.marked(marks)
        evidence = kept.named(files)
        officer = here.principal.officer
        return decision(Scene(dossier, programme, site, officer, side, evidence))

    reading = [Stream("programme", here.programme)]
    written = answer(await log.decide(came.wish, here.stream, decide, reading=reading))
    return created(came.response, f"{here.path}/{made}", written)


def name_of(wish: Command, part: str = "") -> str:
    """The id of what a command makes; of several, by `part`."""
    return str(uuid5(_MADE_BY, f"{wish.key}#{part}"))
