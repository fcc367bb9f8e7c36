"""The officers: who served where, under which name, from when to when. Never in events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path
from pydantic import Field

from services.review.bodies import Body, Code, Line
from services.review.place import roles
from shared.contracts.refusals import Refused
from shared.store.session import LOST
from shared.store.streams import Unavailable


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


def check_postings(postings: Sequence[Posting]) -> None:
    """One place at a time. Raises Refused: `days-reversed`, `postings-overlap`."""
    for one in postings:
        if one.to_on is not None and one.to_on < one.from_on:
            raise Refused("days-reversed", of=one.post, from_on=one.from_on, to_on=one.to_on)
    ordered = sorted(postings, key=lambda one: one.from_on)
    for earlier, later in pairwise(ordered):
        if earlier.to_on is None or later.from_on <= earlier.to_on:
            raise Refused("postings-overlap", first=earlier.post, second=later.post)


class Directory:
    """Keeps the postings in this service's own table; a row never leaves it unasked."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._pool: asyncpg.Pool | None = None

    async def postings(self, officers: Sequence[str]) -> Mapping[str, list[Posting]]:
        """The postings of these officers, in the order of their days; nobody unknown is named."""
        statement = (
            "SELECT officer, organisation, post, name, from_on, to_on FROM posting"
            " WHERE officer = ANY($1) ORDER BY officer, from_on"
        )
        try:
            rows = await (await self._connected()).fetch(statement, list(officers))
        except LOST as error:
            raise Unavailable("store-unavailable") from error
        found: dict[str, list[Posting]] = {}
        for officer, *fields in rows:
            found.setdefault(officer, []).append(Posting(*fields))
        return found

    async def organisations_on(self, officers: Sequence[str], day: date) -> dict[str, str]:
        """Where each of these officers served on a day; who served nowhere is left out."""
        found = await self.postings(officers)
        served = {officer: organisation_on(held, day) for officer, held in found.items()}
        return {officer: where for officer, where in served.items() if where is not None}

    async def replace(self, officer: str, postings: Sequence[Posting]) -> None:
        """Put an officer's postings in place of all earlier ones, whole or not at all."""
        check_postings(postings)
        rows = [
            (officer, one.from_on, one.to_on, one.organisation, one.post, one.name)
            for one in postings
        ]
        try:
            async with (await self._connected()).acquire() as connection, connection.transaction():
                # Two who replace the same officer at once would otherwise mix their rows.
                await connection.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", officer
                )
                await connection.execute("DELETE FROM posting WHERE officer = $1", officer)
                await connection.executemany(
                    "INSERT INTO posting (officer, from_on, to_on, organisation, post, name)"
                    " VALUES ($1, $2, $3, $4, $5, $6)",
                    rows,
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
    from_on: date
    to_on: date | None = None


class OfficerBody(Body):
    """All postings of an officer; what is not in it is forgotten."""

    postings: Annotated[tuple[PostingBody, ...], Field(min_length=1, max_length=100)]


Officer = Annotated[str, Path(pattern=r"^[A-Za-z0-9._~|@+=-]{1,100}$")]


def officers(directory: Directory) -> APIRouter:
    """Endpoint 31."""
    router = APIRouter(prefix="/v1/officers", tags=["directory"])

    @router.get("/{officer}", dependencies=roles("officer", "leader", "auditor"))
    async def read(officer: Officer) -> OfficerBody:
        """Where an officer served, and as what."""
        held = (await directory.postings([officer])).get(officer)
        if held is None:
            raise Refused("officer-not-found", officer=officer)
        return OfficerBody(postings=tuple(_shown(one) for one in held))

    @router.put("/{officer}", dependencies=roles("officer"))
    async def write(officer: Officer, body: OfficerBody) -> OfficerBody:
        """Enter an officer, whole."""
        await directory.replace(
            officer,
            [
                Posting(one.organisation, one.post, one.name, one.from_on, one.to_on)
                for one in body.postings
            ],
        )
        return body

    return router


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
