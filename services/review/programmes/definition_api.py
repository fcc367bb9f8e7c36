"""The parts of a programme over HTTP: what is published, when things happen, who takes part."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.review.bodies import (
    BatchBody,
    CalendarBody,
    DueBody,
    LeavingBody,
    PhaseDaysBody,
    RulesBody,
    StandardBody,
    TownshipBody,
    drafted,
)
from services.review.place import Code
from services.review.programmes.allowed import ACTS
from services.review.programmes.definition import (
    BatchDraft,
    CalendarDraft,
    RulesDraft,
    StandardDraft,
    TownshipDraft,
)
from services.review.programmes.place import Came, read, record
from services.review.programmes.programme import enrol_township, withdraw_township
from services.review.programmes.publishing import publish_calendar, publish_rules, publish_standard
from services.review.programmes.schedule import (
    announce_batch,
    phase_moves,
    reschedule_phase,
    reschedule_target,
    target_moves,
)
from shared.clock import civil_day
from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    PhaseRescheduled,
    RulesPublished,
    StandardPublished,
    TargetRescheduled,
    TownshipEnrolled,
)
from shared.store.log import Log
from shared.web.auth import ROLES, roles
from shared.web.commands import Written

Year = Annotated[int, Path(ge=2000, le=2200)]


def definition_routes(log: Log) -> APIRouter:
    """Standards, rules, calendars, batches, days that move, and townships."""
    router = APIRouter()

    @router.get("/{programme}/standards", dependencies=roles(*ROLES))
    async def standards(programme: Code) -> list[StandardPublished]:
        """Every version, whole."""
        return list((await read(log, programme))[1].standards)

    @router.post("/{programme}/standards", status_code=201, dependencies=roles(*ACTS["standards"]))
    async def standard(came: Came, body: StandardBody) -> Written:
        """Publish the next version, in force from the next midnight at the earliest."""
        draft, today = drafted(body, StandardDraft), civil_day(log.clock())
        return await record(
            log,
            came,
            body,
            lambda state, site: publish_standard(state, draft, today=today, site=site),
            made="standards",
        )

    @router.get("/{programme}/rules", dependencies=roles(*ROLES))
    async def rules(programme: Code) -> list[RulesPublished]:
        """Every version of every kind."""
        return list((await read(log, programme))[1].rules)

    @router.post("/{programme}/rules", status_code=201, dependencies=roles(*ACTS["rules"]))
    async def rule(came: Came, body: RulesBody) -> Written:
        """Publish the next version of one kind."""
        draft = drafted(body, RulesDraft)
        return await record(
            log,
            came,
            body,
            lambda state, site: publish_rules(state, draft, site=site),
            made="rules",
        )

    @router.get("/{programme}/calendars/{year}", dependencies=roles(*ROLES))
    async def calendars(programme: Code, year: Year) -> list[CalendarPublished]:
        """What was published for a year, the last of it being in force."""
        return [one for one in (await read(log, programme))[1].calendars if one.year == year]

    @router.put(
        "/{programme}/calendars/{year}", status_code=201, dependencies=roles(*ACTS["calendars"])
    )
    async def calendar(came: Came, year: Year, body: CalendarBody) -> Written:
        """Publish a year's working days, whole; deadlines set before keep their days."""
        draft = drafted(body, CalendarDraft, year=year)
        return await record(
            log,
            came,
            body,
            lambda state, site: publish_calendar(state, draft, site=site),
            made=f"calendars/{year}",
        )

    @router.get("/{programme}/batches", dependencies=roles(*ROLES))
    async def batches(programme: Code) -> list[BatchAnnounced]:
        """Every batch."""
        return list((await read(log, programme))[1].batches.values())

    @router.post("/{programme}/batches", status_code=201, dependencies=roles(*ACTS["batches"]))
    async def batch(came: Came, body: BatchBody) -> Written:
        """Announce a batch."""
        draft = drafted(body, BatchDraft)
        return await record(
            log,
            came,
            body,
            lambda state, site: announce_batch(state, draft, site=site),
            made="batches",
        )

    @router.get("/{programme}/phases/{phase}/reschedulings", dependencies=roles(*ROLES))
    async def phase_history(programme: Code, phase: Code) -> list[PhaseRescheduled]:
        """Every time that a phase was given other days."""
        return phase_moves((await read(log, programme))[1], phase)

    @router.post(
        "/{programme}/phases/{phase}/reschedulings",
        status_code=201,
        dependencies=roles(*ACTS["reschedulings"]),
    )
    async def move_phase(came: Came, phase: Code, body: PhaseDaysBody) -> Written:
        """Give a phase other days."""
        today = civil_day(log.clock())
        return await record(
            log,
            came,
            body,
            lambda state, site: reschedule_phase(
                state,
                phase,
                from_on=body.from_on,
                to_on=body.to_on,
                reason=body.reason,
                today=today,
                site=site,
            ),
            made=f"phases/{phase}/reschedulings",
        )

    @router.get("/{programme}/targets/{target}/reschedulings", dependencies=roles(*ROLES))
    async def target_history(programme: Code, target: Code) -> list[TargetRescheduled]:
        """Every time that a target was moved."""
        return target_moves((await read(log, programme))[1], target)

    @router.post(
        "/{programme}/targets/{target}/reschedulings",
        status_code=201,
        dependencies=roles(*ACTS["reschedulings"]),
    )
    async def move_target(came: Came, target: Code, body: DueBody) -> Written:
        """Move the day a target is due, while that day has not passed."""
        today = civil_day(log.clock())
        return await record(
            log,
            came,
            body,
            lambda state, site: reschedule_target(
                state, target, due_on=body.due_on, reason=body.reason, today=today, site=site
            ),
            made=f"targets/{target}/reschedulings",
        )

    @router.get("/{programme}/townships", dependencies=roles(*ROLES))
    async def townships(programme: Code) -> list[TownshipEnrolled]:
        """Every township that takes part now."""
        return list((await read(log, programme))[1].townships.values())

    @router.post("/{programme}/townships", status_code=201, dependencies=roles(*ACTS["townships"]))
    async def enrol(came: Came, body: TownshipBody) -> Written:
        """Take a township in."""
        draft = drafted(body, TownshipDraft)
        return await record(
            log,
            came,
            body,
            lambda state, site: enrol_township(state, draft, site=site),
            made="townships",
        )

    @router.post(
        "/{programme}/townships/{township}/withdrawal",
        status_code=201,
        dependencies=roles(*ACTS["withdrawal"]),
    )
    async def withdraw(came: Came, township: Code, body: LeavingBody) -> Written:
        """Let a township go."""
        return await record(
            log,
            came,
            body,
            lambda state, site: withdraw_township(
                state, township, reason=body.reason, successor=body.successor, site=site
            ),
            made="townships",
        )

    return router
