"""What one command of a batch does to the others when it fails, breaks, or loses its caller."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.contracts.dossier import DossierEvent
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.streams import Changes, Claim, Written
from tests.integration.store import Told, command, new_log, note, prepare, serving, stream


@pytest.fixture
async def log(database: str) -> AsyncIterator[Log]:
    await prepare(database)
    async with serving(new_log(database)) as log:
        yield log


def not_storable(told: Told) -> Changes:
    """PostgreSQL's text holds no NUL, so the statement that carries this fails on its data."""
    return Changes({stream(): [note("lost")]}, [Claim("plaque", "A\x00", "plaque-in-use")])


def first_only(told: Told) -> list[DossierEvent]:
    if told:
        raise Refused("unknown-item", item="not the first")
    return [note("first")]


async def test_what_rested_on_a_failed_command_is_decided_again(log: Log) -> None:
    """Both followers are decided over the first one's event, and that event never comes to be."""
    lost, refused, expecting = await asyncio.gather(
        log.decide_many(command(), [stream()], not_storable),
        log.decide(command(), stream(), first_only),
        log.decide(command(expected=2), stream(), lambda told: [note("third")]),
        return_exceptions=True,
    )
    assert isinstance(lost, Refused)
    assert lost.code == "value-not-storable"
    assert refused == Written("p/t", 1, 1)
    assert isinstance(expecting, Refused)
    assert (expecting.code, expecting.facts["version"]) == ("version-mismatch", 1)
    version, told = await log.state(stream())
    assert (version, [event.reason for event in told]) == (1, ["first"])


async def test_a_decision_that_breaks_fails_alone(log: Log) -> None:
    def breaks(told: Told) -> list[DossierEvent]:
        raise ZeroDivisionError

    answers = await asyncio.gather(
        log.decide(command(), stream(), lambda told: [note()]),
        log.decide(command(), stream(), breaks),
        log.decide(command(), stream(), lambda told: [note()]),
        return_exceptions=True,
    )
    assert answers[0] == Written("p/t", 1, 1)
    assert isinstance(answers[1], ZeroDivisionError)
    assert answers[2] == Written("p/t", 2, 2)


async def test_a_caller_that_went_away_finds_one_effect_when_it_comes_again(
    log: Log, database: str
) -> None:
    """Its wish stands in line already, or is on its way: it may be written, but once."""
    await log.decide(command(), stream(), lambda told: [note("before")])
    blocker = await asyncpg.connect(database)
    try:
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute("LOCK TABLE log IN EXCLUSIVE MODE")  # the next append waits for it
        wish = command()
        gone = asyncio.create_task(log.decide(wish, stream(), lambda told: [note("gone")]))
        async with asyncio.timeout(10):
            while not await blocker.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
        gone.cancel()
        again = asyncio.create_task(log.decide(wish, stream(), lambda told: [note("gone")]))
        await transaction.rollback()
        assert await again == Written("p/t", 2, 2)
    finally:
        await blocker.close()
    assert [event.reason for event in (await log.state(stream()))[1]] == ["before", "gone"]
    with pytest.raises(asyncio.CancelledError):
        await gone
