"""Signed tree heads on PostgreSQL and Apache Kafka: they grow, stay true, and never contradict."""

import asyncio
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from deploy.local.kafka import Cluster
from deploy.proof.bundle import Bundle
from deploy.proof.check import check
from shared.contracts.audit import TOPIC, TreeHead
from shared.events.signing import genuine
from shared.events.stream_map import StreamMap
from shared.events.tree import root
from shared.store import tree_heads
from shared.store.session import Session
from shared.store.tree_heads import TreeHeads, keys
from tests.integration.exports import taken
from tests.integration.heads import (
    SOON_S,
    covered,
    key_file,
    published,
    signer,
    signing,
    stored,
    tamper,
    until,
    write,
)
from tests.integration.store import new_log, prepare, serving


async def test_a_head_says_what_the_log_holds_and_its_key_is_known(
    database: str, tmp_path: Path
) -> None:
    await prepare(database)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log, 3)
        await write(log, 2, "p/u")
        head = await covered(log)
        records = await log.page(0, 10)
        (jwk,) = await keys(log)
    assert head.root == root([record.leaf for record in records]).hex()
    assert head.streams == StreamMap({"dossier/p/t": 3, "dossier/p/u": 2}).root().hex()
    assert (head.size, head.stream_count, head.contexts) == (5, 2, ("dossier",))
    assert head.key_id == jwk["kid"] == signer(tmp_path).key_id
    assert genuine(head, jwk)
    assert head.signed_at >= records[-1].recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def test_the_next_holder_of_the_lease_goes_on_and_repeats_nothing(
    database: str, tmp_path: Path
) -> None:
    await prepare(database)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log, 4)
        await covered(log)
        before = await stored(log)
    async with signing(database, key_file(tmp_path)) as log:
        await asyncio.sleep(0.1)  # time enough to sign what did not grow
        assert await stored(log) == before
        await write(log, 1)
        head = await covered(log)
        records = await log.page(0, 10)
    assert head.root == root([record.leaf for record in records]).hex()


async def test_another_key_signs_on_and_the_first_one_stays_known(
    database: str, tmp_path: Path
) -> None:
    await prepare(database)
    async with signing(database, key_file(tmp_path, "old.pem")) as log:
        await write(log)
        await covered(log)
    async with signing(database, key_file(tmp_path, "new.pem")) as log:
        await write(log)
        await covered(log)
        old, new = await stored(log)
        found = await keys(log)
    assert [jwk["kid"] for jwk in found] == [new.key_id, old.key_id]
    assert genuine(old, found[1])
    assert not genuine(old, found[0])


async def test_without_a_key_commands_are_taken_and_the_service_says_what_is_missing(
    database: str,
) -> None:
    await prepare(database)
    async with signing(database, None) as log:
        await write(log)
        assert await stored(log) == []
        assert any("FUYAN_SIGNING_KEY_FILE" in why for why in log.readiness().degraded)
        assert log.readiness().ready


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET leaf = sha256('other') WHERE position = 2",
        "DELETE FROM log WHERE position = 2",
        "DELETE FROM log WHERE position > 3",
        "UPDATE log SET version = 9 WHERE position = 4",
        "UPDATE log SET subject = 'p/v' WHERE position = 4",
    ],
)
async def test_a_log_that_was_altered_is_signed_no_more(
    database: str, tmp_path: Path, statement: str
) -> None:
    await prepare(database)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log, 2)
        await write(log, 2, "p/u")
        await covered(log)
        before = await stored(log)
    await tamper(database, statement)
    async with signing(database, key_file(tmp_path)) as log:

        async def said() -> bool:
            return any("log-contradicts-head" in why for why in log.readiness().degraded)

        await until(said)
        await write(log, 1, "p/w")
        await asyncio.sleep(0.1)
        assert log.readiness().ready  # commands are not what is at fault
        assert await stored(log) == before


VOIDED = """
INSERT INTO void (topic, partition, "offset", position, context, subject, version, id, headers,
                  value, reason, adopted_at)
SELECT 'fuyan.dossier.v1', 0, 3, position, context, subject, version, id,
       jsonb_build_array(jsonb_build_array('ce_leaf', encode(leaf, 'hex'))), data, 'fork', now()
  FROM log WHERE position = 4;
DELETE FROM log WHERE position = 4
"""
LOST = """
INSERT INTO void VALUES ('', -1, 5, 5, '', '', 0, '00000000-0000-0000-0000-000000000000', '[]', '',
                         'exists nowhere', now())
"""


