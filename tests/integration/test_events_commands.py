"""`fuyan events export`, `verify` and `prove` on real logs: what they say, record and end with."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from deploy.cli.adopting import OWN
from deploy.cli.main import app
from deploy.cli.services import Service
from deploy.local.kafka import Cluster
from deploy.local.postgres import Databases
from shared.clock import system_clock
from shared.events.signing import jwks
from shared.messaging.heads_back import take_heads_back
from shared.messaging.kafka import Kafka
from shared.store.log import Log
from shared.store.reading import Reader
from shared.store.session import leased
from shared.store.streams import Aggregate, Stream
from tests.integration.exports import (
    SERVICE,
    at,
    data_taken_out,
    edit,
    lines,
    loaded,
    parts,
    played,
    put,
    rebuilt,
    taken,
)
from tests.integration.exports import (
    stored as put_part,
)
from tests.integration.heads import (
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
from tests.integration.store import command, new_log, note, prepare
from tests.integration.test_erasure import erased
from tests.integration.test_export_tampered import reason

ONLY = {"FUYAN_DATABASE_REVIEW": "", "FUYAN_DATABASE_NOTIFICATION": ""}
"""Where an export of submission's log alone is held against the live one."""
PARTS_OF_A_LOG = ("manifest", "heads", "streams")
EXPORT = ("events", "export", "--actor", "bureau:a1", "--reason", "年度审计")


class House:
    """Three logs with signed heads, of which submission's has been played."""

    def __init__(self, directory: Path, databases: dict[str, str]) -> None:
        self.directory = directory
        self.databases = databases
        self.keys = directory / "keys.json"

    async def run(self, *arguments: str | Path, **also: str) -> Result:
        environment = {
            "FUYAN_INSTALLATION": "test",
            "FUYAN_KAFKA": "",
            **{f"FUYAN_DATABASE_{name.upper()}": dsn for name, dsn in self.databases.items()},
            **also,
        }
        words = [str(one) for one in arguments]
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, words, env=environment))

    async def found(self, *arguments: str | Path, **also: str) -> list[tuple[str, object]]:
        """What `verify` finds, by code and place; its exit code must agree."""
        result = await self.run(
            "events", "verify", "--json", "--key", self.keys, *arguments, **also
        )
        said = json.loads(result.stdout)
        assert result.exit_code == (0 if said["ok"] else 1), result.output
        return [
            (one["code"], one.get("position", one.get("size", one.get("first"))))
            for one in said["findings"]
        ]


@pytest.fixture(scope="module")
async def played_house(
    postgres: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    directory = tmp_path_factory.mktemp("house")
    names = {service: f"test_{uuid4().hex}" for service in Service if service != "projection"}
    for name in names.values():
        await postgres.create_database(name)
    found = House(directory, {service: postgres.dsn(name) for service, name in names.items()})
    await played(found.databases["submission"], directory)
    for service in (Service.review, Service.notification):
        database = found.databases[service]
        await prepare(database)
        log = Log(
            database,
            [Aggregate(name, (), lambda told, event: (*told, event)) for name in OWN[service]],
            service=service,
            installation="test",
            clock=system_clock,
        )
        async with signing(database, key_file(directory), log=log):
            await log.decide(command(), Stream(OWN[service][0], "p"), lambda _: [note()])
            await covered(log)
    found.keys.write_text(json.dumps(jwks([signer(directory).jwk])))
    yield found
    for name in names.values():
        await postgres.drop_database(name)


@pytest.fixture
async def house(played_house: House, postgres: Databases, tmp_path: Path) -> AsyncIterator[House]:
    """The played house with a log of dossiers that a test may tamper with."""
    name = f"test_{uuid4().hex}"
    template = played_house.databases["submission"].rsplit("/", 1)[1].split("?")[0]
    connection = await asyncpg.connect(played_house.databases["review"])
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await connection.close()
    databases = {**played_house.databases, "submission": postgres.dsn(name)}
    found = House(tmp_path, databases)
    found.keys = played_house.keys
    yield found
    await postgres.drop_database(name)


async def act(database: str) -> asyncpg.Record:
    connection = await asyncpg.connect(database)
    try:
        (row,) = await connection.fetch("SELECT * FROM operator_act")
        return row
    finally:
        await connection.close()


async def test_a_record_is_taken_away_checked_and_proven_and_who_took_it_is_known(
    house: House,
) -> None:
    out = house.directory / "all.zip"
    result = await house.run(*EXPORT, "--out", out, "--content")
    assert result.exit_code == 0, result.output
    assert "案件内容将离开系统" in result.stderr
    assert out.stat().st_mode & 0o077 == 0
    assert await house.found(out) == []
    assert await house.found(out, "--against-live") == []
    assert await house.found("--live") == []
    recorded = await act(house.databases["submission"])
    told = json.loads(recorded["told"])
    assert (recorded["act"], recorded["actor"]) == ("export", "bureau:a1")
    assert (told["reason"], told["content"], told["size"]) == ("年度审计", True, 12)
    for source in (out, "submission"):
        proven = await house.run(
            "events", "prove", source, "dossier/p/t2@2", "--json", "--key", house.keys
        )
        assert proven.exit_code == 0, proven.output
        said = json.loads(proven.stdout)
        assert said["proven"]
        assert (said["position"], said["head"]["size"]) == (7, 12)
    absent = await house.run("events", "prove", out, "dossier/p/t2@9")
    assert absent.exit_code == 1
    assert "不能证明" in absent.stderr


async def test_a_township_that_does_not_exist_is_shown_to_have_no_stream(house: House) -> None:
    out = house.directory / "none.zip"
    arguments = ("--out", out, "--programme", "p", "--township", "none")
    assert (await house.run(*EXPORT, *arguments)).exit_code == 0
    assert await house.found(out) == []
    assert lines(parts(out)) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--township", "t"), "--programme"),
        (("--until", "soon"), "YYYY-MM-DD"),
        (("--actor", "me"), "ORGANISATION:OFFICER"),
        (("--until", "2001-01-01"), "FUYAN_SIGNING_KEY_FILE"),
    ],
)
async def test_what_cannot_be_exported_is_said_in_both_languages(
    house: House, arguments: tuple[str, ...], says: str
) -> None:
    result = await house.run(*EXPORT, "--out", house.directory / "x.zip", *arguments)
    assert result.exit_code == (1 if "2001-01-01" in arguments else 2)
    assert says in result.stderr
    assert not (house.directory / "x.zip").exists()


