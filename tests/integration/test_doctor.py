"""A small house is healthy; whatever is done to one of its parts, that very thing is named."""

import asyncio
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.cli.main import app
from deploy.cli.services import Service
from deploy.doctor.examine import examine
from deploy.doctor.record import WRITERS
from shared.contracts.registry import CONTRACTS_URL
from shared.events.envelope import Record, leaf, sealed, to_headers
from shared.messaging.kafka import Kafka, partitions
from shared.store.schema import COLUMNS
from shared.store.session import LEASE
from tests.integration.small_house import Damaged, Small, doing, nobody, wrongs
from tests.integration.small_house import copy as copy
from tests.integration.small_house import small as small

pytestmark = pytest.mark.timeout(300)
DOSSIER = "shanting-2018/370406001"


async def test_a_small_house_is_healthy_while_it_runs(small: Small) -> None:
    found = {one.check: one for one in small.while_it_ran}
    assert {check: found[check].en for check in wrongs(found)} == {}
    for context in WRITERS:
        told = found[f"topic/{context}"].facts
        assert told["hash"] == told["log_hash"]
        assert told["events"] == told["log_events"]
    assert found["journal/dossier"].facts["hash"] == found["topic/dossier"].facts["hash"]
    assert found["heard/review/dossier"].facts["hash"] == found["topic/dossier"].facts["hash"]
    assert all(found[f"lease/{service}"].state == "well" for service in Service)
    assert found["versions"].state == "well"
    assert found["tree/review"].state == "well"


async def test_and_whennobody_serves_it_any_more(small: Small) -> None:
    found = await small.looked()
    assert wrongs(found) == set()
    assert found["lease/review"].state == found["versions"].state == "skipped"


ALTERED = "convert_to(replace(convert_from(data, 'UTF8'), '370406001', '370406009'), 'UTF8')"
AT_1 = f"context = 'dossier' AND subject = '{DOSSIER}' AND version = 1"
NAME = f"dossier/{DOSSIER}@1"
SUBMISSION, REVIEW, NOTIFICATION, PROJECTION = tuple(Service)
PROGRAMME = "programme/shanting-2018"


@pytest.mark.parametrize(
    ("service", "statements", "named"),
    [
        (
            PROJECTION,
            [
                f"UPDATE journal SET data = {ALTERED} WHERE {AT_1}",
                "UPDATE journal SET actor = 'x:y' WHERE context = 'programme' AND version = 2",
                "DELETE FROM journal WHERE context = 'programme' AND version = 3",
                "UPDATE journal SET version = 77 WHERE context = 'programme' AND version = 4",
            ],
            {
                ("journal/dossier", "altered", NAME),
                ("journal/programme", "altered", f"{PROGRAMME}@2"),
                ("journal/programme", "missing", f"{PROGRAMME}@3"),
                ("journal/programme", "missing", f"{PROGRAMME}@4"),
                ("journal/programme", "extra", f"{PROGRAMME}@77"),
            },
        ),
        (
            REVIEW,
            [f"DELETE FROM heard WHERE {AT_1}"],
            {("heard/review/dossier", "missing", NAME)},
        ),
        (
            NOTIFICATION,
            [
                f"UPDATE heard SET leaf = sha256(leaf) WHERE {AT_1}",
                "UPDATE heard SET data = '{' WHERE context = 'programme' AND version = 5",
            ],
            {
                ("heard/notification/dossier", "altered", NAME),
                ("heard/notification/programme", "altered", f"{PROGRAMME}@5"),
            },
        ),
        (
            SUBMISSION,
            [
                f"UPDATE log SET data = {ALTERED} WHERE {AT_1}",
                "UPDATE tree_head SET root = sha256(root)",
            ],
            {("log/submission", "altered", NAME)},
        ),
    ],
)
async def test_what_was_done_to_events_is_named_and_nothing_else(
    small: Small,
    copy: Damaged,
    service: Service,
    statements: list[str],
    named: set[tuple[str, str, str]],
) -> None:
    found = await small.looked(**{service: await copy(service, doing(*statements))})
    said = {
        (check, kind, name)
        for check, one in found.items()
        for kind in ("altered", "missing", "another", "extra", "out_of_order")
        for name in cast("list[str]", one.facts.get(kind, ()))
    }
    assert said >= named
    # What follows a gap also came before its predecessor.
    assert {one for one in said - named if one[1] != "out_of_order"} == set()
    trees = {"tree/submission"} if service is SUBMISSION else set()
    assert wrongs(found) - {"read-model"} == {check for check, _, _ in named} | trees
    assert all(found[check].do_zh and found[check].do_en for check in wrongs(found))


