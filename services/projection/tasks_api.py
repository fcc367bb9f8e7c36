"""待办 over HTTP: what whoever asks has to do next, over all programmes or in one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.projection import said
from services.projection.answering import Named, answer
from services.projection.asker import DEFINING, bodies
from services.projection.desks import MANNING, desks
from services.projection.models.store import load_programmes
from services.projection.reading import Asked, Readings, Seen
from services.projection.tasks import Task, mine, task_json, tasks
from shared.web.auth import Principal, Who


def routes(readings: Readings) -> APIRouter:
    """Who may read is for the router that takes it in to say; the list is theirs alone."""
    router = APIRouter()

    @router.get("/tasks")
    async def open_tasks(
        request: Request,
        who: Who,
        asked: Annotated[Asked, Depends()],
        programme: Named | None = None,
        township: Named | None = None,
    ) -> Response:
        """To do by whoever asks, the first due first; by anybody where an auditor asks."""
        on, today = readings.day(asked)
        names = [programme] if programme else await _programmes(readings)
        lines, position = [], 0
        for name in names:
            seen, found = await _found(readings, name, asked, who)
            position = max(position, seen.position)
            lines += [
                task_json(seen.picture, one)
                for one in found
                if township in (None, one.township.code)
            ]
        lines.sort(key=lambda line: (line["due_on"] is None, line["due_on"] or on))
        body = {"as_of": on, "today": today, "position": position, "tasks": lines}
        return answer(request, body, position)

    return router


async def _found(
    readings: Readings, programme: str, asked: Asked, who: Principal
) -> tuple[Seen, list[Task]]:
    seen = await readings.see(programme, asked)
    events = await said.told(readings.journal, seen, (*DEFINING, *MANNING), asked.known_at)
    every = tasks(seen.picture, bodies(seen.picture, events), desks(events))
    return seen, mine(every, who)


async def _programmes(readings: Readings) -> list[str]:
    async with readings.journal.snapshot() as models:
        rows = await load_programmes(models)
    return [row.programme for row in rows if row.opened]
