"""The event feed of the notification service: every event once, behind one cursor."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import orjson
import pytest

from deploy.local.kafka import Cluster
from shared.contracts.payloads import example
from shared.events.envelope import SEALED, seal
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from tests.integration.test_notification_http import (
    GOV,
    MIGRATIONS,
    OFFICE,
    Running,
    enrol,
    notification,
)

pytestmark = pytest.mark.kafka
PLANNED = "fuyan.dossier.plan-filed.v1"


@pytest.fixture
async def running(database: str, clean_kafka: Cluster) -> AsyncIterator[Running]:
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with notification(database, clean_kafka.bootstrap) as found:
        await enrol(found.others)
        await found.others.announce(PLANNED, f"{OFFICE}:o12")
        await found.until_told(GOV, 2)
        yield found


async def asked(running: Running, **query: Any) -> dict[str, Any]:
    answer = await running.ask("GET", "/v1/feed", "city-it", "integrator", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(running: Running, limit: int, **query: Any) -> list[dict[str, Any]]:
    """Every event of the feed, in pages of `limit`."""
    events: list[dict[str, Any]] = []
    page = await asked(running, limit=limit, **query)
    events += page["events"]
    while page["more"]:
        page = await asked(running, limit=limit, after=page["next"], **query)
        events += page["events"]
    assert (await asked(running, after=page["next"]))["events"] == []
    return events


def place(event: dict[str, Any]) -> tuple[str, str]:
    return event["subject"], event["streamversion"]


async def test_pages_of_any_size_join_to_every_event_once(running: Running) -> None:
    whole = await read(running, 500)
    assert [e["type"] for e in whole[:4]] == [
        "fuyan.programme.opened.v1",
        "fuyan.programme.standard-published.v1",
        "fuyan.programme.township-enrolled.v1",
        PLANNED,
    ]
    assert {e["type"] for e in whole[4:]} == {
        "fuyan.notice.requested.v1",
        "fuyan.notice.delivered.v1",
    }
    for limit in (1, 2, 3):
        assert [place(e) for e in await read(running, limit)] == [place(e) for e in whole]


async def test_an_event_is_the_same_as_on_its_topic_and_its_leaf_can_be_checked(
    running: Running,
) -> None:
    (event,) = (await asked(running, type=PLANNED))["events"]
    assert event["specversion"] == "1.0"
    assert event["dataschema"].endswith(f"/v1/contracts/{PLANNED}")
    assert event["data"] == orjson.loads(example(PLANNED))
    notice = (await asked(running, type="fuyan.notice.requested.v1", limit=1))["events"][0]
    data = orjson.dumps(notice["data"])
    headers = {name: notice[name[3:]].encode() for name in SEALED if name[3:] in notice}
    datahash = sha256(bytes.fromhex(notice["salt"]) + data).digest()
    assert seal(headers, datahash).hex() == notice["leaf"]


async def test_a_filter_passes_over_what_is_not_wanted_and_moves_on(running: Running) -> None:
    page = await asked(running, type=PLANNED)
    assert (len(page["events"]), page["more"]) == (1, False)
    assert (await asked(running, type=PLANNED, after=page["next"]))["events"] == []
    own = await asked(running, programme="shanting-2018", township="370406001")
    assert [e["type"] for e in own["events"]] == [PLANNED]
    assert (await asked(running, programme="elsewhere"))["events"] == []


async def test_a_feed_can_begin_on_the_day_something_was_recorded(running: Running) -> None:
    assert len(await read(running, 500, from_on="2018-09-05")) == len(await read(running, 500))
    since = await asked(running, from_on="2018-09-06")
    # What others said was recorded on the 5th, the notices today.
    assert {e["type"].split(".")[1] for e in since["events"]} == {"notice"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"after": "7"}, "invalid-parameter"),
        ({"after": "a.b"}, "invalid-parameter"),
        ({"from_on": "2018-9-5"}, "invalid-parameter"),
        ({"limit": 0}, "invalid-parameter"),
        ({"township": "370406001"}, "township-without-programme"),
        ({"type": "fuyan.case.lost.v1"}, "no-such-contract"),
    ],
)
async def test_a_question_that_cannot_be_read_says_why(
    running: Running, query: dict[str, Any], code: str
) -> None:
    answer = await running.ask("GET", "/v1/feed", "city-it", "integrator", params=query)
    assert answer.json()["code"] == code


async def test_the_feed_is_for_systems_and_auditors(running: Running) -> None:
    answer = await running.ask("GET", "/v1/feed", OFFICE, "clerk")
    assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed")
