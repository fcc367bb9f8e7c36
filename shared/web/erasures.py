"""Lawful erasure over HTTP: the data of one event go, by order of the district it belongs to."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

from shared.clock import civil_day
from shared.contracts.blocks import Document
from shared.contracts.refusals import Refused
from shared.events.envelope import Record
from shared.store.command import Command, Heard
from shared.store.erasure import Order, erase
from shared.store.log import Log
from shared.store.streams import Changes, Stream
from shared.web.auth import Principal, Who, roles
from shared.web.bodies import ActBody, Code, Paper, Words
from shared.web.commands import Wish, Written, answer, created

_ADDRESS = r"^(programme|dossier|case|notice)/[!-~]{1,200}@[1-9][0-9]{0,8}$"
# Somebody else writes to the same stream meanwhile; past this many it is no coincidence.
_TRIES = 5

Address = Annotated[str, StringConstraints(pattern=_ADDRESS)]
Named = Annotated[
    str,
    Path(
        pattern=_ADDRESS,
        description="The erased event, `<context>/<subject>@<version>`",
        examples=["dossier/shanting-2018/370406001@3"],
    ),
]
May = Callable[[Principal, str], Awaitable[None]]
"""Raises Refused where somebody does not act for the district of a programme."""

_DOCUMENT = TypeAdapter(Document)
_SELECT = """
SELECT e.context || '/' || e.subject || '@' || e.version AS event,
       l.context || '/' || l.subject || '@' || l.version AS erased_by,
       old.type, encode(e.datahash, 'hex') AS datahash, l.actor, l.effective_on,
       l.recorded_at AS erased_at, convert_from(l.data, 'UTF8')::json -> 'basis' AS basis,
       convert_from(l.data, 'UTF8')::json ->> 'reason' AS reason, l.position,
       coalesce((SELECT p.emptied >= l.position AND p.position >= l.position FROM published p),
                false) AS published_without
  FROM erasure e JOIN log l ON l.position = e.cause
  JOIN log old ON (old.context, old.subject, old.version) = (e.context, e.subject, e.version)
"""
_OF_PROGRAMME = (
    f"{_SELECT} WHERE (e.subject = $1 OR starts_with(e.subject, $1 || '/')) AND e.cause > $2"
    " ORDER BY e.cause LIMIT $3"
)
_ONE = f"{_SELECT} WHERE (e.context, e.subject, e.version) = ($1, $2, $3)"


class ErasureBody(ActBody):
    """Which event, `<context>/<subject>@<version>`, and the paper that orders its erasure."""

    event: Annotated[Address, Field(examples=["dossier/shanting-2018/370406001@3"])]
    basis: Paper
    reason: Words | None = None


class ErasureView(BaseModel):
    """What is left of an erased event, and by whom and on what it was erased.

    `datahash` is what its leaf was made of. `published_without` says that the topics have been
    emptied and filled again without it.
    """

    event: str
    type: str
    erased_by: str
    datahash: str
    actor: str
    effective_on: date
    erased_at: datetime
    basis: Document
    reason: str | None
    position: int
    published_without: bool


def routes(log: Log, erasable: Mapping[str, Collection[type]], may: May) -> APIRouter:
    """`erasable` are the events by own context of which none carries what others stand on."""
    router = APIRouter(prefix="/v1/erasures", tags=["erasures"])

    @router.post("", status_code=201, dependencies=roles("leader"))
    async def order(who: Who, wish: Wish, body: ErasureBody, response: Response) -> Written:
        """Erase the data of one event for good, here and wherever it was followed.

        Its place, its headers and its proof stay, and `erased` stands behind it in its stream. What
        other events and acts stand on is corrected or revoked instead: `event-carries-state`.
        """
        event = _heard(body.event)
        await may(who, _programme(event))
        if event.context not in erasable:
            raise Refused("unknown-event", event=str(event))
        carried_out = Order(
            basis=body.basis,
            reason=body.reason,
            effective_on=body.effective_on or civil_day(log.clock()),
            backdated_reason=body.backdated_reason,
            document=body.document,
        )
        kinds = erasable[event.context]
        written = await _erased(log, wish, event, kinds, carried_out)
        return created(response, f"/v1/erasures/{event}", written)

    @router.get("", dependencies=roles("officer", "leader", "auditor"))
    async def listed(
        who: Who,
        programme: Annotated[Code, Query()],
        after: Annotated[int, Query(ge=0, le=2**62, description="A `position`")] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[ErasureView]:
        """What was erased here in a programme, the first one first."""
        await _may_read(may, who, programme)
        return [_view(row) for row in await log.rows(_OF_PROGRAMME, programme, after, limit)]

    @router.get("/{event:path}", dependencies=roles("officer", "leader", "auditor"))
    async def one(who: Who, event: Named, response: Response) -> ErasureView:
        """One erased event."""
        named = _heard(event)
        await _may_read(may, who, _programme(named))
        rows = await log.rows(_ONE, named.context, named.subject, named.version)
        if not rows:
            raise Refused("unknown-event", event=event)
        view = _view(rows[0])
        response.headers["ETag"] = f'"{view.position}-{int(view.published_without)}"'
        return view

    return router


async def _erased(
    log: Log, wish: Command, event: Heard, kinds: Collection[type], order: Order
) -> Written:
    stream = Stream(event.context, event.subject)
    aggregate = log.aggregates[event.context]
    for left in reversed(range(_TRIES)):
        history = await log.history(stream)
        # Judged by all of the stream: what is appended meanwhile is judged anew.
        seen = wish if wish.expected is not None else replace(wish, expected=len(history))

        def decide(_: object, history: list[Record] = history) -> Changes:
            return Changes({stream: erase(history, aggregate, kinds, event, order)})

        try:
            return answer(await log.decide_many(seen, [stream], decide))
        except Refused as refused:
            if refused.code != "version-mismatch" or wish.expected is not None or not left:
                raise
    raise AssertionError("the last try answers or raises")


async def _may_read(may: May, who: Principal, programme: str) -> None:
    if "auditor" not in who.roles:
        await may(who, programme)


def _heard(address: str) -> Heard:
    context, _, rest = address.partition("/")
    subject, _, version = rest.rpartition("@")
    return Heard(context, subject, int(version))


def _programme(event: Heard) -> str:
    """Every subject begins with it."""
    return event.subject.partition("/")[0]


def _view(row: asyncpg.Record) -> ErasureView:
    return ErasureView(**{**row, "basis": _DOCUMENT.validate_json(row["basis"])})
