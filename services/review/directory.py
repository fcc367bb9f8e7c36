"""The officers: who served where, under which name, from when to when. Never in events."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from services.review.access import is_district
from services.review.place import AT_ONCE
from services.review.programmes.programme import Programme
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.session import LOST
from shared.store.streams import Stream, Unavailable
from shared.web.auth import Principal, Who, roles
from shared.web.bodies import Body, Code, Day, Line


@dataclass(frozen=True, slots=True)
class Posting:
    """One officer in one organisation; both days belong to it, no `to_on` means until now."""

    organisation: str
    post: str
    name: str
    from_on: date
    to_on: date | None = None


def organisation_on(postings: Iterable[Posting], day: date) -> str | None:
    """Where an officer served on a day; None where nowhere."""
    return next((one.organisation for one in postings if _covers(one, day)), None)


def organisations_between(
    postings: Iterable[Posting], from_on: date, to_on: date
) -> dict[str, date]:
    """Every organisation that an officer served in on any of these days, with the last of them."""
    last: dict[str, date] = {}
    for one in postings:
        until = min(one.to_on or to_on, to_on)
        if max(one.from_on, from_on) <= until:
            last[one.organisation] = max(until, last.get(one.organisation, until))
    return last


def check_postings(postings: Sequence[Posting]) -> None:
    """One place at a time. Raises Refused: `days-reversed`, `postings-overlap`."""
    for one in postings:
        if one.to_on is not None and one.to_on < one.from_on:
            raise Refused("days-reversed", of=one.post, from_on=one.from_on, to_on=one.to_on)
    ordered = sorted(postings, key=lambda one: one.from_on)
    for earlier, later in pairwise(ordered):
        if earlier.to_on is None or later.from_on <= earlier.to_on:
            raise Refused("postings-overlap", first=earlier.post, second=later.post)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody once entered about an officer, whole; `number` counts from 1."""

    number: int
    recorded_at: datetime
    actor: str
    postings: tuple[Posting, ...]


Owns = Callable[[str], bool]
"""Whether what an organisation entered is one's own."""


def entered_by(statements: Sequence[Statement]) -> str:
    """The district whose officer first entered an officer: the entry stays its own."""
    return statements[0].actor.partition(":")[0]


class Directory:
    """Keeps the postings in this service's own table; a row never leaves it unasked.

    Nothing is rewritten: each entry is a new statement, and an officer's last one counts.
    """

    def __init__(self, database: str) -> None:
        self._database = database
        self._pool: asyncpg.Pool | None = None

    async def postings(self, officers: Sequence[str]) -> Mapping[str, list[Posting]]:
        """The postings of these officers, in the order of their days; nobody unknown is named."""
        statement = (
            "SELECT officer, organisation, post, name, from_on, to_on FROM posting AS one"
            " WHERE officer = ANY($1) AND statement ="
            " (SELECT max(statement) FROM posting WHERE officer = one.officer)"
            " ORDER BY officer, from_on"
        )
        try:
            rows = await (await self._connected()).fetch(statement, list(officers))
        except LOST as error:
            raise Unavailable("store-unavailable") from error
        found: dict[str, list[Posting]] = {}
        for officer, *fields in rows:
            found.setdefault(officer, []).append(Posting(*fields))
        return found

    async def statements(self, officer: str) -> list[Statement]:
        """All that was ever entered about an officer, the oldest first."""
        try:
            return await _statements(await self._connected(), officer)
        except LOST as error:
            raise Unavailable("store-unavailable") from error

    async def organisations_on(self, officers: Sequence[str], day: date) -> dict[str, str]:
        """Where each of these officers served on a day; who served nowhere is left out."""
        found = await self.postings(officers)
        served = {officer: organisation_on(held, day) for officer, held in found.items()}
        return {officer: where for officer, where in served.items() if where is not None}

    async def organisations_between(
        self, officers: Sequence[str], from_on: date, to_on: date
    ) -> dict[str, dict[str, date]]:
        """Where each of these officers served on any of these days, and until which."""
        found = await self.postings(officers)
        return {
            officer: organisations_between(held, from_on, to_on) for officer, held in found.items()
        }

    async def state(
        self, officer: str, postings: Sequence[Posting], *, actor: str, at: datetime, owns: Owns
    ) -> None:
        """Enter an officer's postings, whole or not at all; what counts already adds nothing.

        Refused("officer-not-found") where another district entered the officer.
        """
        check_postings(postings)
        ordered = tuple(sorted(postings, key=lambda one: one.from_on))
        try:
            async with (await self._connected()).acquire() as connection, connection.transaction():
                # Two who enter the same officer at once would otherwise take the same number.
                await connection.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", officer
                )
                earlier = await _statements(connection, officer)
                if earlier and not owns(entered_by(earlier)):
                    raise Refused("officer-not-found", officer=officer)
                if earlier and earlier[-1].postings == ordered:
                    return
                await connection.executemany(
                    "INSERT INTO posting (officer, statement, recorded_at, actor,"
                    " from_on, to_on, organisation, post, name)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    [
                        (
                            *(officer, len(earlier) + 1, at, actor),
                            *(one.from_on, one.to_on, one.organisation, one.post, one.name),
                        )
                        for one in ordered
                    ],
                )
        except LOST as error:
            raise Unavailable("store-unavailable") from error

    async def close(self) -> None:
        """Drop the connections at once."""
        if self._pool is not None:
            self._pool.terminate()

    async def _connected(self) -> asyncpg.Pool:
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self._database,
                min_size=0,
                max_size=2,
                timeout=5,
                command_timeout=10,
                server_settings={"application_name": "fuyan-review-directory"},
            )
        return self._pool