async def test_verify_without_a_key_from_elsewhere_says_so(house: House) -> None:
    result = await house.run("events", "verify", await taken(
        house.databases["submission"], house.directory / "s.zip"
    ))  # fmt: skip
    assert result.exit_code == 0
    assert "--key" in result.stderr
    assert "This file is without the logs of review, notification" in result.stderr
    assert (await house.run("events", "verify")).exit_code == 2
    unset = await house.run("events", "verify", "--live", FUYAN_DATABASE_REVIEW="")
    assert unset.exit_code == 2


async def test_a_file_that_is_not_there_was_asked_for_wrongly_and_is_not_called_altered(
    house: House,
) -> None:
    assert (await house.run("events", "verify", "nowhere.zip")).exit_code == 2
    assert (await house.run("events", "prove", "nowhere.zip", "case/p/t/1@1")).exit_code == 2


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE log SET data = replace(convert_from(data, 'UTF8'), 'noted', 'voted')::bytea"
            " WHERE position = 3",
            [("leaf-not-live", 3), ("head-contradicts-record", 5)],
        ),
        (
            "UPDATE log SET actor = 'o:2' WHERE position = 7",
            [("leaf-not-live", 7), ("head-contradicts-record", 8)],
        ),
        ("DELETE FROM log WHERE position > 10", [("head-contradicts-record", 12)]),
        (
            "DELETE FROM log WHERE position = 2",
            [("event-removed", 2), ("head-contradicts-record", 5)],
        ),
        (
            "UPDATE tree_head SET signature = sha512('x') WHERE size = 8",
            [("head-signature-false", 8)],
        ),
    ],
)
async def test_a_live_log_that_was_altered_is_named(
    house: House, statement: str, expected: list[tuple[str, int]]
) -> None:
    out = await taken(house.databases["submission"], house.directory / "s.zip")
    await tamper(house.databases["submission"], statement)
    assert await house.found("--live") == expected
    against = await house.found(out, "--against-live", **ONLY)
    assert against[: len(expected)] == expected
    if expected[-1][0] == "head-contradicts-record":
        assert against[-1] == ("head-not-live", expected[-1][1])


async def test_a_tail_cut_off_with_its_heads_is_known_by_the_live_log(
    house: House,
) -> None:

    out = house.directory / "s.zip"
    changed = parts(await taken(house.databases[SERVICE], out))
    put(changed, lines(changed)[:8])
    heads = json.loads(changed["heads.json"])
    heads["heads"][SERVICE].pop()
    changed["heads.json"] = json.dumps(heads).encode()
    manifest = json.loads(changed["manifest.json"])
    manifest["services"][SERVICE]["size"] = 8
    changed["manifest.json"] = json.dumps(manifest).encode()
    changed[f"leaves/{SERVICE}.bin"] = changed[f"leaves/{SERVICE}.bin"][: 8 * 32]
    changed["streams.json"] = json.dumps(
        {SERVICE: [["dossier/p/t", 4], ["dossier/p/t2", 3], ["dossier/p/u", 1]]}
    ).encode()
    cut = rebuilt(changed, house.directory / "cut.zip")
    assert await house.found(cut) == []  # nothing in it tells
    assert await house.found(cut, "--against-live", **ONLY) == [("tail-cut", 9)]


