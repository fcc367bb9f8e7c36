"""The projection's queries over HTTP, on a real database and the real journal, without Kafka."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.projection import api
from services.projection.models import Models, Rows, apply, fold
from services.projection.overview import overview
from services.projection.picture import picture
from services.projection.reading import end_of_known
from shared.clock import write_clock
from tests.integration.projection import TODAY, Projection
from tests.integration.projection import projection as serving
from tests.unit.story import P, Story
from tests.unit.test_models import told


@pytest.fixture
async def projection(database: str, tmp_path: Path) -> AsyncIterator[Projection]:
    async with serving(database, tmp_path / "clock") as service:
        yield service


async def test_the_overview_is_the_pure_fold_of_what_was_told(projection: Projection) -> None:
    events = told().received
    await projection.journal.tell(events[:20])
    await projection.journal.tell(events[20:])
    now = projection.journal.clock()
    expected = overview(
        picture(fold(Rows(), events), TODAY, now), today=TODAY, position=len(events)
    )
    assert await projection.json(f"/v1/overview/{P}") == orjson.loads(orjson.dumps(expected))


async def test_events_told_twice_are_folded_once(projection: Projection) -> None:
    events = told().received
    await projection.journal.tell(events)
    before = await projection.json(f"/v1/progress/{P}")
    connection = projection.journal.folding._connection
    async with connection.transaction():
        await apply(Models(connection, 1, len(events)), events)
    assert await projection.json(f"/v1/progress/{P}") == before
    timeline = await projection.json(f"/v1/progress/{P}/A/timeline?limit=500")
    until_today = [one.record for one in events if one.record.effective_on <= TODAY]
    assert len(timeline["items"]) == sum("/A" in one.subject for one in until_today) + 1


async def test_a_day_that_is_over_can_be_asked_for_and_one_to_come_cannot(
    projection: Projection,
) -> None:
    await projection.journal.tell(told().received)
    then = await projection.json(f"/v1/progress/{P}?as_of=2018-09-24")
    assert {one["township"]: one["stage"] for one in then["townships"]} == {
        "A": "inspecting",
        "B": "assessed",
    }
    refused = await projection.get(f"/v1/progress/{P}?as_of=2018-12-22")
    assert (refused.status_code, refused.json()["code"]) == (422, "as-of-in-future")


async def test_known_at_leaves_out_what_was_recorded_later(projection: Projection) -> None:
    events = told().received
    await projection.journal.tell(events)
    back_dated = (one.record for one in events if one.record.effective_on == date(2018, 7, 2))
    late = next(back_dated).recorded_at
    day = "as_of=2018-09-24"
    before = (late - timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")
    at = late.isoformat().replace("+00:00", "Z")
    unknown = await projection.json(f"/v1/progress/{P}/B?{day}&known_at={before}")
    known = await projection.json(f"/v1/progress/{P}/B?{day}&known_at={at}")
    assert (unknown["stage"], known["stage"]) == ("planned", "assessed")


@pytest.mark.parametrize("name", ["as_of", "known_at"])
async def test_a_number_of_seconds_is_neither_a_day_nor_an_instant(
    projection: Projection, name: str
) -> None:
    await projection.journal.tell(told().received)
    refused = await projection.get(f"/v1/progress/{P}?{name}=1538352000")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-parameter")


async def test_a_township_shows_the_way_it_came(projection: Projection) -> None:
    await projection.journal.tell(told().received)
    one = await projection.json(f"/v1/progress/{P}/A")
    assert [run["stage"] for run in one["path"]] == [
        "enrolled", "planned", "assessed", "rectifying", "ready", "applied", "inspecting",
        "rectifying", "ready", "applied", "passed", "recommended", "passed", "recommended",
        "verified", "compliant",
    ]  # fmt: skip
    assert one["latest"] == {
        "source": "city", "total_cp": 90000, "on": "2018-11-16", "complete": True,
    }  # fmt: skip
    assert one["margin_cp"] == 10000
    states = {line["target"]: line["state"] for line in one["targets"]}
    assert states == {"first-2018": "achieved", "all-2019": "achieved"}


async def test_the_timeline_pages_through_everything_once(projection: Projection) -> None:
    await projection.journal.tell(told().received)
    whole = await projection.json(f"/v1/progress/{P}/A/timeline?limit=500")
    seen: list[Any] = []
    address: str | None = f"/v1/progress/{P}/A/timeline?limit=7"
    while address is not None:
        page = await projection.json(address)
        assert len(page["items"]) <= 7
        seen += page["items"]
        after = page["next"]
        address = f"/v1/progress/{P}/A/timeline?limit=7&after={after}" if after else None
    assert seen == whole["items"]
    assert whole["next"] is None
    assert [one["zh"] for one in seen[:2]] == ["纳入复验工作", "报送实施方案"]
    bad = await projection.get(f"/v1/progress/{P}/A/timeline?after=xyz")
    assert (bad.status_code, bad.json()["code"]) == (422, "cursor-invalid")


async def test_the_same_answer_is_not_sent_twice(projection: Projection) -> None:
    story = Story().opened().enrolled("A")
    await projection.journal.tell(story.received)
    first = await projection.get(f"/v1/targets/{P}")
    again = await projection.get(f"/v1/targets/{P}", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    told_before = len(story.received)
    story.enrolled("B")
    await projection.journal.tell(story.received[told_before:])
    changed = await projection.get(f"/v1/targets/{P}", If_None_Match=first.headers["ETag"])
    assert changed.status_code == 200
    assert changed.headers["X-Fuyan-Position"] == str(len(story.received))


async def test_reading_ones_own_write_never_shows_an_older_state(projection: Projection) -> None:
    story = Story().opened().enrolled("A")
    await projection.journal.tell(story.received)
    seen = len(story.received)
    address = f"/v1/progress/{P}/A?at_least=dossier/{P}/A@1"
    early = await projection.get(f"{address}&wait=1s")
    assert (early.status_code, early.json()["code"]) == (503, "not-yet-visible")
    assert early.headers["Retry-After"] == "1"
    waiting = asyncio.create_task(projection.get(f"{address}&wait=10s"))
    story.planned("A", date(2018, 3, 5))
    await projection.journal.tell(story.received[seen:])
    answer = await waiting
    assert (answer.status_code, answer.json()["stage"]) == (200, "planned")


async def test_an_application_nobody_answers_is_stuck_as_time_goes_by(
    projection: Projection,
) -> None:
    story = Story().opened().enrolled("A").assessed("A", date(2018, 9, 3))
    story.applied("A", date(2018, 9, 3))
    write_clock(projection.clock, story.received[-1].record.recorded_at)
    await projection.journal.tell(story.received)
    on = f"/v1/progress/{P}?as_of=2018-02-05"
    projection.on(TODAY)
    now = await projection.json(f"/v1/progress/{P}")
    assert now["townships"][0]["stuck"]["code"] == "no-case"
    assert (await projection.json(on))["townships"][0]["stuck"] is None


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/overview/nowhere", 404, "unknown-programme"),
        (f"/v1/progress/{P}/X", 404, "township-not-enrolled"),
        (f"/v1/progress/{P}/X/timeline", 404, "township-not-enrolled"),
        (f"/v1/targets/{P}/x", 404, "target-unknown"),
        (f"/v1/overview/{P}?at_least=x", 422, "invalid-parameter"),
        (f"/v1/overview/{P}?known_at=2018-12-21T10:00:00", 422, "invalid-parameter"),
    ],
)
async def test_what_does_not_exist_is_refused(
    projection: Projection, path: str, status: int, code: str
) -> None:
    await projection.journal.tell(Story().opened().enrolled("A").received)
    refused = await projection.get(path)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_programmes_are_listed_for_anyone_signed_in(projection: Projection) -> None:
    await projection.journal.tell(Story().opened().enrolled("A", "B").received)
    listed = (await projection.get("/v1/programmes", "integrator")).json()["programmes"]
    assert [(one["code"], one["townships"]) for one in listed] == [(P, 2)]
    assert (await projection.http.get("/v1/programmes")).status_code == 401


async def test_a_change_is_heard_with_its_position_until_the_process_drains(
    projection: Projection,
) -> None:
    story = Story().opened()
    await projection.journal.tell(story.received)
    draining = asyncio.Event()
    line = api.events(projection.journal, P, projection.journal.position, draining)
    assert (await anext(line)).startswith(":")
    before = len(story.received)
    story.enrolled("A").planned("A", date(2018, 3, 5))
    coming = asyncio.ensure_future(anext(line))
    await projection.journal.tell(story.received[before:])
    said = await coming
    assert said == (
        f'id: {len(story.received)}\nevent: progress\ndata: {{"position":{len(story.received)},'
        '"townships":["A"]}\n\n'
    )
    draining.set()
    assert [left async for left in line] == []


async def test_whoever_comes_back_hears_what_was_missed(projection: Projection) -> None:
    story = Story().opened().enrolled("A").planned("A", date(2018, 3, 5))
    await projection.journal.tell(story.received)
    line = api.events(projection.journal, P, 2, asyncio.Event())
    await anext(line)
    assert f"id: {len(story.received)}\n" in await anext(line)
    await line.aclose()


async def test_another_programmes_changes_are_not_told(projection: Projection) -> None:
    await projection.journal.tell(Story().opened().enrolled("A").received)
    draining = asyncio.Event()
    line = api.events(projection.journal, "other", 0, draining)
    await anext(line)
    coming = asyncio.ensure_future(anext(line, "ended"))
    await asyncio.sleep(0)
    draining.set()
    assert await coming == "ended"


def test_a_day_known_ends_at_midnight_in_shanghai() -> None:
    assert end_of_known("2018-12-31") == datetime(2018, 12, 31, 15, 59, 59, 999999, UTC)


@pytest.mark.parametrize(
    "path", ["overview/%00", "progress/p/%00", "targets/p/%00", "stream?programme=%00"]
)
async def test_a_name_that_cannot_be_is_refused_and_breaks_nothing(
    projection: Projection, path: str
) -> None:
    answer = await projection.get(f"/v1/{path}")
    assert answer.status_code in (404, 422)
