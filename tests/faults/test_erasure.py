"""Before an erasure its words lie everywhere; after it nowhere, and every proof still holds.

A relay is killed by SIGKILL between emptying the topic and filling it again.
"""

import random
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import asyncpg
import pytest
from aiokafka import ConsumerRecord

from deploy.cli.services import Service, apply
from deploy.local.scenario import Person
from deploy.local.stage import _name
from shared.events.envelope import seal
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.topics import declared
from tests.faults.clients import Clients, head_of
from tests.faults.house import House, house
from tests.integration.test_messaging import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

WORDS = "zqx-7-王某某身患重病"
LEADER = Person("q-lingdao", "370406-safety", ("leader",))
P = "erasing"
OWN_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
 WHERE schemaname !~ '^(pg_|information_schema$)' ORDER BY 1
"""
READ_MODELS = ("programme_progress", "dossier_progress", "case_progress", "timeline")


class Ground(NamedTuple):
    """The house, and who speaks to it."""

    house: House
    clients: Clients


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    async with (
        house() as there,
        Clients(P, there.urls, there.issuer, random.Random(7)) as clients,
    ):
        await clients.open(1)
        yield Ground(there, clients)


async def asked(house: House, service: Service, *statements: str) -> list[list[Any]]:
    connection = await asyncpg.connect(house.databases[service])
    try:
        return [[tuple(row) for row in await connection.fetch(one)] for one in statements]
    finally:
        await connection.close()


async def tables_with(house: House, words: str) -> list[str]:
    """Every table of the four databases in which a row holds these words, as text or as bytes."""
    found = []
    told = words.encode().hex()
    for service in Service:
        (tables,) = await asked(house, service, OWN_TABLES)
        looks = [
            f"SELECT '{service} {table}' FROM {table} AS t WHERE position('{words}' IN t::text) > 0"
            f" OR position('{told}' IN t::text) > 0 LIMIT 1"
            for (table,) in tables
        ]
        found += [row[0] for rows in await asked(house, service, *looks) for row in rows]
    return found


async def published(house: House) -> list[ConsumerRecord]:
    """Every record that anybody can still read from a topic."""
    kafka = Kafka(house.broker.bootstrap)
    at = [one for topic in declared() for one in partitions(topic)]
    found: list[ConsumerRecord] = []
    async with kafka.looking() as consumer:
        begins, ends = await consumer.beginning_offsets(at), await consumer.end_offsets(at)
        left = {one for one in at if begins[one] < ends[one]}
        consumer.assign(list(left))
        for one in left:
            consumer.seek(one, begins[one])
        while left:
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                found += records
                if records and records[-1].offset + 1 >= ends[partition]:
                    left.discard(partition)
    return found


def holds(records: Sequence[ConsumerRecord], words: str) -> bool:
    raw = words.encode()
    return any(
        raw in part
        for one in records
        for part in (one.value or b"", one.key or b"", *(value for _, value in one.headers))
    )


def sealed(record: ConsumerRecord) -> bool:
    """Whether the leaf is that of headers and data, or of headers and what is left of the data."""
    headers = dict(record.headers)
    if "ce_datahash" in headers:
        datahash = bytes.fromhex(headers["ce_datahash"].decode())
        assert "ce_salt" not in headers
        assert not record.value
    else:
        datahash = sha256(bytes.fromhex(headers["ce_salt"].decode()) + record.value).digest()
    leaf: str = headers["ce_leaf"].decode()
    return seal(headers, datahash).hex() == leaf


async def over(house: House, event: str) -> bool:
    """Whether the topics are filled again without it, as an operator would see it."""
    token = house.issuer.token(LEADER.officer, LEADER.organisation, LEADER.roles)
    answer = await house.web.get(
        f"{house.urls['submission']}/v1/erasures/{event}",
        headers={"Authorization": f"Bearer {token}"},
    )
    return answer.status_code == 200 and bool(answer.json()["published_without"])


async def seen(house: House) -> dict[str, list[Any]]:
    """What the projection keeps and shows, whichever topic it read first."""
    names = (
        "context, subject, version, id, type, effective_on, effective_at, recorded_at, actor,"
        " correlation, causation, command, data, salt, leaf, store_position"
    )
    tables = [f"SELECT * FROM progress_v1.{name}" for name in READ_MODELS]
    rows = await asked(house, Service.projection, f"SELECT {names} FROM journal", *tables)
    return {
        name: sorted(map(repr, found))
        for name, found in zip(("journal", *READ_MODELS), rows, strict=True)
    }


async def made_anew(house: House, service: Service) -> None:
    """The service again, on an empty database: it knows only what the topics tell."""
    house.process(service).kill()
    name = _name(service)
    await house.server.drop_database(name)
    await house.server.create_database(name)
    await apply(service, house.server.dsn(name), name)
    house.serve(service)
    await house.ready(service)


async def test_what_was_erased_is_nowhere_and_every_proof_holds(ground: Ground) -> None:
    house, clients = ground
    (township,) = clients.townships
    plan = f"/v1/dossiers/{P}/{township}/plans"
    body = {"target": "all-2019", "reach_on": "2019-11-30", "goals": [WORDS], "reason": WORDS}
    revised = await clients.command("submission", plan, body, head_of(township), expected=1)
    assert revised.acknowledged, revised
    await clients.command(
        "submission", plan, body | {"goals": ["整改"], "reason": "依法更正"}, head_of(township)
    )
    wanted = {
        "submission public.log",
        "review public.heard",
        "notification public.heard",
        "projection public.journal",
        "projection progress_v1.timeline",
    }

    async def everywhere() -> bool:
        return wanted <= set(await tables_with(house, WORDS)) and holds(
            await published(house), WORDS
        )

    await until(everywhere)
    before = {
        dict(one.headers)["ce_id"]: dict(one.headers).get("ce_leaf")
        for one in await published(house)
    }
    await house.again("submission", crash_at="relay/emptied")
    await house.ready("submission")
    event = f"dossier/{P}/{township}@2"
    basis = {"title": "关于删除个人信息的决定", "number": "山安监决〔2019〕6号"}
    erased = await clients.command(
        "submission", "/v1/erasures", {"event": event, "basis": basis}, LEADER
    )
    assert erased.acknowledged, erased

    async def killed() -> bool:
        return house.crashes() == ["relay/emptied"]

    await until(killed)
    assert not [one for one in await published(house) if one.topic == "fuyan.dossier.v1"]
    await house.again("submission")

    async def nowhere() -> bool:
        return await over(house, event) and not await tables_with(house, WORDS)

    await until(nowhere)
    records = await published(house)
    assert not holds(records, WORDS)
    events = [one for one in records if "ce_leaf" in dict(one.headers)]
    assert events
    assert all(sealed(one) for one in events)
    after = {dict(one.headers)["ce_id"]: dict(one.headers)["ce_leaf"] for one in events}
    assert before.items() <= after.items()

    live = await seen(house)
    await made_anew(house, Service.projection)

    async def caught_up() -> bool:
        return await seen(house) == live

    await until(caught_up)