async def test_an_event_gone_from_a_log_shows_there_and_as_extra_everywhere_else(
    small: Small, copy: Damaged
) -> None:
    last = (
        "DELETE FROM log WHERE position = (SELECT max(position) FROM log WHERE context = 'dossier')"
    )
    found = await small.looked(submission=await copy(Service.submission, doing(last)))
    assert {"topic/dossier", "journal/dossier", "claims/submission"} <= wrongs(found)
    extra: Any = found["topic/dossier"].facts["extra"]
    assert len(extra) == 1
    assert found["journal/dossier"].facts["extra"] == extra
    first = f"DELETE FROM log WHERE {AT_1}"
    found = await small.looked(submission=await copy(Service.submission, doing(first)))
    missing: Any = found["log/submission"].facts["missing"]
    assert NAME in missing
    assert any(one.startswith("#") for one in missing)


async def _next(connection: asyncpg.Connection, installation: str) -> Record:
    row = await connection.fetchrow(
        f"SELECT {', '.join(COLUMNS)} FROM log WHERE context = 'dossier'"
        " ORDER BY position DESC LIMIT 1"
    )
    assert row is not None
    last = Record(*row)
    new = last._replace(position=last.position + 1, version=last.version + 1, id=uuid4())
    return new._replace(leaf=leaf(sealed(new, installation), new.datahash))


async def test_an_event_that_never_reached_kafka_is_named_as_missing_there(
    small: Small, copy: Damaged
) -> None:
    made: list[Record] = []

    async def unsent(connection: asyncpg.Connection) -> None:
        new = await _next(connection, small.house.installation)
        made.append(new)
        marks = ", ".join(f"${number}" for number in range(1, len(COLUMNS) + 1))
        await connection.execute(f"INSERT INTO log VALUES ({marks})", *new)
        await connection.execute("UPDATE published SET position = position + 1")

    found = await small.looked(submission=await copy(Service.submission, unsent))
    name = f"dossier/{made[0].subject}@{made[0].version}"
    assert found["topic/dossier"].facts["missing"] == [name]
    # The others cannot have heard of it, and are said to be late, not to have lost it.
    assert found["journal/dossier"].facts["late"] == [f"dossier/{made[0].subject}"]
    assert wrongs(found) == {
        "topic/dossier", "journal/dossier", "heard/review/dossier", "heard/notification/dossier",
    }  # fmt: skip


async def test_rows_of_the_read_models_that_no_fold_makes_are_named(
    small: Small, copy: Damaged
) -> None:
    seen = await asyncpg.connect(small.parts.databases[PROJECTION])
    own = f"progress_v{await seen.fetchval('SELECT version FROM pointer')}"
    await seen.close()
    damage = doing(
        f"UPDATE {own}.dossier_progress SET row ="
        " replace(row::text, '370406001', '370406002')::json WHERE township = '370406001'",
        f"DELETE FROM {own}.programme_progress",
        f"DELETE FROM {own}.timeline WHERE {AT_1}",
        f"UPDATE {own}.timeline SET actor = 'x:y' WHERE context = 'dossier' AND version = 1"
        " AND subject LIKE '%/370406100'",
    )
    found = await small.looked(projection=await copy(PROJECTION, damage))
    assert wrongs(found) == {"read-model"}
    assert set(cast("list[str]", found["read-model"].facts["differing"])) >= {
        "programme shanting-2018",
        f"timeline {NAME}",
        "timeline dossier/shanting-2018/370406100@1",
    }


@pytest.mark.parametrize(
    ("service", "statements", "checks"),
    [
        (
            SUBMISSION,
            [
                "UPDATE published SET position = position - 1",
                "ALTER DATABASE CURRENT SET synchronous_commit = off",
            ],
            {"relay/submission", "durability/submission"},
        ),
        (REVIEW, ["INSERT INTO claim VALUES ('plaque', 'X', '\\x00')"], {"claims/review"}),
        (
            NOTIFICATION,
            [
                "DELETE FROM command WHERE first = 1",
                "UPDATE alembic_version SET version_num = '1'",
            ],
            {"claims/notification", "migrations/notification"},
        ),
    ],
)
async def test_what_endangers_a_store_is_named(
    small: Small,
    copy: Damaged,
    service: Service,
    statements: list[str],
    checks: set[str],
) -> None:
    async def damage(connection: asyncpg.Connection) -> None:
        name = await connection.fetchval("SELECT current_database()")
        for statement in statements:
            await connection.execute(statement.replace("CURRENT", f'"{name}"'))

    found = await small.looked(**{service: await copy(service, damage)})
    assert wrongs(found) == checks


