"""One stream or one event that is at fault costs nobody else anything, and memory stays bounded."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from shared.clock import system_clock
from shared.contracts.dossier import DossierEvent
from shared.contracts.refusals import Refused
from shared.events.envelope import Record
from shared.store import writer
from shared.store.batch import Step
from shared.store.log import Log, Tenure
from shared.store.streams import Aggregate, Changes, Stream, Unavailable, Written
from tests.faults.followed import DOSSIER, UNREADABLE, record, recused, rows
from tests.integration.store import Told, command, new_log, note, prepare, serving, stream
from tests.integration.test_messaging import CASE


def tenure_of(log: Log) -> Tenure:
    assert log._tenure is not None
    return log._tenure


def step(of: Record, *, kept: bool = False) -> Step:
    head = (of.context, of.subject, of.version, of.id)
    return Step(
        head=head, topic=DOSSIER, partition=0, next_offset=1, id=of.id, kept=of if kept else None
    )


async def test_a_stream_that_cannot_be_read_fails_its_own_readers_and_nobody_else(
    database: str,
) -> None:
    """An older image on a newer log: one dossier holds a version that it does not know."""
    await prepare(database)
    log = new_log(database)
    async with serving(log):
        await log.decide(command(), stream("p/newer"), lambda told: [note()])
    connection = await asyncpg.connect(database)
    await connection.execute("ALTER TABLE log DISABLE TRIGGER ALL")
    await connection.execute("UPDATE log SET type = $1", UNREADABLE)
    await connection.close()
    log = new_log(database)
    async with serving(log):
        tenure = tenure_of(log)
        for _ in range(2):
            mine, newer, fine = await asyncio.gather(
                log.decide(command(), stream("p/newer"), lambda told: [note()]),
                log.state(stream("p/newer")),
                log.decide(command(), stream("p/fine"), lambda told: [note()]),
                return_exceptions=True,
            )
            for unread in (mine, newer):
                assert isinstance(unread, Unavailable)
                assert unread.code == "image-too-old"
            assert isinstance(fine, Written)
        assert tenure_of(log) is tenure


async def test_a_subject_that_no_database_could_hold_is_refused_and_ends_no_tenure(
    database: str,
) -> None:
    await prepare(database)
    log = new_log(database)
    async with serving(log):
        tenure = tenure_of(log)
        with pytest.raises(Refused, match="value-not-storable"):
            await log.state(stream("p/\x00"))
        assert (await log.decide(command(), stream(), lambda told: [note()])).position == 1
        assert tenure_of(log) is tenure


async def test_a_heard_event_that_cannot_be_folded_writes_nothing(database: str) -> None:
    await prepare(database)

    def fragile(told: Told, event: DossierEvent) -> Told:
        raise ZeroDivisionError

    dossiers: Aggregate[Told] = Aggregate("dossier", (), fragile, heard=True)
    log = Log(database, [CASE, dossiers], service="review", installation="test", clock=system_clock)
    heard, to = record("p/t"), Stream("case", "p/t/1")
    async with serving(log):
        await log.state(stream("p/t"))
        with pytest.raises(ZeroDivisionError):
            await log.follow(
                tenure_of(log),
                step(heard, kept=True),
                [to, stream("p/t")],
                lambda *_: Changes({to: [recused("p/t/1")]}),
                command(),
            )
        other = Stream("case", "p/u/1")
        written = await log.decide(command(), other, lambda told: [recused("p/u/1")])
        assert written.position == 1
        assert tenure_of(log).writer.heads == {}
    counts = "SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM heard)"
    assert await rows(database, counts) == [(1, 0)]
    assert await rows(database, "SELECT * FROM head") == []


async def test_a_reaction_whose_key_is_known_moves_the_head_all_the_same(database: str) -> None:
    """Its effect is there already, e.g. by an earlier head's loss; it must not come for ever."""
    await prepare(database)
    log, known = new_log(database), command("submission/case/p/t/1@1")
    cause = record("p/t/1", event=recused("p/t/1"))
    async with serving(log):
        written = await log.decide(known, stream(), lambda told: [note()])
        again = await log.follow(
            tenure_of(log), step(cause), [stream()], lambda told: Changes({stream(): [note()]}),
            known,
        )  # fmt: skip
        assert again == written
        head = {("case", "p/t/1"): (1, cause.id)}
        assert tenure_of(log).writer.heads == head
        other = replace(known, fingerprint=b"another")
        with pytest.raises(Refused, match="idempotency-key-reused"):
            await log.follow(
                tenure_of(log), step(record("p/t/2", event=recused("p/t/2"))), [stream()],
                lambda told: Changes({}), other,
            )  # fmt: skip
        assert tenure_of(log).writer.heads == head
    stored = await rows(database, "SELECT context, subject, version, id FROM head")
    assert stored == [("case", "p/t/1", 1, cause.id)]
    assert await rows(database, "SELECT count(*) FROM log") == [(1,)]


async def test_looking_at_many_streams_keeps_no_more_than_the_bound_in_memory(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_HOT", 20)
    await prepare(database)
    log = new_log(database)
    async with serving(log):
        for first in range(0, 90, 30):
            names = [f"p/{number}" for number in range(first, first + 30)]
            await asyncio.gather(*(log.state(stream(name)) for name in names))
        await log.decide(command(), stream("p/1"), lambda told: [note()])
        assert len(tenure_of(log).writer._hot) <= 20
        assert (await log.state(stream("p/1")))[0] == 1
