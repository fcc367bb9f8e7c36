"""The programmes over HTTP."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from services.review import programme as decisions
from services.review.bodies import (
    ActBody,
    BatchBody,
    CalendarBody,
    DefinitionBody,
    EndBody,
    LeavingBody,
    RulesBody,
    StandardBody,
    TownshipBody,
    drafted,
)
from services.review.definition import (
    BatchDraft,
    CalendarDraft,
    RulesDraft,
    StandardDraft,
    TownshipDraft,
)
from services.review.place import AT_ONCE, CODE, Code, Who, Wish, known, of_district, roles
from services.review.programme import Programme
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    Closed,
    Opened,
    ProgrammeEvent,
    RulesPublished,
    StandardPublished,
    TownshipEnrolled,
)
from shared.store.command import Command
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import ROLES, Principal, own_office
from shared.web.commands import Written, answer, created

Act = Callable[[Programme, ProgrammeSite], Sequence[ProgrammeEvent]]


class ProgrammeView(BaseModel):
    """A programme as it stands, with the standard and rules in force on the day asked about."""

    programme: str
    version: int
    opened: Opened
    standard: StandardPublished | None
    rules: list[RulesPublished]
    calendars: list[CalendarPublished]
    batches: list[BatchAnnounced]
    townships: list[TownshipEnrolled]
    closed: Closed | None


class ProgrammeRows(BaseModel):
    """A page of programmes; `next` is the `after` of the following page."""

    programmes: list[Opened]
    next: str | None


def programmes(log: Log) -> APIRouter:
    """Endpoints 20-24 and 27-29, and the end of a programme."""
    router = APIRouter(prefix="/v1/programmes", tags=["programmes"])

    async def read(code: str) -> tuple[int, Programme]:
        version, programme = await log.state(Stream("programme", code))
        known(programme, code)
        return version, programme

    async def act(
        code: str, principal: Principal, wish: Command, body: ActBody, decision: Act
    ) -> Written:
        site = body.site(code, civil_day(log.clock()))

        def decide(programme: Programme) -> Sequence[ProgrammeEvent]:
            of_district(principal, programme, code)
            return decision(programme, site)

        return answer(await log.decide(wish, Stream("programme", code), decide))

    @router.get("", dependencies=roles(*ROLES))
    async def programmes(
        after: Annotated[str, Query(pattern=f"^({CODE})?$")] = "",
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE,
    ) -> ProgrammeRows:
        """Every programme that was opened."""
        codes = await log.subjects("programme", after=after, limit=limit)
        read_ = await asyncio.gather(*(read(code) for code in codes))
        opened = [programme.opened for _, programme in read_]
        return ProgrammeRows(
            programmes=[one for one in opened if one is not None],
            next=codes[-1] if len(codes) == limit else None,
        )

    @router.post("", status_code=201, dependencies=roles("officer"))
    async def open_(body: DefinitionBody, who: Who, wish: Wish, response: Response) -> Written:
        """Open a programme with all that belongs to it, in one append."""
        own_office(who, body.district.organisation)
        definition = body.definition()
        site = body.site(body.code, civil_day(log.clock()))
        written = await log.decide(
            wish,
            Stream("programme", body.code),
            lambda programme: decisions.open_programme(programme, definition, site=site),
        )
        return created(response, f"/v1/programmes/{body.code}", answer(written))

    @router.get("/{programme}", dependencies=roles(*ROLES))
    async def programme(
        programme: Code, response: Response, as_of: date | None = None
    ) -> ProgrammeView:
        """The definition as it stands; `as_of` chooses the day of standard and rules."""
        version, state = await read(programme)
        day = as_of or civil_day(log.clock())
        response.headers["ETag"] = f'"{version}"'
        latest = {one.year: one for one in state.calendars}
        in_force = [
            state.rules_on(kind, day) for kind in ("ranking", "risk", "reward", "deadlines")
        ]
        return ProgrammeView(
            programme=programme,
            version=version,
            opened=known(state, programme),
            standard=state.standard_on(day),
            rules=[one for one in in_force if one is not None],
            calendars=[latest[year] for year in sorted(latest)],
            batches=list(state.batches.values()),
            townships=list(state.townships.values()),
            closed=state.closed,
        )

    @router.get("/{programme}/standards", dependencies=roles(*ROLES))
    async def standards(programme: Code) -> list[StandardPublished]:
        """Every version, whole."""
        return list((await read(programme))[1].standards)

    @router.post("/{programme}/standards", status_code=201, dependencies=roles("leader"))
    async def publish_standard(
        programme: Code, body: StandardBody, who: Who, wish: Wish, response: Response
    ) -> Written:
        """Publish the next version, in force from the next midnight at the earliest."""
        draft, today = drafted(body, StandardDraft), civil_day(log.clock())
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.publish_standard(state, draft, today=today, site=site),
        )
        return created(response, f"/v1/programmes/{programme}/standards", written)

    @router.get("/{programme}/rules", dependencies=roles(*ROLES))
    async def rules(programme: Code) -> list[RulesPublished]:
        """Every version of every kind."""
        return list((await read(programme))[1].rules)

    @router.post("/{programme}/rules", status_code=201, dependencies=roles("leader"))
    async def publish_rules(
        programme: Code, body: RulesBody, who: Who, wish: Wish, response: Response
    ) -> Written:
        """Publish the next version of one kind."""
        draft = drafted(body, RulesDraft)
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.publish_rules(state, draft, site=site),
        )
        return created(response, f"/v1/programmes/{programme}/rules", written)

    @router.put("/{programme}/calendars/{year}", status_code=201, dependencies=roles("officer"))
    async def publish_calendar(
        programme: Code,
        year: Annotated[int, Path(ge=2000, le=2200)],
        body: CalendarBody,
        who: Who,
        wish: Wish,
        response: Response,
    ) -> Written:
        """Publish a year's working days, whole; deadlines set before keep their days."""
        draft = drafted(body, CalendarDraft, year=year)
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.publish_calendar(state, draft, site=site),
        )
        return created(response, f"/v1/programmes/{programme}/calendars/{year}", written)

    @router.get("/{programme}/calendars/{year}", dependencies=roles(*ROLES))
    async def calendars(
        programme: Code, year: Annotated[int, Path(ge=2000, le=2200)]
    ) -> list[CalendarPublished]:
        """What was published for a year, the last of it being in force."""
        return [one for one in (await read(programme))[1].calendars if one.year == year]

    @router.get("/{programme}/batches", dependencies=roles(*ROLES))
    async def batches(programme: Code) -> list[BatchAnnounced]:
        """Every batch."""
        return list((await read(programme))[1].batches.values())

    @router.post("/{programme}/batches", status_code=201, dependencies=roles("officer"))
    async def announce(
        programme: Code, body: BatchBody, who: Who, wish: Wish, response: Response
    ) -> Written:
        """Announce a batch."""
        draft = drafted(body, BatchDraft)
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.announce_batch(state, draft, site=site),
        )
        return created(response, f"/v1/programmes/{programme}/batches", written)

    @router.get("/{programme}/townships", dependencies=roles(*ROLES))
    async def townships(programme: Code) -> list[TownshipEnrolled]:
        """Every township that takes part now."""
        return list((await read(programme))[1].townships.values())

    @router.post("/{programme}/townships", status_code=201, dependencies=roles("officer"))
    async def enrol(
        programme: Code, body: TownshipBody, who: Who, wish: Wish, response: Response
    ) -> Written:
        """Take a township in."""
        draft = drafted(body, TownshipDraft)
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.enrol_township(state, draft, site=site),
        )
        return created(response, f"/v1/programmes/{programme}/townships", written)

    @router.post(
        "/{programme}/townships/{township}/withdrawal",
        status_code=201,
        dependencies=roles("leader"),
    )
    async def withdraw(
        programme: Code,
        township: Code,
        body: LeavingBody,
        who: Who,
        wish: Wish,
        response: Response,
    ) -> Written:
        """Let a township go."""
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.withdraw_township(
                state, township, reason=body.reason, successor=body.successor, site=site
            ),
        )
        return created(response, f"/v1/programmes/{programme}/townships", written)

    @router.post("/{programme}/closure", status_code=201, dependencies=roles("leader"))
    async def close(
        programme: Code, body: EndBody, who: Who, wish: Wish, response: Response
    ) -> Written:
        """End the programme."""
        written = await act(
            programme,
            who,
            wish,
            body,
            lambda state, site: decisions.close(
                state, achieved=body.achieved, reason=body.reason, site=site
            ),
        )
        return created(response, f"/v1/programmes/{programme}", written)

    return router