async def test_a_place_that_could_not_be_taken_back_keeps_its_leaf_and_is_named(
    database: str, tmp_path: Path
) -> None:
    await prepare(database)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log, 3)
        await write(log, 1, "p/u")
        await covered(log)
    await tamper(database, VOIDED)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log, 1, "p/u")
        head = await covered(log)
        assert (head.size, log.readiness().degraded) == (5, [])
    out = await taken(database, tmp_path / "taken.zip")
    assert [(f.code, f.facts) for f in check(Bundle(out)).findings] == [
        ("event-void", {"position": 4})
    ]


async def test_a_position_that_exists_nowhere_is_of_no_stream(
    database: str, tmp_path: Path
) -> None:
    await prepare(database)
    async with signing(database, None) as log:
        await write(log, 4)
    await tamper(database, LOST)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log)
        head = await covered(log)
        assert (head.size, head.stream_count) == (6, 1)
    out = await taken(database, tmp_path / "taken.zip")
    assert [(f.code, f.facts) for f in check(Bundle(out)).findings] == [
        ("event-void", {"position": 5})
    ]


async def test_a_tail_cut_off_under_the_running_writer_is_noticed(
    database: str, tmp_path: Path
) -> None:
    await prepare(database)
    async with signing(database, key_file(tmp_path)) as log:
        await write(log, 4)
        await covered(log)
        await tamper(database, "DELETE FROM log WHERE position = 4")
        await write(log, 1, "p/u")

        async def said() -> bool:
            return any("log-contradicts-head" in why for why in log.readiness().degraded)

        await until(said)
        assert [head.size for head in await stored(log)][-1] == 4


@pytest.mark.kafka
async def test_heads_are_published_and_a_wiped_kafka_gets_all_of_them_again(
    database: str, tmp_path: Path, clean_kafka: Cluster
) -> None:
    await prepare(database)
    bootstrap = clean_kafka.bootstrap
    async with signing(database, key_file(tmp_path), bootstrap) as log:
        for _ in range(3):
            await write(log)
            await covered(log)

        async def all_there() -> bool:
            return await published(bootstrap) == await stored(log)

        await until(all_there)
        admin = AdminClient({"bootstrap.servers": bootstrap})
        for gone in admin.delete_topics([TOPIC], operation_timeout=10).values():
            gone.result()
        await until(all_there)
        await write(log)
        await covered(log)
        await until(all_there)
    async with signing(database, key_file(tmp_path), bootstrap) as log:
        await write(log)
        await covered(log)
        await until(all_there)


@pytest.mark.kafka
async def test_a_restored_store_that_tells_another_story_than_kafka_signs_no_more(
    database: str, tmp_path: Path, clean_kafka: Cluster
) -> None:
    await prepare(database)
    bootstrap = clean_kafka.bootstrap
    async with signing(database, key_file(tmp_path), bootstrap) as log:
        await write(log, 3)
        head = await covered(log)

        async def there() -> bool:
            return head in await published(bootstrap)

        await until(there)
    await tamper(database, "DELETE FROM log WHERE position > 1; DELETE FROM tree_head")
    async with signing(database, key_file(tmp_path), bootstrap, new_log(database)) as log:
        await write(log, 4)

        async def said() -> bool:
            return any("Kafka holds a head" in why for why in log.readiness().degraded)

        await until(said)
        known: list[TreeHead] = []

        async def read() -> bool:
            known[:] = await published(bootstrap)
            return bool(known)

        await until(read)
    assert known[-1].signature == head.signature


async def test_what_the_topic_contradicts_while_a_head_is_being_kept_stays_said(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(database)
    log = new_log(database)
    duty = TreeHeads(log, key_file(tmp_path), SOON_S)
    keep = tree_heads.keep

    async def contradicted_meanwhile(session: Session, head: TreeHead) -> None:
        await keep(session, head)
        duty.contradict("Kafka holds another head")

    monkeypatch.setattr(tree_heads, "keep", contradicted_meanwhile)
    async with serving(log, [duty]):
        await write(log)
        await duty.signed.wait()
        assert log.readiness().degraded == [
            "tree-heads: log-contradicts-head: Kafka holds another head"
        ]
