"""Backups: of one moment, believed only when whole, and put back over nothing by mistake."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from deploy.backups import restoring, taking
from deploy.backups.manifest import NAME, Manifest, Unsound
from deploy.backups.tools import run
from deploy.cli.house import Exit
from deploy.cli.main import app
from deploy.cli.services import Service, apply
from deploy.local.postgres import Databases
from services.submission.evidence.store import opened
from shared.store import session
from shared.store.session import LeaseHeld
from tests.integration.store import command, new_log, note, serving, stream

Four = Mapping[Service, str]


@pytest.fixture(scope="module")
async def four(postgres: Databases) -> AsyncIterator[Four]:
    """The databases of the four services, with an event in submission's log: made once, for that
    takes longer than everything else here."""
    found = {}
    for service in Service:
        name = f"test_{uuid4().hex}"
        await postgres.create_database(name)
        found[service] = postgres.dsn(name)
        await apply(service, found[service], None)
    await write(found)
    yield found
    for dsn in found.values():
        await postgres.drop_database(dsn.rsplit("/", 1)[1])


def quiet(step: str, done: int, total: int) -> None:
    """Nobody watches."""


async def take(directory: Path, four: Four) -> Manifest:
    store = opened((directory.parent / "store").as_uri(), None)
    assert store is not None
    await store.put_async("fuyan-evidence", b"fuyan")
    return await taking.take(directory, four, "test", store, quiet)


async def events(four: Four) -> int:
    connection = await asyncpg.connect(four[Service.submission])
    try:
        return int(await connection.fetchval("SELECT count(*) FROM log"))
    finally:
        await connection.close()


async def write(four: Four) -> None:
    log = new_log(four[Service.submission])
    async with serving(log):
        await log.decide(command(), stream("p/t"), lambda told: [note()])


async def test_a_backup_goes_back_into_the_same_databases_only_when_told_so(
    four: Four, tmp_path: Path
) -> None:
    directory = tmp_path / "one"
    before = await events(four)
    manifest = await take(directory, four)
    assert manifest.databases["submission"].last == before > 0
    assert manifest == await restoring.verify(directory, quiet)
    with pytest.raises(Unsound, match="not empty"):
        await take(directory, four)
    await write(four)
    with pytest.raises(Unsound, match="is not empty"):
        await restoring.restore(directory, four, None, quiet)
    assert await events(four) == before + 1
    _, left, _ = await restoring.restore(directory, four, None, quiet, replace=True)
    assert (await events(four), left) == (before, [])
    await write(four)

    # What was put back can be backed up, and put back again.
    again = await take(tmp_path / "two", four)
    assert again.databases["submission"].last == before + 1
    await restoring.restore(tmp_path / "two", four, None, quiet, replace=True)
    assert await events(four) == before + 1


async def test_what_a_database_holds_goes_only_once_a_person_agreed_to_it_by_name(
    four: Four, tmp_path: Path
) -> None:
    directory = tmp_path / "one"
    before = (await take(directory, four)).databases["submission"].last
    await write(four)
    told = {f"FUYAN_DATABASE_{name.upper()}": dsn for name, dsn in four.items()}
    told["FUYAN_EVIDENCE"] = ""

    async def replaced(*more: str, says: str = "") -> Result:
        words = ["restore", str(directory), "--replace", "--only", "submission", *more]
        return await asyncio.to_thread(CliRunner().invoke, app, words, input=says, env=told)

    for says in ("", "n\n"):
        refused = await replaced(says=says)
        assert refused.exit_code == Exit.USAGE
        assert four[Service.submission].rsplit("/", 1)[1] in refused.stderr
        assert four[Service.review].rsplit("/", 1)[1] not in refused.stderr
        assert "--yes" in refused.stderr
        assert await events(four) == before + 1
    for more, says in (((), "y\n"), (("--yes",), "")):
        assert (await replaced(*more, says=says)).exit_code == Exit.OK
        assert await events(four) == before
        await write(four)


async def test_a_damaged_backup_touches_nothing(four: Four, tmp_path: Path) -> None:
    directory = tmp_path / "one"
    await take(directory, four)
    await write(four)
    before = await events(four)
    dump = directory / "review.dump"
    content = bytearray(await asyncio.to_thread(dump.read_bytes))
    content[len(content) // 2] ^= 1
    await asyncio.to_thread(dump.write_bytes, bytes(content))
    with pytest.raises(Unsound, match="damaged"):
        await restoring.restore(directory, four, None, quiet, replace=True)
    assert await events(four) == before
    (directory / NAME).unlink()
    with pytest.raises(Unsound, match="no finished backup"):
        await restoring.verify(directory, quiet)


async def test_a_restore_that_breaks_off_leaves_all_as_it_was(
    four: Four, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "one"
    await take(directory, four)
    await write(four)
    before = await events(four)

    async def fails(program: Path, environment: dict[str, str], *arguments: str) -> bytes:
        if "--list" in arguments:
            return await run(program, environment, *arguments)
        raise Unsound("磁盘已满", "the disk is full")

    monkeypatch.setattr("deploy.backups.restoring.run", fails)
    with pytest.raises(Unsound, match="disk is full"):
        await restoring.restore(directory, four, None, quiet, replace=True)
    assert await events(four) == before
    await write(four)


async def test_a_store_in_use_is_not_restored(
    four: Four, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HELD_S", 0.5)
    directory = tmp_path / "one"
    await take(directory, four)
    before = await events(four)
    async with serving(new_log(four[Service.submission])):
        with pytest.raises(LeaseHeld):
            await restoring.restore(directory, four, None, quiet, replace=True)
    assert await events(four) == before


async def test_no_snapshot_is_kept_in_which_a_follower_is_ahead_of_what_it_follows(
    four: Four, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer, restored from it without Kafka, would tell otherwise what was followed."""
    monkeypatch.setattr(taking, "ATTEMPTS", 3)
    connection = await asyncpg.connect(four[Service.review])
    await connection.execute("INSERT INTO head VALUES ('dossier', 'p/t', 99, gen_random_uuid())")
    with pytest.raises(Unsound, match="ahead of another"):
        await take(tmp_path / "one", four)
    assert not (tmp_path / "one" / NAME).exists()
    await connection.execute("UPDATE head SET version = 1")
    await take(tmp_path / "two", four)
    await connection.execute("DELETE FROM head")
    await connection.close()


async def test_registered_evidence_that_is_not_in_the_store_is_said(
    four: Four, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(four[Service.submission])
    await connection.execute(
        "INSERT INTO evidence VALUES ($1, 'p', 't', 'n', 'image/jpeg', 1, 'o:1', now())", "0" * 64
    )
    with pytest.raises(Unsound, match="lacks 1 contents"):
        await take(tmp_path / "one", four)
    await connection.execute("DELETE FROM evidence")
    await connection.close()
