"""The queries: progress, targets, the overview and its live stream, for all but operators."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.projection import audit_api, events_api, figures_api, lists_api, tasks_api
from services.projection.answering import Code, Named, answer, head
from services.projection.happenings import happening_json
from services.projection.late import late
from services.projection.models import timeline
from services.projection.models.store import load_programmes
from services.projection.overview import (
    overview,
    target_json,
    township_json,
    townships_json,
)
from services.projection.picture import Picture, Township
from services.projection.reading import (
    READERS,
    Asked,
    Journal,
    Readings,
    from_cursor,
    to_cursor,
)
from services.projection.words import STAGES
from shared.contracts.refusals import Refused
from shared.store.streams import Unavailable
from shared.web.auth import allow

HEARTBEAT_S = 15.0


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


def routes(journal: Journal) -> APIRouter:
    """All queries over one journal's read models."""
    router = APIRouter(prefix="/v1", tags=["progress"], dependencies=[Depends(allow(*READERS))])
    readings = Readings(journal)
    asking = Annotated[Asked, Depends()]
    for part in (lists_api, tasks_api, audit_api, events_api, figures_api):
        router.include_router(part.routes(readings))

    @router.get("/programmes")
    async def programmes(request: Request) -> Response:
        """Every programme that was opened."""
        async with journal.snapshot() as models:
            rows = await load_programmes(models)
        listed = [
            {
                "code": row.programme,
                "name_zh": row.opened[-1].name_zh,
                "name_en": row.opened[-1].name_en,
                "opened_on": row.opened[-1].on,
                "closed_on": row.closed[-1].on if row.closed else None,
                "townships": sum(lines[-1].enrolled for lines in row.townships().values()),
            }
            for row in rows
            if row.opened
        ]
        position = models.position
        return answer(request, {"position": position, "programmes": listed}, position)

    @router.get("/overview/{programme}")
    async def whole(programme: Code, request: Request, asked: asking) -> Response:
        """All that the first view shows, in one answer."""
        seen = await readings.see(programme, asked)
        body = overview(seen.picture, today=seen.today, position=seen.position)
        return answer(request, body, seen.position)

    @router.get("/progress/{programme}")
    async def progress(programme: Code, request: Request, asked: asking) -> Response:
        """Every township: its stage and since when, its latest marks, its way to passing."""
        seen = await readings.see(programme, asked)
        lines = townships_json(seen.picture, late(seen.picture))
        return answer(request, {**head(seen), "townships": lines}, seen.position)

    @router.get("/progress/{programme}/{township}")
    async def one(programme: Code, township: Code, request: Request, asked: asking) -> Response:
        """One township, with the way it came and how it stands under each target."""
        seen = await readings.see(programme, asked)
        found = _township(seen.picture, programme, township)
        body = {
            **head(seen),
            **township_json(seen.picture, found, late(seen.picture)),
            "path": _path(seen.picture, found),
            "targets": _targets(seen.picture, township),
            "deficiencies": _deficiencies(found),
            "plan": found.dossier.plans[-1] if found.dossier.plans else None,
        }
        return answer(request, body, seen.position)

    @router.get("/progress/{programme}/{township}/timeline")
    async def happenings(
        programme: Code,
        township: Code,
        request: Request,
        asked: asking,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """What happened, in the order it was recorded; `next` is the cursor of the next page."""
        on, _ = readings.day(asked)
        async with journal.snapshot() as models:
            rows = await timeline.page(
                models,
                programme,
                township,
                on=on,
                known_at=asked.known_at,
                after=from_cursor(after),
                limit=limit + 1,
            )
        if not rows and after is None:
            raise Refused("township-not-enrolled", programme=programme, township=township)
        body = {
            "programme": programme,
            "township": township,
            "as_of": on,
            "position": models.position,
            "items": [happening_json(row) for row in rows[:limit]],
            "next": to_cursor(rows[limit - 1].cursor) if len(rows) > limit else None,
        }
        return answer(request, body, models.position)

    @router.get("/targets/{programme}")
    async def targets(programme: Code, request: Request, asked: asking) -> Response:
        """Every target with its members and burn-up, the first due first."""
        seen = await readings.see(programme, asked)
        lines = [target_json(seen.picture, standing) for standing in seen.picture.targets]
        return answer(request, {**head(seen), "targets": lines}, seen.position)

    @router.get("/targets/{programme}/{target}")
    async def target(programme: Code, target: Code, request: Request, asked: asking) -> Response:
        """One target."""
        seen = await readings.see(programme, asked)
        found = {standing.target.code: standing for standing in seen.picture.targets}
        if target not in found:
            raise Refused("target-unknown", target=target, known=sorted(found))
        body = {**head(seen), **target_json(seen.picture, found[target])}
        return answer(request, body, seen.position)

    @router.get("/stream", response_class=EventStream)
    async def stream(
        programme: Named,
        request: Request,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        """Server-sent events: `progress` for each change, with the journal's position as its id."""
        after = journal.position
        if last_event_id is not None:
            with suppress(ValueError):  # an id of somebody else's stream: begin at now
                # Beyond our journal is an id of one that was rebuilt: begin at now.
                after = min(after, int(last_event_id))
        return EventStream(
            events(journal, programme, after, request.app.state.draining),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def events(
    journal: Journal, programme: str, after: int, draining: asyncio.Event
) -> AsyncGenerator[str, None]:
    """Changes of one programme until the process is told to stop.

    A comment now and then keeps the line open through proxies, and shows when nobody listens.
    """
    yield ": following\n\n"
    changes = journal.changes(after=after)
    stop = asyncio.ensure_future(draining.wait())
    coming = asyncio.ensure_future(anext(changes))
    try:
        while True:
            done, _ = await asyncio.wait(
                (stop, coming), timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED
            )
            if stop in done:
                return
            if coming not in done:
                yield ": still here\n\n"
                continue
            try:
                position, keys = coming.result()
            except (StopAsyncIteration, Unavailable):
                return  # the browser comes back, and says where it was
            coming = asyncio.ensure_future(anext(changes))
            if any(key.partition("/")[0] == programme for key in keys):
                townships = {
                    township
                    for key in keys
                    for name, _, township in [key.partition("/")]
                    if name == programme and township
                }
                data = orjson.dumps({"position": position, "townships": sorted(townships)})
                yield f"id: {position}\nevent: progress\ndata: {data.decode()}\n\n"
    finally:
        stop.cancel()
        coming.cancel()
        # Cancelled only is not ended: the journal must not be left with a listener that is gone.
        await asyncio.gather(stop, coming, return_exceptions=True)


def _township(picture: Picture, programme: str, code: str) -> Township:
    found = picture.township(code)
    if found is None:
        raise Refused("township-not-enrolled", programme=programme, township=code)
    return found


def _path(picture: Picture, township: Township) -> list[dict[str, Any]]:
    """The way it came: each stay in a stage, and its working days."""
    runs = township.runs
    ends = [run.since_on for run in runs[1:]] + [picture.on]
    return [
        {
            "stage": run.stage.value,
            "zh": STAGES[run.stage][0],
            "en": STAGES[run.stage][1],
            "since_on": run.since_on,
            "until_on": end,
            "in_stage_wd": picture.calendar.between(run.since_on, end),
        }
        for run, end in zip(runs, ends, strict=True)
    ]


def _targets(picture: Picture, township: str) -> list[dict[str, Any]]:
    found = []
    for standing in picture.targets:
        rows = target_json(picture, standing)["rows"]
        found += [
            {"target": standing.target.code, "due_on": standing.target.due_on, **row}
            for row in rows
            if row["township"] == township
        ]
    return found


def _deficiencies(township: Township) -> list[dict[str, Any]]:
    return [
        {"deficiency": name, "blocking": one.blocking, "due_on": one.due_on}
        for name, one in township.dossier.open_deficiencies().items()
    ]
