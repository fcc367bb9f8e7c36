"""Ranking, deficiencies, money, the review queue and the titles over HTTP, also as tables."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from services.projection import lists
from services.projection.answering import Code, answer, head
from services.projection.deficiencies import DeficiencyMap, deficiency_map
from services.projection.money import Money, money
from services.projection.queue import Queue, queue
from services.projection.ranking import Ranking, ranking
from services.projection.reading import Asked, Readings, Seen
from services.projection.titles import Register, register
from shared.web.spreadsheets import ALSO_TABLE, TableAsked
from shared.workbook.desk import hand_out_table

ReadModel = Ranking | DeficiencyMap | Money | Queue | Register


def routes(readings: Readings) -> APIRouter:
    """The queries of whole lists; whoever may read is for the router that takes them in to say."""
    router = APIRouter()
    router.include_router(_tables(readings))
    asking = Annotated[Asked, Depends()]

    @router.get("/rankings/{programme}", responses=ALSO_TABLE)
    async def rankings(programme: Code, request: Request, asked: asking) -> Response:
        """The townships in their order by the ranking rules in force that day."""
        seen = await readings.see(programme, asked)
        return _answer(request, seen, ranking(seen.picture))

    @router.get("/deficiency-map/{programme}", responses=ALSO_TABLE)
    async def deficiencies(programme: Code, request: Request, asked: asking) -> Response:
        """Deficiencies by item across the townships, those with most open ones first."""
        seen = await readings.see(programme, asked)
        return _answer(request, seen, deficiency_map(seen.picture))

    @router.get("/money/{programme}", responses=ALSO_TABLE)
    async def accounts(programme: Code, request: Request, asked: asking) -> Response:
        """Money and posts asked and granted, rewards granted and paid, by township and in sum."""
        seen = await readings.see(programme, asked)
        return _answer(request, seen, money(seen.picture))

    @router.get("/queue/{programme}", responses=ALSO_TABLE)
    async def cases(programme: Code, request: Request, asked: asking) -> Response:
        """The open cases with their age and deadline, whoever must be decided first ahead."""
        seen = await readings.see(programme, asked)
        return _answer(request, seen, queue(seen.picture))

    @router.get("/title-register/{programme}", responses=ALSO_TABLE)
    async def titles(programme: Code, request: Request, asked: asking) -> Response:
        """Every title with its plaque number, days and state, those in force first."""
        seen = await readings.see(programme, asked)
        return _answer(request, seen, register(seen.picture))

    return router


def _tables(readings: Readings) -> APIRouter:
    """The same addresses where a spreadsheet is asked for; they stand before the JSON."""
    router = APIRouter(route_class=TableAsked)
    asking = Annotated[Asked, Depends()]

    @router.get("/rankings/{programme}", include_in_schema=False)
    async def rankings(programme: Code, request: Request, asked: asking) -> Response:
        seen = await readings.see(programme, asked)
        rows = lists.ranking_rows(ranking(seen.picture))
        return await _table(request, seen, "排名", lists.RANKING, rows)

    @router.get("/deficiency-map/{programme}", include_in_schema=False)
    async def deficiencies(programme: Code, request: Request, asked: asking) -> Response:
        seen = await readings.see(programme, asked)
        rows = lists.deficiency_rows(deficiency_map(seen.picture))
        return await _table(request, seen, "不足分布", lists.DEFICIENCIES, rows)

    @router.get("/money/{programme}", include_in_schema=False)
    async def accounts(programme: Code, request: Request, asked: asking) -> Response:
        seen = await readings.see(programme, asked)
        rows = lists.money_rows(money(seen.picture))
        return await _table(request, seen, "资金编制", lists.MONEY, rows)

    @router.get("/queue/{programme}", include_in_schema=False)
    async def cases(programme: Code, request: Request, asked: asking) -> Response:
        seen = await readings.see(programme, asked)
        rows = lists.queue_rows(queue(seen.picture))
        return await _table(request, seen, "待审案件", lists.QUEUE, rows)

    @router.get("/title-register/{programme}", include_in_schema=False)
    async def titles(programme: Code, request: Request, asked: asking) -> Response:
        seen = await readings.see(programme, asked)
        rows = lists.register_rows(register(seen.picture))
        return await _table(request, seen, "称号名册", lists.REGISTER, rows)

    return router


def _answer(request: Request, seen: Seen, model: ReadModel) -> Response:
    body: dict[str, Any] = {one.name: getattr(model, one.name) for one in fields(model)}
    return answer(request, head(seen) | body, seen.position)


async def _table(
    request: Request,
    seen: Seen,
    title: str,
    columns: Sequence[str],
    rows: Iterable[lists.Row],
) -> Response:
    """Named by its day: a table that is saved must say of when it is."""
    return await hand_out_table(
        request, f"{title}-{seen.picture.on}", columns, list(rows), after=None
    )