async def test_what_is_parked_is_named_and_not_called_lost(small: Small, copy: Damaged) -> None:
    async def park(connection: asyncpg.Connection) -> None:
        await connection.execute(
            f"DELETE FROM heard WHERE context = 'dossier' AND subject = '{DOSSIER}'"
        )
        await connection.execute(
            f"DELETE FROM head WHERE context = 'dossier' AND subject = '{DOSSIER}'"
        )
        await connection.execute(
            "INSERT INTO parked (context, key, seq, subject, version, id, topic, partition,"
            ' "offset", headers, value, reason, attempts, parked_at) VALUES'
            f" ('dossier', '{DOSSIER}', 1, '{DOSSIER}', 1, gen_random_uuid(), 'fuyan.dossier.v1',"
            " 0, 0, '[]', '', 'bad', 1, now())"
        )

    found = await small.looked(review=await copy(Service.review, park))
    assert wrongs(found) == {"parked/review"}
    assert found["parked/review"].facts["keys"] == [f"dossier/{DOSSIER} (1)"]


async def test_who_holds_the_lease_is_said(small: Small) -> None:
    holder = await asyncpg.connect(
        small.parts.databases[Service.review], server_settings={"application_name": "somebody"}
    )
    await holder.execute(f"SELECT pg_advisory_lock({LEASE})")
    found = await small.looked()
    assert "somebody" in found["lease/review"].en
    await holder.close()


async def test_topics_that_are_not_as_declared_are_named(
    small: Small, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    declaration = tmp_path / "topics.yaml"
    shipped = open("deploy/topics.yaml", encoding="utf-8").read()  # noqa: ASYNC230, SIM115
    declaration.write_text(shipped + "  fuyan.more.v1: {}\n")
    monkeypatch.setenv("FUYAN_TOPICS", str(declaration))
    monkeypatch.setenv("FUYAN_TOPIC_REPLICATION", "3")
    found = await small.looked()
    named: Any = found["topics"].facts["wrong"]
    assert "fuyan.more.v1: missing" in named
    assert "fuyan.case.v1: replication 1, not 3" in named


async def test_a_silent_part_is_away_and_the_rest_is_looked_at(small: Small) -> None:
    asked = replace(small.house, kafka=Kafka("127.0.0.1:1"))
    found = {one.check: one async for one in examine(asked, nobody)}
    assert wrongs(found) == {"topics", *(f"topic/{name}" for name in WRITERS)}
    assert found["journal/case"].state == "well"


async def test_a_record_ofnobodys_in_a_topic_is_named(small: Small) -> None:
    """Last in this file: a topic gives nothing back."""
    log = await asyncpg.connect(small.parts.databases[Service.submission])
    new = await _next(log, small.house.installation)
    await log.close()
    producer = small.house.kafka.producer()
    await producer.start()
    at = partitions("fuyan.dossier.v1")[0]
    await producer.send_and_wait(
        at.topic,
        new.data,
        key=new.key.encode(),
        partition=0,
        headers=to_headers(new, small.house.installation, CONTRACTS_URL),
    )
    await producer.send_and_wait(at.topic, b"{", key=b"k", partition=0, headers=[])
    await producer.stop()
    found = await small.looked()
    extra: Any = found["topic/dossier"].facts["extra"]
    assert extra[0] == f"dossier/{new.subject}@{new.version}"
    assert extra[1].startswith("fuyan.dossier.v1/0@")
    assert wrongs(found) == {"topic/dossier"}
    told = await asyncio.to_thread(_command, small, "--json")
    assert told.exit_code == 1
    assert '"healthy": false' in told.stdout


def _command(small: Small, *arguments: str) -> Any:
    given = {f"FUYAN_DATABASE_{name.upper()}": dsn for name, dsn in small.parts.databases.items()}
    given |= {
        "FUYAN_KAFKA": small.house.kafka.bootstrap,
        "FUYAN_INSTALLATION": small.house.installation,
        **{f"FUYAN_URL_{service.upper()}": "" for service in Service},
    }
    return CliRunner().invoke(app, ["doctor", "--wait", "0.2", *arguments], env=given)
