"""The audit lists over HTTP, also as tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.projection import said
from services.projection.answering import Code, Named, answer, head
from services.projection.audit import (
    COLUMNS,
    Finding,
    Kind,
    finding,
    finding_json,
    finding_row,
)
from services.projection.reading import Asked, Readings, Seen
from shared.clock import SHANGHAI
from shared.web.auth import Principal, Who, roles
from shared.web.bodies import AskedDay
from shared.web.spreadsheets import ALSO_TABLE, TableAsked
from shared.workbook.desk import hand_out_table

AT_ONCE = 1000
AUDITING = roles("officer", "leader", "auditor")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dependency: which part of the list, and which page of it."""

    kind: Annotated[Kind | None, Query(description="Only these; left out, all four")] = None
    township: Named | None = None
    from_: Annotated[
        AskedDay | None, Query(alias="from", description="Recorded on that day or later")
    ] = None
    to: Annotated[AskedDay | None, Query(description="Recorded on that day or before")] = None
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0
    limit: Annotated[int, Query(ge=1, le=500)] = 100

    def takes(self, one: Finding) -> bool:
        return (self.kind is None or self.kind in one.kinds) and self.township in (
            None,
            one.township,
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the list, and the cursor behind it where there is more."""

    seen: Seen
    findings: Sequence[Finding]
    next: int | None


def routes(readings: Readings) -> APIRouter:
    """Who else may read is for the router that takes it in to say."""
    router = APIRouter()
    tables = APIRouter(route_class=TableAsked)
    asking = Annotated[Asked, Depends()]
    wanting = Annotated[Wanted, Depends()]

    @tables.get("/audit/{programme}", dependencies=AUDITING, include_in_schema=False)
    async def table(
        programme: Code, request: Request, who: Who, asked: asking, wanted: wanting
    ) -> Response:
        page = await _listed(readings, programme, asked, wanted, who)
        return await hand_out_table(
            request,
            f"审计清单-{page.seen.picture.on}",
            COLUMNS,
            [finding_row(one) for one in page.findings],
            after=None if page.next is None else str(page.next),
        )

    router.include_router(tables)

    @router.get("/audit/{programme}", dependencies=AUDITING, responses=ALSO_TABLE)
    async def audit(
        programme: Code, request: Request, who: Who, asked: asking, wanted: wanting
    ) -> Response:
        """Recorded late, done late, corrected or done for others, in the order they were told."""
        page = await _listed(readings, programme, asked, wanted, who)
        body = head(page.seen) | {
            "items": [finding_json(one) for one in page.findings],
            "next": page.next,
        }
        return answer(request, body, page.seen.position)

    return router


async def _listed(
    readings: Readings, programme: str, asked: Asked, wanted: Wanted, who: Principal
) -> Listed:
    seen = await readings.see(programme, asked)
    await said.overseen_by(readings.journal, seen, who)
    span = said.Span(
        on=seen.picture.on,
        known_at=asked.known_at,
        since=_midnight(wanted.from_, 0),
        before=_midnight(wanted.to, 1),
    )
    found: list[tuple[int, Finding]] = []
    at: int | None = wanted.after
    while at is not None and len(found) <= wanted.limit:
        async with readings.journal.snapshot() as models:
            entries = await said.page(
                models.connection, seen.position, programme, span, after=at, limit=AT_ONCE
            )
        found += [
            (entry[0], one)
            for entry in entries
            if (one := finding(entry)) is not None and wanted.takes(one)
        ]
        at = entries[-1][0] if len(entries) == AT_ONCE else None
    shown = found[: wanted.limit]
    return Listed(
        seen, [one for _, one in shown], shown[-1][0] if len(found) > len(shown) else None
    )


def _midnight(day: date | None, later: int) -> datetime | None:
    """When a day begins in Shanghai, or the one after it."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=later), time(), SHANGHAI)
