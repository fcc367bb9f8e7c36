"""Down to the events: one of them whole, and those behind a number."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from services.projection import said
from services.projection.answering import Named, answer, head
from services.projection.asker import DEFINING, OF_ALL, bodies, may_read
from services.projection.desks import MANNING, desks
from services.projection.explain import Turn, measure, turns
from services.projection.follower import Entry
from services.projection.happenings import happening_json
from services.projection.models.timeline import Cursor, happening
from services.projection.reading import ADDRESS, Asked, Readings, from_cursor, heard_of, to_cursor
from shared.contracts.refusals import Refused
from shared.events.structured import structured
from shared.messaging.reactions import Received
from shared.settings import ServiceSettings
from shared.web.auth import Principal, Who

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

Limit = Annotated[int, Query(ge=1, le=500)]


class CloudEvent(Response):
    """One event in CloudEvents' JSON format."""

    media_type = "application/cloudevents+json"


def routes(readings: Readings) -> APIRouter:
    """Who else may read is for the router that takes it in to say."""
    router = APIRouter()
    asking = Annotated[Asked, Depends()]

    @router.get("/events/{id:path}", response_class=CloudEvent)
    async def event(
        id: Annotated[
            str,
            Path(
                pattern=f"^({_UUID}|{ADDRESS.pattern})$",
                description="The event's id, or its address `<context>/<subject>@<version>`",
            ),
        ],
        request: Request,
        who: Who,
    ) -> Response:
        """One event with all it says, for whom it is about and whom the programme is open to."""
        async with readings.journal.snapshot() as models:
            name = heard_of(id) or UUID(id)
            entry = await said.event(models.connection, models.position, name)
        if entry is None or not await _readable(readings, entry, who):
            raise Refused("unknown-event", event=id)
        settings: ServiceSettings = request.app.state.auth.settings
        body = structured(entry[1], settings.installation, settings.contracts_url)
        return answer(request, body, models.position, CloudEvent.media_type)

    @router.get("/explain")
    async def explain(
        programme: Named,
        request: Request,
        asked: asking,
        what: Annotated[
            str,
            Query(
                pattern=r"^[a-z]{1,20}(:[A-Za-z0-9._-]{1,60})?$",
                description="`stage`, `total`, `deficiencies`, `passed`, `title`, `plaque`,"
                " `round` or `target:<code>`",
            ),
        ],
        township: Named | None = None,
        after: str | None = None,
        limit: Limit = 100,
    ) -> Response:
        """The events that led to a number, each with what it made of it; of all townships or one.

        What follows from the calendar alone (a target missed, a risk) is no event's doing.
        """
        seen = await readings.see(programme, asked)
        place = from_cursor(after)
        of = measure(what, (one.target.code for one in seen.picture.targets))
        townships = [one for one in seen.picture.townships if township in (None, one.code)]
        if township and not townships:
            raise Refused("township-not-enrolled", programme=programme, township=township)
        span = said.Span(on=seen.picture.on, known_at=asked.known_at)
        async with readings.journal.snapshot() as models:
            entries = await said.page(
                models.connection, seen.position, programme, span, after=0, limit=None
            )
        events = [Received(record, one) for _, record, one in entries if one is not None]
        values: list[dict[str, Any]] = []
        behind: list[Turn] = []
        for one in townships:
            # A fold for each event: the others who ask must not wait for it.
            value, found = await asyncio.to_thread(turns, events, one.code, of, seen.picture.on)
            values.append({"township": one.code, "name": one.name, "value": value})
            behind += found
        behind.sort(key=lambda turn: (_cursor(turn), turn.township))
        left = [turn for turn in behind if _cursor(turn) > place]
        # An event of the programme may turn the number of many: a page ends behind all of them.
        shown = [turn for turn in left if _cursor(turn) <= _cursor(left[:limit][-1])]
        body = head(seen) | {
            "what": what,
            "values": values,
            "items": [_turn_json(turn) for turn in shown],
            "next": to_cursor(_cursor(shown[-1])) if len(left) > len(shown) else None,
        }
        return answer(request, body, seen.position)

    return router


async def _readable(readings: Readings, entry: Entry, who: Principal) -> bool:
    _, record, event = entry
    if who.roles & OF_ALL:
        return True
    if event is None:
        return False
    seen = await readings.see(record.subject.partition("/")[0], Asked())
    events = await said.told(readings.journal, seen, (*DEFINING, *MANNING))
    place = "/".join(record.subject.split("/")[:2])
    here = {
        subject: desk
        for subject, desk in desks(events).items()
        if subject.rpartition("/")[0] == place
    }
    return may_read(who, Received(record, event), bodies(seen.picture, events), here)


def _cursor(turn: Turn) -> Cursor:
    return happening(turn.received).cursor


def _turn_json(turn: Turn) -> dict[str, Any]:
    return {
        "township": turn.township,
        "became": turn.became,
        **happening_json(happening(turn.received)),
        "href": f"/v1/events/{turn.received.record.id}",
    }
