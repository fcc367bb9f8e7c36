"""All events over HTTP by one cursor, for systems that cannot speak Kafka (CloudEvents as JSON)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Self

import orjson
from fastapi import APIRouter, Depends, Query, Response

from shared.contracts.refusals import Refused
from shared.contracts.registry import SHAPES
from shared.events.envelope import Record
from shared.events.structured import structured
from shared.store.log import Log
from shared.store.schema import COLUMNS
from shared.web.auth import Principal, allow
from shared.web.bodies import Day

AT_ONCE = 500
_LIST = ", ".join(COLUMNS)
_PAGE = (
    "SELECT {place}, " + _LIST + " FROM {table} WHERE {place} > $1 AND {place} <= $2"  # noqa: S608
    " AND ($3::text[] IS NULL OR type = ANY($3))"
    " AND ($4::text IS NULL OR subject = $4 OR starts_with(subject, $4 || '/'))"
    " ORDER BY {place} LIMIT $5"
)

Reader = Annotated[Principal, Depends(allow("integrator", "bureau", "auditor"))]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far somebody has read: what was heard from others, and what this service said itself."""

    arrival: int = 0
    position: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """From `<arrival>.<position>`; "" is the very beginning."""
        arrival, _, position = (text or "0.0").partition(".")
        return cls(int(arrival), int(position))

    def __str__(self) -> str:
        return f"{self.arrival}.{self.position}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody asks for: of these types (none named: all), of this place or below."""

    types: tuple[str, ...] = ()
    place: str | None = None
    """`<programme>` or `<programme>/<township>`, as subjects begin."""


async def page(
    log: Log, after: Cursor, wanted: Wanted, limit: int
) -> tuple[list[Record], Cursor, bool]:
    """Up to `limit` events behind a cursor, the cursor behind them, and whether more are there.

    Per stream in the order of versions; between the topics none is promised. What is not wanted is
    passed over, so that a cursor moves although nothing is handed out.
    """
    heard, arrival, more = await _some(log, "heard", "arrival", after.arrival, wanted, limit)
    own: list[Record] = []
    position = after.position
    if not more:
        left = limit - len(heard)
        own, position, more = await _some(log, "log", "position", position, wanted, left)
    return [*heard, *own], Cursor(arrival, position), more


async def recorded_from(log: Log, day: date) -> Cursor:
    """The cursor before the first event recorded on that day in Shanghai or later."""
    places = []
    for table, place in (("heard", "arrival"), ("log", "position")):
        (row,) = await log.rows(
            f"SELECT coalesce(min({place}) - 1, (SELECT max({place}) FROM {table}), 0)"  # noqa: S608
            f" FROM {table} WHERE (recorded_at AT TIME ZONE 'Asia/Shanghai')::date >= $1",
            day,
        )
        places.append(row[0])
    return Cursor(*places)


def known_types(types: Iterable[str]) -> tuple[str, ...]:
    """Wire names, each of which exists; Refused("no-such-contract")."""
    named = tuple(types)
    for name in named:
        if name not in SHAPES:
            raise Refused("no-such-contract", type=name)
    return named


def routes(log: Log, contracts_url: str) -> APIRouter:
    router = APIRouter(prefix="/v1/feed", tags=["feed"])

    @router.get("")
    async def feed(
        _: Reader,
        after: Annotated[
            str,
            Query(
                pattern=r"^([0-9]{1,18}\.[0-9]{1,18})?$",
                description="The `next` of the page before; left out, from the beginning.",
            ),
        ] = "",
        from_on: Annotated[
            Day | None, Query(description="Begin with what was recorded on this day in Shanghai.")
        ] = None,
        type: Annotated[tuple[str, ...], Query(max_length=50)] = (),
        programme: Annotated[str | None, Query(pattern="^[A-Za-z0-9-]{1,60}$")] = None,
        township: Annotated[str | None, Query(pattern="^[A-Za-z0-9-]{1,60}$")] = None,
        limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = 100,
    ) -> Response:
        """Events as CloudEvents in JSON, oldest first; ask again with `after=<next>`.

        `next` is always there: once `more` is false, ask it again later. An event may come twice
        over the years, since a service that is restored hears again: (`subject`, `streamversion`)
        tells. `township` takes its `programme`.
        """
        if township is not None and programme is None:
            raise Refused("township-without-programme", township=township)
        begin = await recorded_from(log, from_on) if from_on and not after else Cursor.of(after)
        place = programme if township is None else f"{programme}/{township}"
        records, cursor, more = await page(log, begin, Wanted(known_types(type), place), limit)
        body = {
            "events": [structured(one, log.installation, contracts_url) for one in records],
            "next": str(cursor),
            "more": more,
        }
        return Response(orjson.dumps(body), media_type="application/json")

    return router


async def _some(
    log: Log, table: str, place: str, after: int, wanted: Wanted, limit: int
) -> tuple[list[Record], int, bool]:
    """Of one table: events, where its cursor stands then, and whether it holds more."""
    # Before the page is read: what comes between the two is for the next page.
    (top,) = (await log.rows(f"SELECT coalesce(max({place}), 0) FROM {table}"))[0]  # noqa: S608
    types = list(wanted.types) or None
    statement = _PAGE.format(place=place, table=table)
    rows = await log.rows(statement, after, top, types, wanted.place, limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    if more:
        top = rows[-1][0] if rows else after
    return [Record(*row[1:]) for row in rows], max(after, top), more
