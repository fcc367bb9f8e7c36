"""Webhooks end to end: a real receiver on loopback is sent what it subscribed to, signed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from standardwebhooks.webhooks import Webhook

from deploy.local.kafka import Cluster
from services.notification import subscriptions, webhooks
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from tests.integration.test_notification_http import (
    MIGRATIONS,
    OFFICE,
    Running,
    enrol,
    notification,
)

pytestmark = pytest.mark.kafka
BUREAU = "370406-it"
PLANNED = "fuyan.dossier.plan-filed.v1"


@dataclass
class Receiver:
    """Another bureau's system: it keeps what it is sent, and answers what a test tells it to."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: Callable[[int], int] = lambda _: 204
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(40):
            while len(self.got) < count:
                await asyncio.sleep(0.02)
        return [json.loads(body) for _, body in self.got]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), FastAPI()
    receiver.may_answer.set()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        receiver.got.append((dict(request.headers), await request.body()))
        await receiver.may_answer.wait()
        return Response(status_code=receiver.answers(len(receiver.got)))

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{port}/hook"
        yield receiver
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def running(database: str, clean_kafka: Cluster) -> AsyncIterator[Running]:
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with notification(database, clean_kafka.bootstrap) as found:
        yield found


async def post(
    running: Running, path: str, body: dict[str, Any] | None = None, key: str | None = None
) -> httpx.Response:
    return await running.ask(
        "POST",
        f"/v1/subscriptions{path}",
        BUREAU,
        "integrator",
        json=body or {},
        headers={"Idempotency-Key": key or uuid4().hex},
    )


