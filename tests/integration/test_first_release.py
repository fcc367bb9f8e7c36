"""A store of the first release under this one: what was done once stays done, under its key."""

from pathlib import Path

import asyncpg
import pytest

from shared.contracts.refusals import Refused
from shared.store.streams import Changes, Claim, Written
from tests.integration.store import command, new_log, note, prepare, serving, stream

FIRST_RELEASE = Path(__file__).with_name("first_release.sql")
BY = "370406001-office:li"


@pytest.fixture
async def upgraded(database: str) -> str:
    connection = await asyncpg.connect(database)
    await connection.execute(FIRST_RELEASE.read_text(encoding="utf-8"))
    await connection.close()
    await prepare(database)
    return database


async def test_a_repeated_key_still_gives_the_first_answer(upgraded: str) -> None:
    log = new_log(upgraded)
    async with serving(log):
        for key, first in (
            ("k-1", Written("p/a", 2, 2)),
            ("k-2", Written("p/b", 1, 3)),
            ("k-3", Written("p/a", 2, 0)),
        ):
            again = await log.decide(
                command(f"{BY}/{key}"), stream("p/a"), lambda told: [note("twice")]
            )
            assert again == first
        other = command(f"{BY}/k-1", body="other")
        with pytest.raises(Refused, match="idempotency-key-reused"):
            await log.decide(other, stream("p/a"), lambda told: [note()])
        new = await log.decide(command(f"{BY}/k-4"), stream("p/a"), lambda told: [note("three")])
        assert new == Written("p/a", 3, 4)


async def test_what_was_claimed_stays_claimed(upgraded: str) -> None:
    log = new_log(upgraded)
    async with serving(log):
        to = stream("p/c")
        taken = Changes({to: [note()]}, [Claim("plaque", "a-1", "plaque-in-use")])
        with pytest.raises(Refused, match="plaque-in-use"):
            await log.decide_many(command(), [to], lambda told: taken)


async def test_keys_are_kept_as_the_events_say_them(upgraded: str) -> None:
    """So that a tail taken back from Kafka meets the commands that had their effect."""
    connection = await asyncpg.connect(upgraded)
    rows = await connection.fetch(
        "SELECT position FROM log JOIN command ON key = log.command ORDER BY position"
    )
    claims = await connection.fetchval(
        "SELECT count(*) FROM claim JOIN command ON command.key = claim.command"
    )
    await prepare(upgraded)  # a second time is nothing
    await connection.close()
    assert [row[0] for row in rows] == [1, 2, 3]
    assert claims == 1
