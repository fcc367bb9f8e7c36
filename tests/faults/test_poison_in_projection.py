"""Records that cannot be applied, or not yet: the journal stops before them or goes on behind."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest

from services.projection.folding import Fold
from services.projection.follower import Entry, Follower
from shared.messaging.follow import Stopped
from tests.faults.followed import CASE, UNREADABLE, headers, message, record, recused

ONE = record("p/t")
READABLE = headers(ONE)
BROKEN = ONE._replace(data=b"{")
FOREIGN = [*READABLE, ("ce_type", b"other.thing.v1")]
YEAR_1, YEAR_9999 = b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00"


def unheard(entries: Sequence[Entry]) -> None:
    """Nobody folds in these tests."""


async def subjects(journal: asyncpg.Connection) -> list[str]:
    rows = await journal.fetch("SELECT subject FROM journal ORDER BY position")
    return [row[0] for row in rows]


async def test_a_batch_that_stops_applies_what_stood_before_the_stop(
    follower: Follower, journal: asyncpg.Connection
) -> None:
    told: list[Entry] = []
    before, after = record("p/a"), record("p/z")
    stop = record("p/s", name=UNREADABLE)
    with pytest.raises(Stopped):
        await follower._append(
            [message(before, 0), message(stop, 0, partition=1), message(after, 1)], told.extend
        )
    assert await subjects(journal) == ["p/a"]
    assert [entry[1].subject for entry in told] == ["p/a"]


async def test_what_stood_before_a_stop_is_behind_no_fence_it_did_not_pass(
    follower: Follower, journal: asyncpg.Connection
) -> None:
    """The next round of the same tenure begins at the stop, and moves no fence beyond it."""
    stop, beside = record("p/s", name=UNREADABLE), record("p/z")
    with pytest.raises(Stopped):
        await follower._append([message(stop, 0), message(record("p/a"), 0, partition=1)], unheard)
    await follower._append([message(beside, 1, partition=1)], unheard)
    fences = await journal.fetch("SELECT partition, next_offset FROM fence WHERE partition = 0")
    assert all(next_offset == 0 for _, next_offset in fences)
    assert follower._reading.fences.keys() == {("fuyan.dossier.v1", 1)}


async def test_a_statement_that_failed_is_tried_again(
    follower: Follower, journal: asyncpg.Connection
) -> None:
    """What was read counts as read only once it is stored."""
    consumed = message(record("p/a"))
    await journal.execute("ALTER TABLE journal RENAME TO away")
    with pytest.raises(asyncpg.UndefinedTableError):
        await follower._append([consumed], unheard)
    await journal.execute("ALTER TABLE away RENAME TO journal")
    assert follower._reading.fences == {}
    await follower._append([consumed], unheard)
    assert await subjects(journal) == ["p/a"]


@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (message(BROKEN, key=b"p/\x00"), "ValidationError"),
        (message(BROKEN, under=[*READABLE, ("x-trace", b"a\x00b")]), "ValidationError"),
        (message(BROKEN, under=[*READABLE, ("x-\x00", b"a")]), "ValidationError"),
        (message(BROKEN, under=[*READABLE, ("x-none", None)]), "ValidationError"),
        (message(BROKEN, under=[*READABLE, ("x-bytes", b"\xff")]), "ValidationError"),
        (message(ONE._replace(subject="p/\x00t"), key=b"p"), "holds a NUL"),
        (message(ONE, under=[*READABLE, ("ce_subject", None)]), "headers"),
        (message(ONE, under=[*READABLE, ("ce_actor", b"\xff")]), "Malformed"),
        (message(ONE, under=[*READABLE, ("ce_actor", None)]), "headers"),
        (message(ONE, under=[*READABLE, ("ce_streamversion", b"99999999999")]), "ce_stream"),
        (message(ONE, under=[*READABLE, ("ce_streamversion", b"0")]), "ce_streamversion 0"),
        (message(ONE, under=[*READABLE, ("ce_position", b"9" * 30)]), "ce_position"),
        (message(ONE, under=[*READABLE, ("ce_recordedtime", YEAR_1)]), "Malformed"),
        (message(ONE, under=[*FOREIGN, ("ce_time", YEAR_9999)]), "Malformed"),
        (message(ONE, under=[*READABLE, ("ce_subject", b"p/t/1")]), "no subject of dossier"),
        (message(ONE, topic=CASE), "dossier is not what"),
    ],
)
async def test_poison_is_parked_with_its_reason_and_the_next_record_goes_on(
    follower: Follower, journal: asyncpg.Connection, poison: object, reason: str
) -> None:
    await follower._append([poison, message(record("p/u"), 1)], unheard)
    parked = await journal.fetch("SELECT reason FROM parked")
    assert len(parked) == 1
    assert reason in parked[0]["reason"]
    assert await subjects(journal) == ["p/u"]


async def test_a_malformed_record_is_parked_once_however_often_it_is_read(
    follower: Follower, journal: asyncpg.Connection
) -> None:
    """No head remembers it: in one tenure, and in the next, its parked row must."""
    nameless = message(ONE, under=[("a", b"b")])
    for _ in range(2):
        await follower._append([nameless], unheard)
        follower._reading.from_the_beginning()
    await follower.remember()
    await follower._append([nameless], unheard)
    assert await journal.fetchval("SELECT count(*) FROM parked") == 1
    other = message(ONE, 1, under=[("a", b"b")])
    await follower._append([other], unheard)
    assert await journal.fetchval("SELECT count(*) FROM parked") == 2


async def test_a_case_without_a_round_is_parked_before_anybody_has_to_fold_it(
    follower: Follower, journal: asyncpg.Connection, database: str
) -> None:
    """Its data is valid by its schema; the read models would stop at it, and at all behind it."""
    connection = await asyncpg.connect(database)
    try:
        fold = Fold(connection)
        await fold.remember()
        nameless = record("p/t/one", event=recused("p/t/1"))
        known = record("p/u/1", event=recused("p/u/1"))
        await follower._append(
            [message(nameless, 0, topic=CASE, key=b"p/t"), message(known, 1, topic=CASE)],
            fold.appended,
        )
        async with asyncio.timeout(5):
            assert await fold.step() == 1
    finally:
        await connection.close()
    assert await subjects(journal) == ["p/u/1"]


@pytest.mark.parametrize("round_", ["9" * 20, "1" * 5000], ids=["twenty digits", "five thousand"])
async def test_a_round_that_no_table_could_hold_is_parked(
    follower: Follower, journal: asyncpg.Connection, database: str, round_: str
) -> None:
    connection = await asyncpg.connect(database)
    try:
        fold = Fold(connection)
        await fold.remember()
        huge = record(f"p/t/{round_}", event=recused("p/t/1"))
        await follower._append([message(huge, topic=CASE, key=b"p/t")], fold.appended)
        assert await journal.fetchval("SELECT count(*) FROM parked") == 1
        await follower._append([message(record("p/u"), 1)], fold.appended)
        async with asyncio.timeout(5):
            await fold.step()
    finally:
        await connection.close()
