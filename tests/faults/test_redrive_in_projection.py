"""What was parked enters the journal at its end, in order, and read models are as if it never was.

The journal follows and folds as it always does; its records are handed over by the test.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from deploy.cli import dead_letter_acts as acts
from services.projection import journal as room
from services.projection.follower import Appended, Follower
from services.projection.journal import Journal
from shared.clock import system_clock
from shared.contracts.registry import CONTEXTS, Event, decode
from shared.events.envelope import Malformed
from shared.messaging import dead_letters, follow
from shared.messaging.follow import Stopped
from shared.messaging.kafka import Kafka
from shared.messaging.parking import MOST_FAILURES
from shared.store.command import Heard
from tests.faults.dead_letters import BY, done, told
from tests.faults.followed import NOWHERE, message, prepare_projection, rows
from tests.faults.rebuilt import differences
from tests.integration.test_log import terminate_writer
from tests.integration.test_messaging import until
from tests.unit.test_models import EVENTS

A = "shanting-2018/A"


@dataclass(slots=True)
class Projecting:
    """A projection that serves; `broken` holds data that its image cannot read."""

    database: str
    journal: Journal
    followers: list[tuple[Follower, Appended]]
    broken: set[bytes]

    async def take(self, messages: Sequence[ConsumerRecord]) -> None:
        follower, appended = self.followers[-1]
        await follower._append(messages, appended)

    async def ask(self, *keys: str, context: str = "dossier") -> list[dict[str, Any]]:
        ids = await acts.redrive(self.database, [(context, key) for key in keys], BY)
        return await done(self.database, ids)

    async def count(self, table: str) -> int:
        ((found,),) = await rows(self.database, f"SELECT count(*) FROM {table}")
        assert isinstance(found, int)
        return found

    async def folded(self) -> None:
        """Return once all that the journal holds is seen."""

        async def seen() -> bool:
            return self.journal.position == await self.count("journal")

        await until(seen, 20)


@pytest.fixture
async def projecting(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Projecting]:
    await prepare_projection(database)
    monkeypatch.setattr(dead_letters, "POLL_S", 0.02)
    followers: list[tuple[Follower, Appended]] = []
    broken: set[bytes] = set()

    class Handed(Follower):
        async def run(self, appended: Appended) -> None:
            followers.append((self, appended))
            await super().run(appended)

    def decoded(name: str, data: bytes) -> Event:
        if data in broken:
            raise Malformed("this image has a mistake")
        return decode(name, data)

    monkeypatch.setattr(room, "Follower", Handed)
    monkeypatch.setattr(follow, "decode", decoded)
    journal = Journal(database, Kafka(NOWHERE), system_clock)

    async def serves() -> bool:
        return bool(followers) and journal.readiness().ready

    async with journal.running():
        await until(serves, 20)
        yield Projecting(database, journal, followers, broken)


def messages() -> list[ConsumerRecord]:
    return [
        message(one.record, at, topic=CONTEXTS[one.record.context].topic)
        for at, one in enumerate(EVENTS)
    ]


def third_of(subject: str) -> bytes:
    (data,) = (
        one.record.data
        for one in EVENTS
        if (one.record.subject, one.record.version) == (subject, 3)
    )
    return data


async def test_read_models_are_a_pure_fold_of_all_that_was_told(projecting: Projecting) -> None:
    """Live records go on while the line is followed again, those of its key behind it."""
    projecting.broken |= {third_of(A)}
    sent = messages()
    half = len(sent) // 2
    await projecting.take(sent[:half])
    before = await projecting.count("parked")
    assert before > 1
    assert await projecting.count("journal") == half - before
    projecting.broken.clear()

    async def live() -> None:
        for one in sent[half:]:
            await projecting.take([one])

    (act,), _ = await asyncio.gather(projecting.ask(A), live())
    assert act["outcome"] == "drained"
    assert act["records"] >= before
    await projecting.folded()
    assert await projecting.count("parked") == 0
    assert await differences(projecting.database) == []
    by_stream = "SELECT context, subject, version FROM journal ORDER BY context, subject, position"
    assert await rows(projecting.database, by_stream) == sorted(
        (one.record.context, one.record.subject, one.record.version) for one in EVENTS
    )


async def test_the_journal_has_no_gap_and_no_record_twice_after_the_lease_was_lost(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    projecting.broken |= {third_of(A)}
    await projecting.take(messages())
    waiting = await projecting.count("parked")
    projecting.broken.clear()
    write, tries = Follower._write, []

    async def dying(follower: Follower, page: Any, appended: Any) -> None:
        tries.append(page)
        if len(tries) == 2:
            await terminate_writer(projecting.database)
        await write(follower, page, appended)
        if len(tries) == 4:
            await terminate_writer(projecting.database)

    monkeypatch.setattr(Follower, "_write", dying)
    (act,) = await projecting.ask(A)
    assert (act["outcome"], act["records"]) == ("drained", waiting)
    assert len(projecting.followers) == 3
    await projecting.folded()
    assert await differences(projecting.database) == []
    positions = await rows(projecting.database, "SELECT position FROM journal ORDER BY position")
    assert positions == [(at,) for at in range(1, len(EVENTS) + 1)]


async def test_whoever_waits_for_a_parked_event_is_told_at_once(projecting: Projecting) -> None:
    first, second, third = told("p/t", "1", "2", "3")
    projecting.broken.add(second.value)
    waiting = asyncio.create_task(projecting.journal.reached(Heard("dossier", "p/t", 2), 60))
    await projecting.take([first, second, third])
    async with asyncio.timeout(10):
        assert await waiting == "parked"
        assert await projecting.journal.reached(Heard("dossier", "p/t", 3), 60) == "parked"
        assert await projecting.journal.reached(Heard("dossier", "p/t", 4), 60) == "parked"
        assert await projecting.journal.reached(Heard("dossier", "p/t", 1), 60) == "reached"
    projecting.broken.clear()
    projecting.broken.add(third.value)
    (act,) = await projecting.ask("p/t")
    assert act["outcome"] == "stopped"
    async with asyncio.timeout(10):
        assert await projecting.journal.reached(Heard("dossier", "p/t", 2), 60) == "reached"
        assert await projecting.journal.reached(Heard("dossier", "p/t", 3), 60) == "parked"
    id_ = await acts.discard(projecting.database, "dossier", "p/t", 2, BY)
    assert id_ is not None
    await done(projecting.database, [id_])
    await projecting.take(told("p/t", "4", since=4))
    async with asyncio.timeout(10):
        assert await projecting.journal.reached(Heard("dossier", "p/t", 3), 60) == "parked"
        assert await projecting.journal.reached(Heard("dossier", "p/t", 4), 60) == "reached"


async def test_the_journal_stops_where_too_many_fail_and_says_what_to_do(
    projecting: Projecting,
) -> None:
    sent = [one for at in range(MOST_FAILURES + 2) for one in told(f"p/{at:02}", "bad")]
    sent = [replace(one, offset=offset) for offset, one in enumerate(sent)]
    projecting.broken |= {one.value for one in sent}
    for _ in range(3):  # the same page is read again, and counts nothing twice
        with pytest.raises(Stopped, match="fuyan dead-letters list projection"):
            await projecting.take(sent)
        assert await projecting.count("parked") == MOST_FAILURES
    assert any("20 keys parked" in why for why in projecting.journal.readiness().degraded)
    projecting.broken.clear()
    await projecting.take(sent)
    assert await projecting.count("journal") == 2
    await projecting.ask(*(f"p/{at:02}" for at in range(MOST_FAILURES)))
    assert await projecting.count("journal") == MOST_FAILURES + 2
