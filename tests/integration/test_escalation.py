"""Overdue work is raised once a working day, step by step, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.kafka import Cluster
from services.notification import looking
from shared.clock import SHANGHAI, write_clock
from shared.messaging import reactions
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from tests.integration.test_messaging import topic
from tests.integration.test_notification_http import (
    DISTRICT,
    GOV,
    MIGRATIONS,
    OFFICE,
    Others,
    Running,
    enrol,
    notification,
)

pytestmark = pytest.mark.kafka

DUE = date(2018, 10, 31)  # of the golden return, a Wednesday
THURSDAY, FRIDAY, SATURDAY = (DUE + timedelta(days=days) for days in (1, 2, 3))
MONDAY, WEDNESDAY = DUE + timedelta(days=5), DUE + timedelta(days=7)


@dataclass
class Calendar:
    """The clock of the service, and the day it has looked at."""

    path: Path
    database: str

    def turn(self, day: date) -> None:
        write_clock(self.path, datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI))

    async def looked(self, day: date) -> None:
        """Until the service has looked at what is overdue on `day`."""
        self.turn(day)
        connection = await asyncpg.connect(self.database)
        try:
            async with asyncio.timeout(40):
                while await connection.fetchval('SELECT "on" FROM looked') != day:
                    await asyncio.sleep(0.02)
        finally:
            await connection.close()


@pytest.fixture
async def calendar(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calendar:
    monkeypatch.setattr(looking, "LOOK_S", 0.02)
    monkeypatch.setattr(looking, "SURE_S", 0.3)
    monkeypatch.setattr(reactions, "WATCH_S", 0.1)
    await migrate(database, MIGRATIONS, None, FROZEN)
    found = Calendar(tmp_path / "clock", database)
    found.turn(DUE)
    return found


@asynccontextmanager
async def service(
    calendar: Calendar, kafka: Cluster, versions: dict[str, int]
) -> AsyncIterator[Running]:
    async with notification(
        calendar.database, kafka.bootstrap, clock=str(calendar.path)
    ) as running:
        running.others.versions = versions
        yield running


async def returned(others: Others) -> None:
    """An office planned and applied, and was sent back."""
    await enrol(others)
    for name in ("dossier.plan-filed", "dossier.application-submitted", "case.opened"):
        await others.announce(f"fuyan.{name}.v1", "fuyan:x")
    await others.announce("fuyan.case.returned.v1", f"{DISTRICT}:o02")


async def digests(running: Running, organisation: str) -> list[dict[str, Any]]:
    """The oldest first."""
    found = (await running.inbox(organisation))["notices"]
    return [notice for notice in reversed(found) if notice["overdue"]]


def steps(notices: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [
        (notice["role"], line["step"], line["overdue_wd"])
        for notice in notices
        for line in notice["overdue"]
    ]


async def test_an_unanswered_return_goes_up_step_by_step_and_each_step_once(
    calendar: Calendar, clean_kafka: Cluster
) -> None:
    versions: dict[str, int] = {}
    async with service(calendar, clean_kafka, versions) as running:
        await returned(running.others)
        await running.until_told(OFFICE, 5)
        await calendar.looked(DUE)
        assert await digests(running, OFFICE) == []
        await calendar.looked(THURSDAY)
        [digest] = await digests(running, OFFICE)
        assert digest["digest"] is True
        assert digest["title"].startswith(
            "1 项工作逾期：山城街道退回后重新申报（期限2018年10月31日"
        )
        assert digest["cause"]["type"] == "fuyan.case.returned.v1"
        await calendar.looked(FRIDAY)
        await calendar.looked(SATURDAY)
        assert await digests(running, GOV) == []
        await calendar.looked(MONDAY)
    async with service(calendar, clean_kafka, versions) as running:  # killed and started again
        await calendar.looked(MONDAY)
        assert steps(await digests(running, OFFICE)) == [("head", 1, 1)]
        assert steps(await digests(running, GOV)) == [("gov", 2, 3)]
        await calendar.looked(WEDNESDAY)
        assert steps(await digests(running, DISTRICT)) == [("officer", 2, 3), ("leader", 3, 5)]
        assert steps(await digests(running, GOV)) == [("gov", 2, 3)]
    records = await topic(clean_kafka.bootstrap, "fuyan.notice.v1")
    types = {  # by id: what was sent before the kill may have been sent again
        headers["ce_id"]: headers["ce_type"].decode()
        for headers in (dict(record.headers) for record in records)
    }
    assert list(types.values()).count("fuyan.notice.escalated.v1") == 4


async def test_whoever_answered_meanwhile_is_left_in_peace(
    calendar: Calendar, clean_kafka: Cluster
) -> None:
    async with service(calendar, clean_kafka, {}) as running:
        await returned(running.others)
        await running.others.announce(
            "fuyan.dossier.application-submitted.v1", f"{OFFICE}:o12", round=2
        )
        await running.until_told(OFFICE, 6)
        await calendar.looked(WEDNESDAY)
        assert await digests(running, OFFICE) == []


async def test_a_step_that_was_passed_over_is_told_with_the_next(
    calendar: Calendar, clean_kafka: Cluster
) -> None:
    async with service(calendar, clean_kafka, {}) as running:
        await returned(running.others)
        await running.until_told(OFFICE, 5)
        await calendar.looked(WEDNESDAY)
        assert steps(await digests(running, OFFICE)) == [("head", 1, 5)]
        assert steps(await digests(running, GOV)) == [("gov", 2, 5)]
