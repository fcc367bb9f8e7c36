"""Events sent again from the log, and watched as they come, by the operator's commands."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli.house import Exit
from deploy.cli.main import app
from deploy.local.kafka import Cluster
from shared.messaging.kafka import Kafka
from shared.messaging.relay import Relay
from shared.store.log import Log
from tests.faults.donors import sent, tell, written
from tests.faults.followed import publish, rows, topics
from tests.integration.heads import covered, key_file, signing, until, write
from tests.integration.heads import published as heads_published
from tests.integration.store import new_log, prepare, serving
from tests.integration.test_messaging import topic

pytestmark = pytest.mark.kafka


@pytest.fixture
async def kafka(clean_kafka: Cluster) -> Kafka:
    found = Kafka(clean_kafka.bootstrap)
    await topics(found)
    return found


@pytest.fixture
async def prepared(database: str) -> str:
    await prepare(database)
    return database


async def fuyan(database: str, kafka: Kafka, *words: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code, and what the command answered, a line of JSON each."""
    told = {
        "FUYAN_DATABASE_SUBMISSION": database,
        "FUYAN_KAFKA": kafka.bootstrap,
        "FUYAN_INSTALLATION": "test",
    }
    ran = await asyncio.to_thread(CliRunner().invoke, app, [*words, "--json"], env=told)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, [json.loads(line) for line in ran.stdout.splitlines()]


async def published(log: Log, position: int) -> None:
    async def there() -> bool:
        return bool(await log.rows("SELECT FROM published WHERE position = $1", position))

    await until(there)


async def places(kafka: Kafka) -> list[tuple[str, int]]:
    found = []
    for record in await topic(kafka.bootstrap):
        headers = dict(record.headers)
        found.append((headers["ce_subject"].decode(), int(headers["ce_streamversion"])))
    return found


async def test_a_stream_is_sent_again_beside_the_service_and_nothing_appears_out_of_turn(
    prepared: str, kafka: Kafka
) -> None:
    log = new_log(prepared)
    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await tell(log, "p/a", "p/b", "p/a")
        await published(log, 3)
        before = await topic(kafka.bootstrap)
        asked = ("events", "republish", "submission")
        code, answers = await fuyan(prepared, kafka, *asked, "--stream", "dossier/p/a")
        assert (code, answers) == (Exit.OK, [{"sent": 2}])
        found = [one for one in await topic(kafka.bootstrap) if one.key == b"p/a"]
        first, again = found[:2], found[2:]
        assert [(r.value, r.headers) for r in again] == [(r.value, r.headers) for r in first]
        code, answers = await fuyan(prepared, kafka, *asked, "--all")
        assert (code, answers) == (Exit.OK, [{"sent": 3}])
        await tell(log, "p/a")
        await published(log, 4)
        assert len(await topic(kafka.bootstrap)) == len(before) + 2 + 3 + 1
    acts = await rows(prepared, "SELECT act, told ->> 'count' FROM operator_act ORDER BY at")
    assert acts == [("republish", "2"), ("republished", "2"), ("republish", "3"),
                    ("republished", "3")]  # fmt: skip
    log = new_log(prepared)
    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await tell(log, "p/c")
        await published(log, 5)


async def test_what_the_relay_has_not_sent_is_not_sent_by_hand(prepared: str, kafka: Kafka) -> None:
    log = new_log(prepared)
    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await tell(log, "p/a")
        await published(log, 1)
    await written(prepared, "p/late")
    asked = ("events", "republish", "submission")
    assert (await fuyan(prepared, kafka, *asked, "--stream", "dossier/p/late"))[0] == Exit.DIFFERS
    assert (await fuyan(prepared, kafka, *asked, "--stream", "dossier/p/none"))[0] == Exit.DIFFERS
    assert (await fuyan(prepared, kafka, *asked, "--from", "2100-01-01"))[0] == Exit.DIFFERS
    assert (await fuyan(prepared, kafka, *asked))[0] == Exit.USAGE
    assert await places(kafka) == [("p/a", 1)]


async def test_nothing_is_sent_by_hand_to_a_cluster_that_has_yet_to_be_filled(
    prepared: str, kafka: Kafka
) -> None:
    await written(prepared, "p/a")
    asked = ("events", "republish", "submission", "--all")
    assert (await fuyan(prepared, kafka, *asked))[0] == Exit.DIFFERS
    assert await places(kafka) == []


async def test_signed_heads_are_watched_as_they_lie_on_the_audit_topic(
    prepared: str, kafka: Kafka, tmp_path: Path
) -> None:
    async with signing(prepared, key_file(tmp_path), kafka.bootstrap) as log:
        await write(log)
        head = await covered(log)

        async def there() -> bool:
            return head in await heads_published(kafka.bootstrap)

        await until(there)
    asked = ("events", "tail", "--topic", "fuyan.audit.v1", "--no-follow", "--from", "beginning")
    code, seen = await fuyan(prepared, kafka, *asked)
    assert code == Exit.OK
    assert [(one["log"], one["size"], one["root"]) for one in seen] == [
        ("test/submission", 1, head.root)
    ]
    assert (await fuyan(prepared, kafka, *asked, "--type", "tree-head"))[1] == seen
    assert (await fuyan(prepared, kafka, *asked, "--programme", "p"))[1] == []
    told = {"FUYAN_KAFKA": kafka.bootstrap}
    ran = await asyncio.to_thread(CliRunner().invoke, app, list(asked), env=told)
    assert f"test/submission  {head.root}" in ran.stdout


async def test_events_are_watched_by_type_and_place_and_their_content_is_not_seen_unseen(
    prepared: str, kafka: Kafka
) -> None:
    whole = await written(prepared, "p/a", "p/b", "q/a")
    await publish(kafka, [sent(one) for one in whole])
    asked = ("events", "tail", "submission", "--no-follow", "--from", "beginning")
    code, seen = await fuyan(prepared, kafka, *asked)
    assert code == Exit.OK
    assert sorted(one["position"] for one in seen) == [1, 2, 3]
    assert not any("data" in one for one in seen)
    _, seen = await fuyan(prepared, kafka, *asked, "--programme", "p", "--township", "b")
    assert [(one["subject"], one["actor"]) for one in seen] == [("p/b", "o:1")]
    _, seen = await fuyan(prepared, kafka, *asked, "--type", "city-passed")
    assert seen == []
    assert (await fuyan(prepared, kafka, *asked, "--content"))[0] == Exit.USAGE
    assert await rows(prepared, "SELECT FROM operator_act") == []
    by = ("--actor", "ops:li", "--reason", "a complaint")
    _, seen = await fuyan(prepared, kafka, *asked, "--content", *by)
    assert all("deficiency_id" in one["data"] for one in seen)
    acts = await rows(prepared, "SELECT act, actor, told ->> 'reason' FROM operator_act")
    assert acts == [("tail-content", "ops:li", "a complaint")]
