"""The notification service, whole: events come in over Kafka, people read over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from deploy.local.issuer import Issuer
from deploy.local.issuer import serving as issuing
from deploy.local.kafka import Cluster
from services.notification.app import create_app
from services.notification.policies import STEPS
from services.notification.settings import NotificationSettings
from shared.contracts.payloads import example
from shared.contracts.registry import BY_TYPE, CONTEXTS, CONTRACTS_URL, decode
from shared.events.envelope import Record, to_headers
from shared.messaging.topics import ensure
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from tests.integration.test_messaging import topic

pytestmark = pytest.mark.kafka

MIGRATIONS = Path(__file__).parents[2] / "services" / "notification" / "migrations"
ISSUER = Issuer()
OFFICE, GOV, DISTRICT = "370406001-office", "370406001-gov", "370406-safety"
SUBJECTS = {
    "programme": "shanting-2018",
    "dossier": "shanting-2018/370406001",
    "case": "shanting-2018/370406001/1",
}


@dataclass
class Others:
    """What the other services announce: golden examples, each as the next of its stream."""

    producer: AIOKafkaProducer
    versions: dict[str, int] = field(default_factory=dict)

    async def announce(self, name: str, actor: str, /, **changes: Any) -> UUID:
        context = name.split(".")[1]
        version = self.versions[context] = self.versions.get(context, 0) + 1
        data = orjson.dumps(orjson.loads(example(name)) | changes)
        moment = datetime(2018, 9, 5, 1, tzinfo=UTC)
        record = Record(
            position=version,
            context=context,
            subject=SUBJECTS[context],
            version=version,
            id=uuid4(),
            type=name,
            effective_on=decode(name, data).effective_on,
            effective_at=moment,
            recorded_at=moment,
            actor=actor,
            on_behalf_of=None,
            correlation=uuid4(),
            causation=uuid4(),
            command=bytes(32),
            traceparent=None,
            data=data,
            salt=bytes(16),
            leaf=bytes(32),
        )
        await self.producer.send_and_wait(
            CONTEXTS[context].topic,
            data,
            key=record.key.encode(),
            headers=to_headers(record, "test", CONTRACTS_URL),
        )
        return record.id


@dataclass
class Running:
    app: FastAPI
    others: Others

    async def ask(
        self, method: str, path: str, organisation: str, role: str, **given: Any
    ) -> httpx.Response:
        token = ISSUER.token(given.pop("officer", "o1"), organisation, [role])
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://notification") as http:
            headers = {"Authorization": f"Bearer {token}", **given.pop("headers", {})}
            return await http.request(method, path, headers=headers, **given)

    async def inbox(self, organisation: str, role: str = "head", **query: Any) -> dict[str, Any]:
        answer = await self.ask(
            "GET",
            "/v1/notices",
            organisation,
            role,
            params={"programme": "shanting-2018", **query},
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def until_told(self, organisation: str, count: int) -> list[dict[str, Any]]:
        """The notices of an organisation, once there are so many."""
        async with asyncio.timeout(40):
            while len(found := (await self.inbox(organisation))["notices"]) < count:
                await asyncio.sleep(0.02)
        notices: list[dict[str, Any]] = found
        return notices

    async def until_ready(self, fits: Callable[[dict[str, Any]], bool]) -> None:
        async with asyncio.timeout(40):
            while not fits((await self.ask("GET", "/readyz", OFFICE, "head")).json()):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def notification(database: str, bootstrap: str, **settings: Any) -> AsyncIterator[Running]:
    await ensure(bootstrap, [context.topic for context in CONTEXTS.values()])
    async with issuing(ISSUER) as base:
        app = create_app(
            NotificationSettings(
                database=database,
                kafka=bootstrap,
                issuer=ISSUER.issuer,
                jwks_url=f"{base}/.well-known/jwks.json",
                demo=True,
                installation="test",
                webhook_private=True,
                **settings,
            )
        )
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
        await producer.start()
        try:
            async with app.router.lifespan_context(app):
                running = Running(app, Others(producer))
                await running.until_ready(lambda said: bool(said["ready"]))
                yield running
        finally:
            await producer.stop()


@pytest.fixture
async def running(database: str, clean_kafka: Cluster) -> AsyncIterator[Running]:
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with notification(database, clean_kafka.bootstrap) as found:
        yield found


async def enrol(others: Others) -> None:
    await others.announce("fuyan.programme.opened.v1", f"{DISTRICT}:o02")
    await others.announce("fuyan.programme.standard-published.v1", f"{DISTRICT}:o02")
    await others.announce("fuyan.programme.township-enrolled.v1", f"{DISTRICT}:o02")


async def test_each_step_is_read_once_by_the_office_and_once_by_the_district(
    running: Running,
) -> None:
    await enrol(running.others)
    path = sorted(name for name, event in BY_TYPE.items() if event in STEPS)
    # Golden, this one has deficiencies left, and is no step before the last of them is closed.
    path.remove("fuyan.dossier.rectification-completed.v1")
    for name in path:
        by = f"{OFFICE}:o12" if name.startswith("fuyan.dossier") else f"{DISTRICT}:o02"
        await running.others.announce(name, by)
    office = await running.until_told(OFFICE, len(path))
    district = await running.until_told(DISTRICT, len(path))
    enrolled = "fuyan.programme.township-enrolled.v1"
    own = [name for name in path if name != "fuyan.case.consensus-recorded.v1"]
    assert sorted(n["cause"]["type"] for n in office if n["cause"]["type"] != enrolled) == own
    assert sorted(n["cause"]["type"] for n in district) == path
    for told in (*office, *district):
        assert "山城街道" in told["title"]
        assert "山城街道" in told["title_en"]


async def test_an_application_is_told_upwards_with_a_receipt_to_the_office(
    running: Running,
) -> None:
    await enrol(running.others)
    cause = await running.others.announce("fuyan.dossier.application-submitted.v1", f"{OFFICE}:o12")
    office = await running.until_told(OFFICE, 2)
    government = await running.until_told(GOV, 2)
    district = await running.until_told(DISTRICT, 1)

    assert [n["cause"]["type"] for n in office] == [
        "fuyan.dossier.application-submitted.v1",
        "fuyan.programme.township-enrolled.v1",
    ]
    assert {n["copy"] for n in government} == {True}
    assert [n["cause"] for n in district] == [
        {
            "id": str(cause),
            "type": "fuyan.dossier.application-submitted.v1",
            "subject": "shanting-2018/370406001",
            "effective_on": "2018-09-05",
        }
    ]
    assert district[0]["title"].startswith("山城街道申报验收（第 1 次），自评 263.00 分")
    assert district[0]["title_en"].startswith("山城街道 applied (round 1), scoring itself 263.00")
    assert district[0]["delivered_at"] is not None
    assert district[0]["read_at"] is None


async def test_an_event_heard_before_its_enrolment_waits_and_nobody_misses_it(
    running: Running,
) -> None:
    await running.others.announce("fuyan.dossier.plan-filed.v1", f"{OFFICE}:o12")
    await running.until_ready(lambda said: any("not-yet-known" in why for why in said["degraded"]))
    await enrol(running.others)
    assert len(await running.until_told(DISTRICT, 1)) == 1
    assert len(await running.until_told(GOV, 2)) == 2


async def test_a_notice_is_opened_by_its_recipient_once(running: Running) -> None:
    await enrol(running.others)
    notice = (await running.until_told(OFFICE, 1))[0]
    path = f"/v1/notices/{notice['id']}/receipt?programme=shanting-2018"
    key = {"Idempotency-Key": "open-1"}

    stranger = await running.ask("POST", path, DISTRICT, "officer", headers=key)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "no-such-notice")
    auditor = await running.ask("POST", path, OFFICE, "auditor", headers=key)
    assert (auditor.status_code, auditor.json()["code"]) == (403, "role-not-allowed")

    opened = await running.ask("POST", path, OFFICE, "head", officer="o11", headers=key)
    assert opened.status_code == 201, opened.text
    again = await running.ask("POST", path, OFFICE, "head", officer="o11", headers=key)
    assert again.json() == opened.json()
    other = await running.ask("POST", path, OFFICE, "clerk", officer="o12", headers=key)
    assert other.json()["version"] == opened.json()["version"]

    where = opened.headers["location"]
    shown = await running.ask("GET", where, OFFICE, "head")
    assert shown.json()["read_at"] is not None
    assert shown.headers["etag"] == opened.headers["etag"]
    assert (await running.inbox(OFFICE))["unread"] == 0
    assert (await running.inbox(OFFICE, unread=True))["notices"] == []


async def test_an_inbox_is_its_organisations_own_and_an_auditors(running: Running) -> None:
    await enrol(running.others)
    await running.until_told(OFFICE, 1)
    query = {"programme": "shanting-2018", "organisation": OFFICE}
    prying = await running.ask("GET", "/v1/notices", GOV, "gov", params=query)
    assert (prying.status_code, prying.json()["code"]) == (403, "other-organisation")
    audited = await running.ask("GET", "/v1/notices", "audit", "auditor", params=query)
    assert len(audited.json()["notices"]) == 1
    outside = await running.ask("GET", "/v1/notices", OFFICE, "integrator", params=query)
    assert outside.status_code == 403


async def test_pages_of_an_inbox_join_without_gap_or_repeat(running: Running) -> None:
    await enrol(running.others)
    for name in ("opened", "team-appointed", "preliminary-passed"):
        await running.others.announce(f"fuyan.case.{name}.v1", f"{DISTRICT}:o02")
    whole = [notice["id"] for notice in await running.until_told(OFFICE, 4)]
    paged: list[str] = []
    after: dict[str, str] = {}
    for _ in range(2):
        page = await running.inbox(OFFICE, limit=2, **after)
        paged += [notice["id"] for notice in page["notices"]]
        after = {"after": page["next"]}
    assert paged == whole
    assert page["next"] is None


async def test_notices_are_announced_without_what_they_say(
    running: Running, clean_kafka: Cluster
) -> None:
    await enrol(running.others)
    await running.until_told(GOV, 1)
    async with asyncio.timeout(40):
        while len(records := await topic(clean_kafka.bootstrap, "fuyan.notice.v1")) < 4:
            pass
    types = sorted(dict(record.headers)["ce_type"].decode() for record in records)
    assert types == ["fuyan.notice.delivered.v1"] * 2 + ["fuyan.notice.requested.v1"] * 2
    assert {record.key.decode() for record in records} == {
        f"shanting-2018/{OFFICE}",
        f"shanting-2018/{GOV}",
    }
    assert not any("山城街道".encode() in record.value for record in records)


async def test_a_service_started_again_still_knows_who_takes_part(
    database: str, clean_kafka: Cluster
) -> None:
    await migrate(database, MIGRATIONS, None, FROZEN)
    async with notification(database, clean_kafka.bootstrap) as first:
        await enrol(first.others)
        await first.until_told(GOV, 1)
        versions = first.others.versions
    async with notification(database, clean_kafka.bootstrap) as second:
        second.others.versions = versions
        await second.others.announce("fuyan.case.opened.v1", "fuyan:review")
        assert len(await second.until_told(GOV, 2)) == 2


async def test_the_contracts_are_served_where_events_say(running: Running) -> None:
    listed = (await running.ask("GET", "/v1/contracts", OFFICE, "integrator")).json()
    first = listed["contracts"][0]
    events = sum(len(context.types) for context in CONTEXTS.values())
    assert len(listed["contracts"]) == events + 1  # and the signed tree heads
    for place, media in (
        (first["schema"], "application/schema+json"),
        (first["producer_schema"], "application/schema+json"),
        (first["example"], "application/json"),
        (listed["asyncapi"], "application/vnd.aai.asyncapi+json"),
    ):
        answer = await running.ask("GET", place, OFFICE, "integrator")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
    closed = await running.ask("GET", first["producer_schema"], OFFICE, "integrator")
    assert closed.json()["additionalProperties"] is False
    unknown = await running.ask("GET", "/v1/contracts/fuyan.case.lost.v1", OFFICE, "integrator")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no-such-contract")