async def test_a_whole_log_cut_out_of_a_file_is_named_by_the_live_ones(house: House) -> None:
    out = house.directory / "all.zip"
    assert (await house.run(*EXPORT, "--out", out)).exit_code == 0
    changed = parts(out)
    manifest, heads, streams = (loaded(changed, f"{name}.json") for name in PARTS_OF_A_LOG)
    for told in (manifest["services"], heads["heads"], heads["keys"], streams):
        del told["review"]
    for name, told in zip(PARTS_OF_A_LOG, (manifest, heads, streams), strict=True):
        put_part(changed, f"{name}.json", told)
    del changed["leaves/review.bin"]
    put(changed, [one for one in lines(changed) if b'/programme"' not in one])
    cut = rebuilt(changed, house.directory / "cut.zip")
    assert await house.found(cut) == []  # nothing in it tells
    assert await house.found(cut, "--against-live", FUYAN_DATABASE_REVIEW="") == []
    result = await house.run("events", "verify", cut, "--against-live", "--json")
    (finding,) = json.loads(result.stdout)["findings"]
    assert (finding["code"], finding["service"]) == ("log-missing", "review")
    assert result.exit_code == 1


async def test_a_log_that_a_township_does_not_concern_is_not_missed(house: House) -> None:
    out = house.directory / "t.zip"
    arguments = ("--out", out, "--programme", "p", "--township", "t")
    assert (await house.run(*EXPORT, *arguments)).exit_code == 0
    assert set(loaded(parts(out), "manifest.json")["services"]) == {"submission", "review"}
    assert await house.found(out, "--against-live") == []


async def test_an_event_that_was_erased_stays_proven(house: House) -> None:
    database = house.databases["submission"]
    key = key_file(house.keys.parent)
    async with signing(database, key, log=new_log(database)) as log:
        await erased(log, 3)
        await covered(log)
    assert await house.found("--live") == []
    out = await taken(database, house.directory / "s.zip")
    assert await house.found(out) == []
    said = json.loads(lines(parts(out))[at(parts(out), 3)])
    assert "data" not in said
    assert said["datahash"]
    changed = parts(out)
    edit(changed, 13, data_taken_out)  # what ordered it
    cut = rebuilt(changed, house.directory / "cut.zip")
    assert await house.found(cut) == [("data-withheld", 3), ("data-withheld", 13)]


async def test_data_that_are_gone_without_an_order_are_named(house: House) -> None:
    blank = "UPDATE log SET salt = sha256(salt || data), data = '' WHERE position = 3"
    await tamper(house.databases["submission"], blank)
    assert await house.found("--live") == [("data-gone", 3)]


async def test_an_altered_file_ends_with_1_and_names_the_event(house: House) -> None:
    out = await taken(house.databases["submission"], house.directory / "s.zip")
    changed = parts(out)
    edit(changed, 3, reason)
    result = await house.run("events", "verify", rebuilt(changed, house.directory / "t.zip"))
    assert result.exit_code == 1
    assert "第 3 号事件（dossier/p/t@3）被改动" in result.stdout
    assert "The event at position 3 (dossier/p/t@3) was altered" in result.stdout


@pytest.mark.kafka
async def test_heads_on_the_topic_are_held_against_the_log(
    database: str, clean_kafka: Cluster, house: House
) -> None:
    await prepare(database)
    bootstrap = clean_kafka.bootstrap
    house.databases["submission"] = database
    async with signing(database, key_file(house.keys.parent), bootstrap, new_log(database)) as log:
        for _ in range(2):
            await write(log)
            head = await covered(log)

        async def there() -> bool:
            return head in await published(bootstrap)

        await until(there)
        assert len(await stored(log)) == 2
    assert await house.found("--live", FUYAN_KAFKA=bootstrap) == []
    await tamper(database, "DELETE FROM tree_head WHERE size = 2; DELETE FROM log WHERE position=2")
    assert await house.found("--live", FUYAN_KAFKA=bootstrap) == [
        ("head-only-on-topic", 2), ("head-not-live", 2),
    ]  # fmt: skip


@pytest.mark.kafka
async def test_a_restored_log_takes_its_heads_back_with_its_events(
    database: str, clean_kafka: Cluster, house: House
) -> None:
    await prepare(database)
    bootstrap = clean_kafka.bootstrap
    house.databases["submission"] = database
    key = key_file(house.keys.parent)
    async with signing(database, key, bootstrap, new_log(database)) as log:
        for _ in range(3):
            await write(log)
            head = await covered(log)

        async def there() -> bool:
            return head in await published(bootstrap)

        await until(there)
        before = await stored(log)
    await tamper(database, "DELETE FROM tree_head WHERE size > 1")  # as of the backup
    reader = Reader(database, "submission")
    async with leased(database, "restored") as session:
        for taken_back in (2, 0):
            kafka = Kafka(bootstrap)
            assert await take_heads_back(reader, session, kafka, "test") == taken_back
    reader.close()
    async with signing(database, key, bootstrap, new_log(database)) as log:
        assert await stored(log) == before
        await write(log)
        head = await covered(log)
        await until(there)
    assert await house.found("--live", FUYAN_KAFKA=bootstrap) == []
