"""Ranking, money, queue, deficiencies and titles over HTTP, on a real database."""

from collections.abc import AsyncIterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from shared.web.spreadsheets import XLSX
from tests.integration.projection import Projection
from tests.integration.projection import projection as serving
from tests.unit.story import P, Story

D = date
LISTS = ("rankings", "deficiency-map", "money", "queue", "title-register")


def told() -> Story:
    """A made it and was rewarded; B is under review, and overdue."""
    story = Story().opened().batch("2018-1", D(2018, 9, 1), D(2018, 11, 30)).enrolled("A", "B")
    story.rules("ranking", order=["city_total_cp", "passed_on", "township"])
    story.found("A", D(2018, 5, 8), gap_cp=300).rectified("A", D(2018, 6, 4))
    story.found("B", D(2018, 5, 8)).asked("B", D(2018, 5, 9), amount_fen=120050)
    story.answered("B", D(2018, 6, 1), "part", granted_fen=100000)
    story.opened_case("A", D(2018, 9, 3), batch="2018-1").passed("A", D(2018, 9, 20))
    story.verified("A", D(2018, 11, 16), total_cp=91550).awarded("A", D(2018, 12, 20))
    story.closed("A", D(2018, 12, 20), "awarded").rewarded("A", D(2018, 12, 21), 5000000)
    return story.opened_case("B", D(2018, 12, 3), decide_by_on=D(2018, 12, 14), batch="2018-1")


@pytest.fixture
async def projection(database: str, tmp_path: Path) -> AsyncIterator[Projection]:
    async with serving(database, tmp_path / "clock") as service:
        await service.journal.tell(told().received)
        yield service


async def test_the_ranking_names_its_rules(projection: Projection) -> None:
    found = await projection.json(f"/v1/rankings/{P}")
    assert (found["rule_version"], found["order"][0], found["of"]) == (1, "city_total_cp", 1)
    first, last = found["rows"]
    assert (first["rank"], first["township"], first["city_total_cp"]) == (1, "A", 91550)
    assert (last["rank"], last["stage"]) == (None, "applied")


async def test_the_ranking_of_a_day_before_the_pass_is_empty(projection: Projection) -> None:
    found = await projection.json(f"/v1/rankings/{P}?as_of=2018-11-15")
    assert (found["as_of"], found["of"]) == ("2018-11-15", 0)


async def test_the_map_counts_open_and_closed_deficiencies(projection: Projection) -> None:
    found = await projection.json(f"/v1/deficiency-map/{P}")
    (item,) = found["items"]
    assert (item["item"], item["category_name"]) == ("i1", "人员队伍")
    assert {one["township"]: one["figures"]["open"] for one in item["townships"]} == {
        "A": 0,
        "B": 1,
    }
    then = await projection.json(f"/v1/deficiency-map/{P}?as_of=2018-05-31")
    assert (then["figures"]["open"], then["figures"]["gap_cp"]) == (2, 400)


async def test_the_money_can_be_opened_down_to_its_events(projection: Projection) -> None:
    found = await projection.json(f"/v1/money/{P}")
    assert found["sums"]["support"]["asked_fen"] == 120050
    assert found["sums"]["rewards"]["outstanding_fen"] == 5000000
    (request,) = found["townships"][1]["requests"]
    assert request["events"] == [f"dossier/{P}/B@2", f"dossier/{P}/B@3"]
    assert (await projection.get(f"/v1/money/{P}", role="operator")).status_code == 403


async def test_the_queue_says_what_is_overdue(projection: Projection) -> None:
    found = await projection.json(f"/v1/queue/{P}")
    (case,) = found["cases"]
    assert (case["township"], case["overdue_wd"]) == ("B", 5)
    assert found["batches"] == [
        {"batch": "2018-1", "name": "2018-1", "open": 1, "undecided": 1, "overdue": 1}
        | {"oldest_wd": 14}
    ]


async def test_the_register_lists_every_title(projection: Projection) -> None:
    found = await projection.json(f"/v1/title-register/{P}")
    assert found["counts"]["in-force"] == 1
    assert found["titles"][0]["plaque_number"] == "1"


@pytest.mark.parametrize("name", LISTS)
async def test_each_is_as_fresh_as_asked_and_sent_once(projection: Projection, name: str) -> None:
    first = await projection.get(f"/v1/{name}/{P}?at_least=case/{P}/B/1@1")
    assert first.status_code == 200, first.text
    again = await projection.get(f"/v1/{name}/{P}", If_None_Match=first.headers["ETag"])
    assert again.status_code == 304
    too_new = await projection.get(f"/v1/{name}/{P}?at_least=case/{P}/B/1@9&wait=1s")
    assert too_new.json()["code"] == "not-yet-visible"
    assert (await projection.get(f"/v1/{name}/{P}?as_of=2019-01-01")).status_code == 422


@pytest.mark.parametrize("name", LISTS)
async def test_what_was_not_recorded_yet_was_not_known(projection: Projection, name: str) -> None:
    found = await projection.get(f"/v1/{name}/{P}?known_at=2018-02-04")
    assert found.json()["code"] == "unknown-programme"


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("rankings", (1, "A", "A镇", 915.5)),
        ("deficiency-map", ("i1", None, "人员队伍", "A")),
        ("money", ("A", "A镇", 0, 0)),
        ("queue", (f"{P}/B/1", "B", "B镇", "2018-1")),
        ("title-register", ("有效", "达标单位", "1")),
    ],
)
async def test_each_is_a_table_too(
    projection: Projection, name: str, cells: tuple[Any, ...]
) -> None:
    sent = await projection.get(f"/v1/{name}/{P}", Accept=XLSX)
    assert sent.status_code == 200, sent.text
    sheet = load_workbook(BytesIO(sent.content)).worksheets[0]
    line = tuple(cell.value for cell in sheet[2])[: len(cells)]
    assert line == cells
    text = (await projection.get(f"/v1/{name}/{P}?format=csv")).content.decode("utf-8-sig")
    assert len(text.splitlines()) == sheet.max_row


async def test_the_table_of_money_ends_with_its_sum(projection: Projection) -> None:
    text = (await projection.get(f"/v1/money/{P}?format=csv")).content.decode("utf-8-sig")
    last = text.splitlines()[-1]
    assert last == ",合计 Sum,1200.50,1000.00,0,0,0,50000.00,0.00,0.00,50000.00"