async def subscribed(running: Running, url: str, **more: Any) -> dict[str, Any]:
    answer = await post(running, "", {"url": url, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def deliveries(running: Running, subscription: str, **query: Any) -> list[dict[str, Any]]:
    answer = await running.ask(
        "GET",
        f"/v1/subscriptions/{subscription}/deliveries",
        BUREAU,
        "integrator",
        params=query,
    )
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


async def until_state(running: Running, subscription: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(40):
        while not (found := await deliveries(running, subscription, state=state)):
            await asyncio.sleep(0.02)
    return found[0]


async def test_what_was_subscribed_to_comes_signed_and_nothing_else(
    running: Running, receiver: Receiver
) -> None:
    made = await subscribed(running, receiver.url, types=[PLANNED], programme="shanting-2018")
    await enrol(running.others)
    await running.others.announce(PLANNED, f"{OFFICE}:o12")
    (event,) = await receiver.until(1)
    headers, body = receiver.got[0]
    Webhook(made["secret"]).verify(body, headers)
    assert headers["content-type"] == "application/cloudevents+json"
    assert (event["type"], event["subject"]) == (PLANNED, "shanting-2018/370406001")
    done = await until_state(running, made["id"], "delivered")
    assert (done["event"], done["status"]) == ("dossier/shanting-2018/370406001@1", 204)


async def test_a_receiver_that_was_away_is_tried_again_with_the_same_id(
    running: Running, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "BACK_OFF_S", (0, 0, 0))
    receiver.answers = lambda count: 500 if count < 3 else 200
    made = await subscribed(running, receiver.url, types=[PLANNED])
    await enrol(running.others)
    await running.others.announce(PLANNED, f"{OFFICE}:o12")
    await receiver.until(3)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert (await until_state(running, made["id"], "delivered"))["attempts"] == 3


async def test_what_never_arrives_becomes_a_dead_letter_that_can_be_sent_again(
    running: Running, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "BACK_OFF_S", (0,))
    receiver.answers = lambda _: 503
    made = await subscribed(running, receiver.url)
    tested = await post(running, f"/{made['id']}/tests")
    assert tested.status_code == 201
    dead = await until_state(running, made["id"], "dead")
    assert (dead["id"], dead["attempts"], dead["error"]) == (
        tested.json()["delivery"],
        2,
        "http-503",
    )
    receiver.answers = lambda _: 200
    again = await post(running, f"/{made['id']}/deliveries/{dead['id']}/retry")
    assert again.status_code == 201
    await until_state(running, made["id"], "delivered")
    over = await post(running, f"/{made['id']}/deliveries/{dead['id']}/retry")
    assert (over.status_code, over.json()["code"]) == (409, "delivery-not-dead")


async def test_a_replay_sends_everything_again_from_a_day_on(
    running: Running, receiver: Receiver
) -> None:
    made = await subscribed(running, receiver.url, types=[PLANNED])
    await enrol(running.others)
    await running.others.announce(PLANNED, f"{OFFICE}:o12")
    await receiver.until(1)
    await post(running, f"/{made['id']}/replays", {"from_on": "2018-09-05"})
    first, second = await receiver.until(2)
    assert first == second


async def test_a_receiver_that_is_gone_ends_its_subscription(
    running: Running, receiver: Receiver
) -> None:
    receiver.answers = lambda _: 410
    made = await subscribed(running, receiver.url)
    await post(running, f"/{made['id']}/tests")
    async with asyncio.timeout(40):
        while not (
            found := (
                await running.ask("GET", f"/v1/subscriptions/{made['id']}", BUREAU, "integrator")
            ).json()
        )["ended_at"]:
            await asyncio.sleep(0.02)
    assert found["ended_because"] == "receiver-gone"
    late = await post(running, f"/{made['id']}/tests")
    assert (late.status_code, late.json()["code"]) == (409, "subscription-ended")


@asynccontextmanager
async def trickling() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A receiver that never comes to the end of its headers, and when it was first called."""
    called, closing = asyncio.Event(), asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        with suppress(ConnectionError):
            while not closing.is_set():
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", called
    finally:
        closing.set()
        server.close()


async def test_a_receiver_that_never_ends_is_given_up_and_delays_nobody_whatever_it_is_owed(
    running: Running, receiver: Receiver, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_S", 2)
    async with trickling() as (url, called):
        slow = await subscribed(running, url)
        connection = await asyncpg.connect(database)
        try:
            await connection.execute(
                "INSERT INTO delivery (id, subscription, due_at)"
                " SELECT gen_random_uuid(), $1, '2018-01-01' FROM generate_series(1, 500)",
                slow["id"],
            )
        finally:
            await connection.close()
        async with asyncio.timeout(20):
            await called.wait()
        quick = await subscribed(running, receiver.url)
        await post(running, f"/{quick['id']}/tests")
        await until_state(running, quick["id"], "delivered")
        async with asyncio.timeout(20):
            while not (found := (await deliveries(running, slow["id"], limit=1))[0])["attempts"]:
                await asyncio.sleep(0.02)
        assert (found["state"], found["error"]) == ("pending", "TimeoutError")


async def test_a_subscription_that_is_ended_while_it_is_served_is_sent_nothing_more(
    running: Running, receiver: Receiver
) -> None:
    receiver.may_answer.clear()
    made = await subscribed(running, receiver.url)
    await post(running, f"/{made['id']}/tests")
    await receiver.until(1)
    for _ in range(3):
        await post(running, f"/{made['id']}/tests")
    ended = await running.ask("DELETE", f"/v1/subscriptions/{made['id']}", BUREAU, "integrator")
    assert ended.status_code == 204
    receiver.may_answer.set()
    other = await subscribed(running, receiver.url)
    tested = (await post(running, f"/{other['id']}/tests")).json()["delivery"]
    await until_state(running, other["id"], "delivered")
    assert [headers["webhook-id"] for headers, _ in receiver.got[1:]] == [tested]


async def test_a_key_sent_twice_subscribes_once_and_a_secret_is_shown_only_then(
    running: Running, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "types": [PLANNED]}
    first = await post(running, "", body, key="sub-1")
    again = await post(running, "", body, key="sub-1")
    assert first.json() == again.json()
    other = await post(running, "", {"url": receiver.url}, key="sub-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    listed = (await running.ask("GET", "/v1/subscriptions", BUREAU, "integrator")).json()
    assert len(listed) == 1
    assert "secret" not in listed[0]


async def test_a_subscription_is_its_organisations_own(
    running: Running, receiver: Receiver
) -> None:
    made = await subscribed(running, receiver.url)
    path = f"/v1/subscriptions/{made['id']}"
    stranger = await running.ask("GET", path, "elsewhere", "integrator")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "subscription-unknown")
    assert (await running.ask("GET", path, "audit", "auditor")).status_code == 200
    assert (await running.ask("DELETE", path, BUREAU, "integrator")).status_code == 204
    assert (await running.ask("GET", path, BUREAU, "integrator")).json()["ended_at"]


async def test_what_is_owed_outlives_the_process_that_owed_it(
    database: str, clean_kafka: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_S", 1)
    monkeypatch.setattr(subscriptions, "BACK_OFF_S", (0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with receiving() as receiver:
        receiver.answers = lambda _: 503
        async with notification(database, clean_kafka.bootstrap) as first:
            made = await subscribed(first, receiver.url, types=[PLANNED])
            await enrol(first.others)
            await first.others.announce(PLANNED, f"{OFFICE}:o12")
            await receiver.until(1)
        seen = len(receiver.got)
        receiver.answers = lambda _: 200
        async with notification(database, clean_kafka.bootstrap) as second:
            await receiver.until(seen + 1)
            await until_state(second, made["id"], "delivered")