class PostingBody(Body):
    """A stretch of service."""

    organisation: Code
    post: Line
    name: Line
    from_on: Day
    to_on: Day | None = None


class OfficerBody(Body):
    """All postings of an officer; what is not in it counts no longer."""

    postings: Annotated[tuple[PostingBody, ...], Field(min_length=1, max_length=100)]


class StatementView(BaseModel):
    """An entry, by whom and when; the last one counts."""

    number: int
    recorded_at: datetime
    actor: str
    postings: tuple[PostingBody, ...]


Officer = Annotated[str, Path(pattern=r"^[A-Za-z0-9._~|@+=-]{1,100}$")]


def officers(log: Log, directory: Directory) -> APIRouter:
    """Who served where and when."""
    router = APIRouter(prefix="/v1/officers", tags=["directory"])

    async def entered(officer: str, who: Principal) -> list[Statement]:
        """For auditors, and for the district that entered the officer; to others there is none."""
        owns = None if "auditor" in who.roles else await _owns(log, who)
        found = await directory.statements(officer)
        if not found or (owns is not None and not owns(entered_by(found))):
            raise Refused("officer-not-found", officer=officer)
        return found

    @router.get("/{officer}", dependencies=roles("officer", "leader", "auditor"))
    async def read(officer: Officer, who: Who) -> OfficerBody:
        """Where an officer served, and as what."""
        held = (await entered(officer, who))[-1].postings
        return OfficerBody(postings=tuple(_shown(one) for one in held))

    @router.get("/{officer}/statements", dependencies=roles("officer", "leader", "auditor"))
    async def statements(officer: Officer, who: Who) -> list[StatementView]:
        """Who entered what about an officer, and when: an entry around an appointment shows."""
        return [
            StatementView(
                number=one.number,
                recorded_at=one.recorded_at,
                actor=one.actor,
                postings=tuple(_shown(posting) for posting in one.postings),
            )
            for one in await entered(officer, who)
        ]

    @router.put("/{officer}", dependencies=roles("officer"))
    async def write(officer: Officer, body: OfficerBody, who: Who) -> OfficerBody:
        """Enter an officer, whole; who was entered stays the district's that did so first."""
        await directory.state(
            officer,
            [
                Posting(one.organisation, one.post, one.name, one.from_on, one.to_on)
                for one in body.postings
            ],
            actor=who.actor,
            at=log.clock(),
            owns=await _owns(log, who),
        )
        return body

    return router


async def _owns(log: Log, who: Principal) -> Owns:
    """By the programmes that are open here under one's district: teams are drawn from these.

    Raises Refused("other-organisation") where there are none.
    """
    led: list[Programme] = []
    after: str | None = ""
    while after is not None:
        codes = await log.subjects("programme", after=after, limit=AT_ONCE)
        found = await asyncio.gather(*(log.state(Stream("programme", code)) for code in codes))
        led += [one for _, one in found if not one.closed and is_district(who, one)]
        after = codes[-1] if len(codes) == AT_ONCE else None
    if not led:
        raise Refused("other-organisation", organisation=who.organisation)
    return lambda district: any(one.acts_as(who.organisation, district) for one in led)


async def _statements(
    connection: asyncpg.Pool | asyncpg.pool.PoolConnectionProxy, officer: str
) -> list[Statement]:
    rows = await connection.fetch(
        "SELECT statement, recorded_at, actor, organisation, post, name, from_on, to_on"
        " FROM posting WHERE officer = $1 ORDER BY statement, from_on",
        officer,
    )
    found: dict[tuple[int, datetime, str], list[Posting]] = {}
    for number, recorded_at, actor, *fields in rows:
        found.setdefault((number, recorded_at, actor), []).append(Posting(*fields))
    return [Statement(*entry, tuple(postings)) for entry, postings in found.items()]


def _shown(one: Posting) -> PostingBody:
    return PostingBody(
        organisation=one.organisation,
        post=one.post,
        name=one.name,
        from_on=one.from_on,
        to_on=one.to_on,
    )


def _covers(one: Posting, day: date) -> bool:
    return one.from_on <= day and (one.to_on is None or day <= one.to_on)
