"""An organisation that took another's place hears in its stead and reads what it was told."""

from collections.abc import AsyncIterator

import pytest

from deploy.local.kafka import Cluster
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from tests.integration.test_notification_http import (
    DISTRICT,
    MIGRATIONS,
    OFFICE,
    Running,
    enrol,
    notification,
)

pytestmark = pytest.mark.kafka

EMERGENCY, P = "370406-emergency", "shanting-2018"
BEFORE = {"programme": P, "organisation": DISTRICT}


@pytest.fixture
async def running(database: str, clean_kafka: Cluster) -> AsyncIterator[Running]:
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with notification(database, clean_kafka.bootstrap) as found:
        yield found


async def test_a_successor_hears_reads_on_and_opens_what_was_left_unread(
    running: Running,
) -> None:
    await enrol(running.others)
    await running.others.announce("fuyan.dossier.plan-filed.v1", f"{OFFICE}:o12")
    [left] = await running.until_told(DISTRICT, 1)
    prying = await running.ask("GET", "/v1/notices", EMERGENCY, "officer", params=BEFORE)
    assert (prying.status_code, prying.json()["code"]) == (403, "other-organisation")

    await running.others.announce(
        "fuyan.programme.organisation-renamed.v1",
        f"{DISTRICT}:o02",
        organisation=EMERGENCY,
        successor_of=DISTRICT,
    )
    await running.until_told(OFFICE, 3)  # no order holds between topics: it was heard by now
    await running.others.announce(
        "fuyan.dossier.withdrawal-requested.v1", f"{OFFICE}:o12", effective_on="2019-03-04"
    )
    [heard] = await running.until_told(EMERGENCY, 1)
    assert heard["cause"]["type"] == "fuyan.dossier.withdrawal-requested.v1"
    found = await running.ask("GET", "/v1/notices", EMERGENCY, "officer", params=BEFORE)
    assert [one["id"] for one in found.json()["notices"]] == [left["id"]]

    path = f"/v1/notices/{left['id']}/receipt"
    opened = await running.ask(
        "POST", path, EMERGENCY, "officer", params=BEFORE, headers={"Idempotency-Key": "k1"}
    )
    assert opened.status_code == 201, opened.text
    shown = await running.ask("GET", opened.headers["location"], EMERGENCY, "officer")
    assert shown.json()["read_at"] is not None


async def test_a_new_name_is_that_of_its_day_in_what_is_told(running: Running) -> None:
    await enrol(running.others)
    await running.others.announce(
        "fuyan.programme.organisation-renamed.v1",
        f"{DISTRICT}:o02",
        organisation="370406001-gov",
        previous_name="山城街道办事处",
        name="山城街道应急办",
        from_on="2018-06-10",
    )
    await running.until_told(OFFICE, 2)
    for day in ("2018-06-04", "2018-06-12"):
        await running.others.announce(
            "fuyan.dossier.funding-decided.v1", "370406001-gov:o31", effective_on=day
        )
    told = await running.until_told(OFFICE, 4)
    titles = [one["title"] for one in told if "funding" in one["cause"]["type"]]
    assert [title.partition("对")[0] for title in titles] == ["山城街道应急办", "山城街道办事处"]
