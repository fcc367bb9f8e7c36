"""Notices by e-mail: sent where somebody wants them, retried, given up, never told in an event."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import orjson
import pytest

from deploy.local.kafka import Cluster
from services.notification import mailing, mails
from shared.contracts.notice import NoticeEvent
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from shared.store.streams import Unavailable
from tests.integration.mailbox import Mailbox, mailbox
from tests.integration.test_notification_http import (
    DISTRICT,
    GOV,
    MIGRATIONS,
    OFFICE,
    Running,
    enrol,
    notification,
)

pytestmark = pytest.mark.kafka

AT = "duty@gov.example"


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    async with mailbox() as found:
        yield found


@pytest.fixture
async def running(
    database: str, clean_kafka: Cluster, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    monkeypatch.setattr(mails, "PAUSE_S", 0.02)
    short = (timedelta(milliseconds=10), timedelta(milliseconds=10))
    monkeypatch.setattr(mailing, "PAUSES", short)
    monkeypatch.setattr(mails, "PAUSES", short)
    # The golden events are of 2018: to whom it happens now they are not too old.
    monkeypatch.setattr(mails, "TOO_OLD", timedelta(days=36500))
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with notification(
        database,
        clean_kafka.bootstrap,
        smtp=f"smtp://127.0.0.1:{box.port}",
        smtp_from="fuyan@district.example",
    ) as found:
        yield found


async def wants_mail(running: Running, organisation: str = GOV, role: str = "gov") -> None:
    path = f"/v1/addresses/{organisation}"
    answer = await running.ask("PUT", path, organisation, role, json={"address": AT})
    assert answer.status_code == 200, answer.text
    assert answer.json()["address"] == AT


async def since_2018(database: str) -> None:
    """As if the mailbox had been entered then: the golden events are older than this test."""
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE address SET since = '2018-01-01T00:00:00Z'")
    await connection.close()


async def events(database: str, kind: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT data FROM log WHERE type = $1 ORDER BY position", kind)
    await connection.close()
    return [orjson.loads(row[0]) for row in rows]


async def until(database: str, kind: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(40):
        while len(found := [e for e in await events(database, kind) if _by_mail(e)]) < count:
            await asyncio.sleep(0.02)
    return found


def _by_mail(event: dict[str, Any]) -> bool:
    return bool(event.get("channel", "email") == "email")


async def test_a_notice_arrives_once_with_its_id_and_its_sentence(
    running: Running, database: str, box: Mailbox
) -> None:
    await wants_mail(running)
    await since_2018(database)
    await enrol(running.others)
    [letter] = await box.until(1)
    [notice] = await running.until_told(GOV, 1)
    mail_id = uuid5(UUID(notice["id"]), "email")
    assert letter["Message-ID"] == f"<{mail_id}@district.example>"
    assert (letter["To"], letter["Subject"]) == (AT, notice["title"])
    assert notice["title_en"] in letter.get_content()
    [delivered] = await until(database, "fuyan.notice.delivered.v1", 1)
    assert (delivered["notice_id"], delivered["attempt"]) == (str(mail_id), 1)
    assert len((await running.inbox(GOV, "gov"))["notices"]) == 1
    assert len(box.letters) == 1


async def test_no_event_says_where_a_mail_went(
    running: Running, database: str, box: Mailbox
) -> None:
    await wants_mail(running)
    await since_2018(database)
    await enrol(running.others)
    await until(database, "fuyan.notice.delivered.v1", 1)
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT data FROM log")
    await connection.close()
    assert not any(AT.encode() in row[0] for row in rows)


async def test_a_server_that_is_busy_is_asked_again(
    running: Running, database: str, box: Mailbox
) -> None:
    box.answers = ["450 later"]
    await wants_mail(running)
    await since_2018(database)
    await enrol(running.others)
    [delivered] = await until(database, "fuyan.notice.delivered.v1", 1)
    assert delivered["attempt"] == 2
    [failed] = await events(database, "fuyan.notice.failed.v1")
    assert (failed["attempt"], failed["error_code"], failed["retryable"]) == (1, "450", True)
    assert failed["next_at"] is not None
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    ("answers", "tries", "code"),
    [(["550 no such user"], 1, "550"), (["451 wait"] * 9, 3, "451")],
)
async def test_a_mail_is_given_up_at_once_or_when_the_pauses_are_used_up(
    running: Running, database: str, box: Mailbox, answers: list[str], tries: int, code: str
) -> None:
    box.answers = answers
    await wants_mail(running)
    await since_2018(database)
    await enrol(running.others)
    [given_up] = await until(database, "fuyan.notice.abandoned.v1", 1)
    assert (given_up["attempts"], given_up["error_code"]) == (tries, code)
    assert given_up["fallback_channel"] == "in-app"
    failed = await events(database, "fuyan.notice.failed.v1")
    assert [one["next_at"] is None for one in failed] == [False] * (tries - 1) + [True]
    assert box.letters == []
    assert box.tried == tries
    assert len((await running.inbox(GOV, "gov"))["notices"]) == 1


async def test_what_happened_before_a_mailbox_was_entered_is_not_sent(
    running: Running, database: str, box: Mailbox
) -> None:
    """So a service built anew from old events sends no old letters."""
    await wants_mail(running)
    await enrol(running.others)  # recorded in 2018
    await running.until_told(GOV, 1)
    connection = await asyncpg.connect(database)
    async with asyncio.timeout(40):
        while await connection.fetchval(
            "SELECT (SELECT max(position) FROM log) > position FROM mailed"
        ):
            await asyncio.sleep(0.02)
    await connection.close()
    assert await until(database, "fuyan.notice.requested.v1", 0) == []
    assert box.tried == 0


async def test_a_mail_whose_fate_was_not_written_goes_out_again_under_the_same_id(
    running: Running, database: str, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server said yes, and the store was away: two letters, which a reader can tell apart."""
    accepted, lost = mailing.accepted, iter([True])

    def once_lost(*given: Any, **facts: Any) -> list[NoticeEvent]:
        if next(lost, False):
            raise Unavailable("store-unavailable")
        return accepted(*given, **facts)

    monkeypatch.setattr(mails, "accepted", once_lost)
    await wants_mail(running)
    await since_2018(database)
    await enrol(running.others)
    first, second = await box.until(2)
    assert first["Message-ID"] == second["Message-ID"]
    [delivered] = await until(database, "fuyan.notice.delivered.v1", 1)
    assert delivered["attempt"] == 1


async def test_an_address_is_its_organisations_own_business(running: Running) -> None:
    await wants_mail(running)
    path = f"/v1/addresses/{GOV}"
    assert (await running.ask("GET", path, GOV, "gov")).json()["address"] == AT
    prying = await running.ask("GET", path, DISTRICT, "officer")
    assert (prying.status_code, prying.json()["code"]) == (403, "other-organisation")
    writing = await running.ask("PUT", path, OFFICE, "head", json={"address": "x@y.example"})
    assert writing.status_code == 403
    smuggled = await running.ask(
        "PUT", path, GOV, "gov", json={"address": "a@b.example\r\nBcc: all@b.example"}
    )
    assert smuggled.status_code == 422
    assert (await running.ask("DELETE", path, GOV, "gov")).status_code == 204
    gone = await running.ask("GET", path, GOV, "gov")
    assert (gone.status_code, gone.json()["code"]) == (404, "no-address")
