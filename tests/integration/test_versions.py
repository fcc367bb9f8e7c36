"""Versions of the read models on a real database: rebuilt, compared, seen, and gone again."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.postgres import Databases
from services.projection import building
from services.projection import differing as differing_versions
from services.projection.comparing import compare
from services.projection.feeding import TAKE
from services.projection.models import schema
from services.projection.versions import LOCKS
from shared.contracts.refusals import Refused
from shared.messaging.reactions import Received
from shared.store.migrate import migrate
from tests.integration.projection import MIGRATIONS
from tests.integration.versions import (
    built,
    differing,
    folded,
    journaled,
    lifecycle,
    pointed,
)
from tests.unit.test_models import EVENTS, interleavings
from tests.unit.told import P


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    await migrate(database, MIGRATIONS, None, ("journal",))
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
def template(postgres: Databases) -> str:
    """A database that nobody changes, of which the examples of a property are copies."""
    name = f"template_{uuid4().hex}"

    async def made() -> None:
        await postgres.create_database(name)
        await migrate(postgres.dsn(name), MIGRATIONS, None, ("journal",))

    asyncio.run(made())
    return name


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), order=interleavings())
def test_what_is_rebuilt_is_row_by_row_what_was_folded_live(
    postgres: Databases, template: str, data: st.DataObject, order: Sequence[Received]
) -> None:
    cuts = data.draw(st.lists(st.integers(1, 20), min_size=3, max_size=3))

    async def holds() -> None:
        name = f"test_{uuid4().hex}"
        await postgres._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        dsn = postgres.dsn(name)
        connection = await asyncpg.connect(dsn)
        try:
            for begin in range(0, len(order), 17):  # live, as it comes
                end = await journaled(connection, order[begin : begin + 17])
                await folded(connection, until=end, limit=cuts[0])
            building.PAGE = cuts[1]
            assert (await built(dsn)).position == len(order)
            assert await differing(dsn, 1, 2) == {}
        finally:
            building.PAGE = 10_000
            await connection.close()
            await postgres.drop_database(name)

    asyncio.run(holds())


async def test_a_rebuild_goes_on_where_an_earlier_one_was_ended(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journaled(connection, EVENTS)
    monkeypatch.setattr(building, "PAGE", 10)

    def ended(points: Sequence[int]) -> None:
        if 50 in points:
            raise ConnectionResetError("ended")

    with monkeypatch.context() as patched:
        patched.setattr(building, "_pass", ended)
        with pytest.raises(ConnectionResetError):
            await built(database)
    found = await built(database)
    assert (found.version, found.position) == (2, len(EVENTS))
    assert found.resumed_at is not None
    assert 0 < found.resumed_at < len(EVENTS)
    await folded(connection, until=len(EVENTS))
    assert await differing(database, 1, 2) == {}


async def test_a_page_follows_the_journal_whatever_its_events_count_in_their_own_logs(
    database: str, connection: asyncpg.Connection
) -> None:
    turned = [
        Received(one.record._replace(position=1000 - one.record.position), one.event)
        for one in EVENTS
    ]
    end = await journaled(connection, turned)
    await folded(connection, until=end, limit=7)
    rows = await connection.fetchval(
        "SELECT count(*) FROM progress_v1.dossier_progress"
        " JOIN (SELECT subject, max(version) AS last FROM journal WHERE context = 'dossier'"
        "  GROUP BY subject) AS told ON subject = programme || '/' || township AND version = last"
    )
    assert rows == 2


async def test_a_version_that_is_behind_is_not_promoted_until_it_has_caught_up(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "LEVEL_S", 0.2)
    await folded(connection, until=await journaled(connection, EVENTS[:40]))
    await built(database)
    await folded(connection, until=await journaled(connection, EVENTS[40:]))
    with pytest.raises(Refused, match="read-models-behind"):
        await lifecycle.promote(connection, 2, "o7")
    assert await pointed(connection) == 1
    monkeypatch.setattr(lifecycle, "LEVEL_S", 10)
    other = await asyncpg.connect(database)
    catching_up = asyncio.create_task(folded(other, 2, until=len(EVENTS)))
    assert await lifecycle.promote(connection, 2, "o7") == (1, 2)
    await catching_up
    await other.close()


async def test_the_seen_version_only_moves_forward_and_back_to_what_was_seen(
    database: str, connection: asyncpg.Connection
) -> None:
    await folded(connection, until=await journaled(connection, EVENTS))
    with pytest.raises(Refused, match="read-models-none-newer"):
        await lifecycle.promote(connection, None, "o7")
    with pytest.raises(Refused, match="read-models-none-earlier"):
        await lifecycle.rollback(connection, "o7")
    await built(database)
    third = await lifecycle.begin(connection, "o7")
    with pytest.raises(Refused, match="read-models-not-built"):
        await lifecycle.promote(connection, third, "o7")
    assert (await built(database)).version == third
    # The second was complete, but nobody ever saw it.
    assert await lifecycle.promote(connection, None, "o7") == (1, 3)
    assert await lifecycle.promote(connection, 3, "o7") == (3, 3)
    with pytest.raises(Refused, match="read-models-only-forward"):
        await lifecycle.promote(connection, 2, "o7")
    assert await lifecycle.rollback(connection, "o7") == (3, 1)
    acts = await connection.fetch("SELECT act, version FROM version_act ORDER BY id")
    assert [tuple(row) for row in acts][-2:] == [("promote", 3), ("rollback", 1)]


async def test_a_dropped_version_is_gone_with_its_rows_and_its_number(
    database: str, connection: asyncpg.Connection
) -> None:
    await built(database)
    with pytest.raises(Refused, match="read-models-seen"):
        await lifecycle.drop(connection, 1, "o7")
    await lifecycle.drop(connection, 2, "o7")
    assert await connection.fetchval("SELECT to_regclass('progress_v2.timeline')") is None
    with pytest.raises(Refused, match="read-models-unknown"):
        await lifecycle.drop(connection, 2, "o7")
    assert (await built(database)).version == 3


async def test_a_version_whose_dropping_was_cut_short_can_be_dropped_again(
    database: str, connection: asyncpg.Connection
) -> None:
    await built(database)
    await connection.execute("DELETE FROM folded WHERE version = 2")
    await lifecycle.drop(connection, 2, "o7")
    assert await connection.fetchval("SELECT to_regclass('progress_v2.timeline')") is None


async def test_acts_exclude_each_other(database: str, connection: asyncpg.Connection) -> None:
    other = await asyncpg.connect(database)
    async with lifecycle.alone(other):
        for act in (lifecycle.promote(connection, 1, "o7"), lifecycle.rollback(connection, "o7")):
            with pytest.raises(Refused, match="read-models-busy"):
                await act
    await other.close()


async def test_a_version_that_is_being_built_is_built_by_one_and_dropped_by_nobody(
    database: str, connection: asyncpg.Connection
) -> None:
    version = await lifecycle.begin(connection, "o7")
    other = await asyncpg.connect(database)
    assert await other.fetchval(TAKE, LOCKS, version)
    with pytest.raises(Refused, match="read-models-being-built"):
        await built(database)
    with pytest.raises(Refused, match="read-models-being-built"):
        await lifecycle.drop(connection, version, "o7")
    await other.close()


async def test_comparing_gives_up_rather_than_keep_the_journal_waiting_behind_it(
    database: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await built(database)
    monkeypatch.setattr(differing_versions, "COMMON_S", 1.0)
    async with connection.transaction():
        await connection.execute("LOCK TABLE journal IN SHARE UPDATE EXCLUSIVE MODE")
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with asyncio.timeout(20):
                await compare(database, 1, 2, 9)


async def test_a_version_that_lacks_a_column_is_not_promoted(
    database: str, connection: asyncpg.Connection
) -> None:
    await built(database)
    await connection.execute("ALTER TABLE progress_v2.timeline DROP COLUMN facts")
    with pytest.raises(Refused, match="read-models-incomplete"):
        await lifecycle.promote(connection, 2, "o7")


async def test_a_row_that_is_missing_or_behind_is_said_to_be(
    database: str, connection: asyncpg.Connection
) -> None:
    await folded(connection, until=await journaled(connection, EVENTS))
    await built(database)
    await connection.execute("DELETE FROM progress_v1.dossier_progress WHERE township = 'B'")
    await connection.execute("UPDATE progress_v2.dossier_progress SET version = 3")
    told = {one["key"]["township"]: one for one in (await compare(database, 1, 2, 9))["told"]}
    assert told["A"]["why"][0]["en"].startswith("version 2 is behind: at version 3 of ")
    assert told["B"]["why"][0]["en"] == "version 1 is behind: at version 0 of 3"
    (whole,) = told["B"]["changes"]
    assert (whole["path"], "old" in whole) == ("$", False)
    assert whole["why"]["event"]["address"] == f"dossier/{P}/B@1"


async def test_what_is_there_becomes_version_1_of_the_first_folds(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(database, MIGRATIONS, None, ("journal",))
    connection = await asyncpg.connect(database)
    await folded(connection, until=await journaled(connection, EVENTS))
    before = await connection.fetchval("SELECT count(*) FROM progress_v1.timeline")
    await connection.execute("ALTER TABLE folded DROP folds, DROP began_at, DROP built_at")
    await connection.execute("DROP TABLE version_act")
    await connection.execute("UPDATE alembic_version SET version_num = '0008'")
    monkeypatch.setattr(schema, "FOLDS", 7)
    await migrate(database, MIGRATIONS, None, ("journal",))
    row = await connection.fetchrow("SELECT version, position, folds, built_at FROM folded")
    assert row is not None
    assert tuple(row)[:3] == (1, len(EVENTS), 1)
    assert row["built_at"] is not None
    assert await connection.fetchval("SELECT count(*) FROM progress_v1.timeline") == before
    await connection.close()


async def test_a_database_that_is_set_up_anew_is_of_the_image_that_does_it(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "FOLDS", 7)
    await migrate(database, MIGRATIONS, None, ("journal",))
    connection = await asyncpg.connect(database)
    row = await connection.fetchrow("SELECT version, position, folds FROM folded")
    assert row is not None
    assert tuple(row) == (1, 0, 7)
    await connection.close()
