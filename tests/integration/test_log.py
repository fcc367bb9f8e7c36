"""What a log promises, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import asyncpg
import pytest

from shared.contracts.refusals import Refused
from shared.contracts.registry import CONTRACTS_URL
from shared.events.envelope import seal, to_headers
from shared.store.command import Heard
from shared.store.log import Log
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from shared.store.streams import Changes, Claim, Unavailable, Written
from tests.integration.store import (
    MIGRATIONS,
    command,
    new_log,
    note,
    prepare,
    serving,
    stream,
    today,
    until_serving,
)


@pytest.fixture
async def log(database: str) -> AsyncIterator[Log]:
    await prepare(database)
    async with serving(new_log(database)) as log:
        yield log


async def positions(database: str) -> list[int]:
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch("SELECT position FROM log ORDER BY position")
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def test_an_event_is_read_back_as_it_was_decided(log: Log) -> None:
    event = note("first")
    written = await log.decide(command(), stream(), lambda told: [event])
    assert written == Written("p/t", 1, 1)
    assert await log.state(stream()) == (1, (event,))
    assert [record.version for record in await log.history(stream())] == [1]


async def test_a_stream_is_folded_again_by_the_next_tenure(log: Log, database: str) -> None:
    await log.decide(command(), stream(), lambda told: [note("a"), note("b")])
    fresh = new_log(database)
    async with fresh.tenures([]):
        assert fresh.readiness().reasons[0].startswith(("standby", "starting"))
        await terminate_writer(database)
        await until_serving(fresh)
        version, told = await fresh.state(stream())
        assert (version, [event.reason for event in told]) == (2, ["a", "b"])


async def test_one_key_has_one_effect_and_one_answer(log: Log) -> None:
    wish = command("k")
    first = await log.decide(wish, stream(), lambda told: [note()])
    again = await log.decide(wish, stream(), lambda told: [note()])
    assert first == again
    assert (await log.state(stream()))[0] == 1


async def test_equal_keys_in_one_batch_have_one_effect(log: Log) -> None:
    wish = command("k")
    answers = await asyncio.gather(
        *(log.decide(wish, stream(), lambda told: [note()]) for _ in range(5))
    )
    assert set(answers) == {Written("p/t", 1, 1)}
    assert (await log.state(stream()))[0] == 1


async def test_a_key_used_for_something_else_is_refused(log: Log) -> None:
    await log.decide(command("k", "one"), stream(), lambda told: [note()])
    with pytest.raises(Refused, match="idempotency-key-reused"):
        await log.decide(command("k", "other"), stream(), lambda told: [note()])
    assert (await log.state(stream()))[0] == 1


async def test_of_many_who_expect_one_version_one_wins(log: Log) -> None:
    answers = await asyncio.gather(
        *(log.decide(command(expected=0), stream(), lambda told: [note()]) for _ in range(64)),
        return_exceptions=True,
    )
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert refused == ["version-mismatch"] * 63
    assert (await log.state(stream()))[0] == 1


async def test_a_refused_command_changes_nothing_and_its_key_stays_free(log: Log) -> None:
    def refuse(told: object) -> list[object]:
        raise Refused("unknown-item", item="x")

    wish = command("k")
    with pytest.raises(Refused, match="unknown-item"):
        await log.decide(wish, stream(), refuse)  # type: ignore[arg-type]  # it never returns
    assert await log.state(stream()) == (0, ())
    assert (await log.decide(wish, stream(), lambda told: [note()])).version == 1


async def test_commands_of_one_batch_see_each_other(log: Log) -> None:
    def once(told: tuple[object, ...]) -> list[object]:
        return [] if told else [note()]

    await asyncio.gather(
        *(log.decide(command(), stream(), once) for _ in range(20))  # type: ignore[arg-type]
    )
    assert (await log.state(stream()))[0] == 1


async def test_a_value_is_claimed_once_for_ever(log: Log) -> None:
    def award(*told: object) -> Changes:
        return Changes({stream(): [note()]}, [Claim("plaque", "A-1", "plaque-in-use")])

    await log.decide_many(command(), [stream()], award)
    other = stream("p/u")

    def award_other(*told: object) -> Changes:
        return Changes({other: [note()]}, [Claim("plaque", "A-1", "plaque-in-use")])

    answers = await asyncio.gather(
        log.decide_many(command(), [other], award_other),
        *(log.decide(command(), stream(f"p/{n}"), lambda told: [note()]) for n in range(9)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], Refused)
    assert answers[0].code == "plaque-in-use"
    assert all(isinstance(answer, Written) for answer in answers[1:])
    assert await log.state(other) == (0, ())


async def test_a_value_postgresql_cannot_hold_fails_alone(log: Log) -> None:
    def misplaced(told: object) -> Changes:
        return Changes({stream("p/ok"): [note()]}, [Claim("plaque", "A\x00", "plaque-in-use")])

    good = [log.decide(command(), stream(f"p/{n}"), lambda told: [note()]) for n in range(9)]
    bad = log.decide_many(command(), [stream("p/ok")], misplaced)
    answers = await asyncio.gather(*good[:5], bad, *good[5:], return_exceptions=True)
    refused = answers.pop(5)
    assert isinstance(refused, Refused)
    assert refused.code == "value-not-storable"
    assert all(isinstance(answer, Written) for answer in answers)
    assert await log.subjects("dossier") == [f"p/{n}" for n in range(9)]


async def test_a_nul_in_text_travels_in_the_data(log: Log) -> None:
    await log.decide(command(), stream(), lambda told: [note("a\x00b")])
    assert (await log.state(stream()))[1][0].reason == "a\x00b"


async def test_tomorrow_has_not_happened(log: Log) -> None:
    event = note(on=today() + timedelta(days=1))
    with pytest.raises(Refused, match="effective-day-in-future"):
        await log.decide(command(), stream(), lambda told: [event])


async def test_yesterday_needs_its_reason(log: Log) -> None:
    event = note(on=today() - timedelta(days=1))
    with pytest.raises(Refused, match="backdated-reason-missing"):
        await log.decide(command(), stream(), lambda told: [event])


async def test_an_event_that_is_too_large_is_refused(log: Log) -> None:
    with pytest.raises(Refused, match="event-too-large"):
        await log.decide(command(), stream(), lambda told: [note("x" * 300_000)])


async def test_a_command_that_builds_on_something_unheard_waits(log: Log) -> None:
    wish = replace(command(), after=(Heard("programme", "p", 1),))
    with pytest.raises(Unavailable, match="not-yet-known"):
        await log.decide(wish, stream(), lambda told: [note()])


async def test_a_command_may_build_on_what_was_written_in_this_very_store(log: Log) -> None:
    first, second = stream("p/a"), stream("p/b")
    written = await log.decide(command(), first, lambda told: [note()])
    seen = Heard(first.context, first.subject, written.version)
    wish = replace(command(), after=(seen,))
    assert (await log.decide(wish, second, lambda told: [note()])).version == 1
    wish = replace(command(), after=(replace(seen, version=2),))
    with pytest.raises(Unavailable, match="not-yet-known"):
        await log.decide(wish, second, lambda told: [note()])


@pytest.mark.parametrize(
    "statement",
    ["UPDATE log SET actor = 'x'", "DELETE FROM log", "TRUNCATE log", "DELETE FROM command"],
)
async def test_the_log_is_append_only(log: Log, database: str, statement: str) -> None:
    await log.decide(command(), stream(), lambda told: [note()])
    connection = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_role_of_a_service_may_add_to_its_log_and_not_change_it(database: str) -> None:
    owner = await asyncpg.connect(database)
    role = f"role_{uuid4().hex}"
    try:
        await owner.execute(f"CREATE ROLE {role}")
        await migrate(database, MIGRATIONS, role, FROZEN)
        await owner.execute("ALTER TABLE log DISABLE TRIGGER ALL")  # the rights alone must do
        await owner.execute(f"SET ROLE {role}")
        await owner.execute("INSERT INTO claim VALUES ('k', 'v', 'c')")
        assert await owner.fetchval("SELECT count(*) FROM log") == 0
        for statement in ("UPDATE log SET actor = 'x'", "DELETE FROM log", "TRUNCATE log"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await owner.execute(statement)
    finally:
        await owner.execute("RESET ROLE")
        await owner.execute(f"DROP OWNED BY {role}")
        await owner.execute(f"DROP ROLE {role}")
        await owner.close()


async def test_the_leaf_can_be_computed_again_from_the_headers(log: Log) -> None:
    await log.decide(command(), stream(), lambda told: [note("sealed")])
    (record,) = await log.history(stream())
    headers = dict(to_headers(record, "test", CONTRACTS_URL))
    datahash = sha256(bytes.fromhex(headers["ce_salt"].decode()) + record.data).digest()
    assert seal(headers, datahash).hex() == headers["ce_leaf"].decode()


async def terminate_writer(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE '%-writer%' AND pid IN"
            " (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)"
            " AND datname = current_database()"
        )
    finally:
        await connection.close()


async def test_two_processes_and_a_lease_shot_at_random_lose_and_double_nothing(
    log: Log, database: str
) -> None:
    """Clients repeat what was not answered, at either process; each key has one effect."""
    other = new_log(database)
    told: dict[str, Written] = {}
    left = 600

    async def client(number: int) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            wish = command(f"{number}-{uuid4()}")
            while wish.key not in told:
                for target in (log, other):
                    try:
                        told[wish.key] = await target.decide(
                            wish, stream(f"p/{number}"), lambda told: [note()]
                        )
                        break
                    except Unavailable:
                        await asyncio.sleep(0.01)

    async with other.tenures([]):
        clients = [asyncio.create_task(client(number)) for number in range(16)]
        for _ in range(4):
            before = len(told)
            while len(told) < before + 60 and left > 0:
                await asyncio.sleep(0.005)
            await terminate_writer(database)
        await asyncio.gather(*clients)
    found = await positions(database)
    assert found == list(range(1, len(told) + 1))
    assert sorted(written.position for written in told.values()) == found
