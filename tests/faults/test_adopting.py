"""A log restored from an older backup takes its tail back; what does not join it is named."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from deploy.local.kafka import Cluster
from deploy.local.postgres import Databases
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.contracts.refusals import Refused
from shared.events.envelope import Record
from shared.messaging import adopting
from shared.messaging.adopting import Adoption
from shared.messaging.kafka import Kafka, partitions
from shared.messaging.reactions import Reactions
from shared.messaging.relay import Relay
from shared.messaging.stretches import until as stretch
from shared.store import session
from shared.store.log import Duty
from shared.store.session import LeaseHeld, leased
from shared.store.streams import Changes, Written
from tests.faults.donors import adopted, another, sent, tell, written
from tests.faults.followed import DOSSIER, publish, rows, topics
from tests.integration.store import command, new_log, note, serving, stream
from tests.integration.test_erasure import erased
from tests.integration.test_messaging import answer, reviewing, until

pytestmark = pytest.mark.kafka
LOG = "SELECT position, subject, version, id, leaf, data, command FROM log ORDER BY position"
COMMANDS = "SELECT key, stream, version, first, last FROM command ORDER BY first"


@pytest.fixture
async def kafka(clean_kafka: Cluster) -> Kafka:
    found = Kafka(clean_kafka.bootstrap)
    await topics(found)
    return found


@pytest.fixture
async def lost(postgres: Databases) -> AsyncIterator[str]:
    """The database that will be gone."""
    async with another(postgres) as database:
        yield database


async def serves(database: str, kafka: Kafka) -> Written:
    """The log starts beside its relay, and takes another event."""
    log = new_log(database)
    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        return await log.decide(command(), stream("p/after"), lambda told: [note()])


async def told(kafka: Kafka) -> list[tuple[str, int]]:
    """Subject and version of what lies on the topic now, by position, each once."""
    found = {}
    async with kafka.looking() as consumer:
        begins = await consumer.beginning_offsets(partitions(DOSSIER))
        ends = await consumer.end_offsets(partitions(DOSSIER))
        filled = {at: begin for at, begin in begins.items() if begin < ends[at]}
        async for _, records in stretch(consumer, filled, ends):
            for record in records:
                headers = dict(record.headers)
                place = (headers["ce_subject"].decode(), int(headers["ce_streamversion"]))
                found[int(headers["ce_position"])] = place
    return [place for _, place in sorted(found.items())]


async def refuses(database: str, kafka: Kafka, code: str) -> None:
    log = new_log(database)
    async with log.tenures([Relay(log, kafka, ["dossier"])]):

        async def refused() -> bool:
            return log.readiness().reasons[0].startswith(code)

        await until(refused, 15)


async def test_a_restored_log_takes_back_all_that_its_topic_has_beyond_it(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    await written(lost, "p/a", "p/b", "p/a")
    async with another(postgres, lost) as backup:
        log = new_log(lost)
        two = {stream("p/c"): [note("1"), note("2")], stream("p/d"): [note("3")]}
        async with serving(log):
            await tell(log, "p/b", "p/c")
            await log.decide_many(command("two"), list(two), lambda *_: Changes(two))
            whole = await log.page(0, 100)
        await publish(kafka, [sent(one) for one in whole])
        await refuses(backup, kafka, "store-behind-topic")
        found = await adopted(backup, kafka)
        assert (len(found.plan.taken), found.plan.voided, found.plan.lost) == (5, [], [])
        assert found.unsettled == []
        assert await rows(backup, LOG) == await rows(lost, LOG)
        assert await rows(backup, COMMANDS) == await rows(lost, COMMANDS)
        assert (await adopted(backup, kafka)).plan.taken == [], "a second time is nothing"
        log = new_log(backup)
        async with serving(log, [Relay(log, kafka, ["dossier"])]):
            again = await log.decide(command("two", body="?"), stream("p/x"), lambda told: [note()])
            assert again == Written("p/c", 3, 8), "its first answer, whatever the print"
            after = await log.decide(command(), stream("p/c"), lambda told: [note()])
            assert after == Written("p/c", 4, 9)


async def test_forty_cases_that_came_back_do_not_open_twice(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    """The restored store follows its causes again; their reactions are known by their keys."""
    async with another(postgres) as cases:
        first = new_log(lost)

        async def opened(database: str, count: int) -> None:
            second = reviewing(database)
            duties: list[Duty] = [
                Relay(second, kafka, ["case"]),
                Reactions(second, kafka, {DeficiencyWithdrawn: answer}),
            ]
            async with serving(second, duties):

                async def all_opened() -> bool:
                    seen = await second.rows("SELECT count(*) FROM head")
                    sent = await second.rows("SELECT coalesce(max(position), 0) FROM published")
                    return bool(seen[0][0] == count and sent[0][0] == count)

                await until(all_opened)

        async with serving(first, [Relay(first, kafka, ["dossier"])]):
            await tell(first, *(f"p/early{number}" for number in range(5)))
            await opened(cases, 5)
            async with another(postgres, cases) as backup:
                await tell(first, *(f"p/late{number}" for number in range(40)))
                await opened(cases, 45)
                found = await taken_back(backup, kafka)
                assert found == 40
                await opened(backup, 45)
                assert await rows(backup, LOG) == await rows(cases, LOG)
                counts = "SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM parked)"
                assert await rows(backup, counts) == [(45, 0)]


async def taken_back(database: str, kafka: Kafka) -> int:
    reader = reviewing(database)
    try:
        async with leased(database, "adopt") as session:
            adoption = Adoption(reader, kafka, ["case"], "test", lambda _: [], lambda *_: None)
            found = await adoption.look()
            await adoption.adopt(session, found, "ops", reader.clock())
            return len(found.plan.taken)
    finally:
        reader.close()


async def test_killed_between_two_pages_it_goes_on_where_it_was(
    postgres: Databases, lost: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adopting, "PAGE", 2)
    whole = await written(lost, "p/a", "p/b", "p/a", "p/c", "p/d", "p/a")
    await publish(kafka, [sent(one) for one in whole])
    take, pages = Adoption._take, 0

    async def once(*arguments: object) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            raise InterruptedError("kill -9")
        await take(*arguments)  # type: ignore[arg-type]

    async with another(postgres) as empty:
        monkeypatch.setattr(Adoption, "_take", once)
        with pytest.raises(InterruptedError):
            await adopted(empty, kafka)
        assert len(await rows(empty, LOG)) == 2
        assert (await adopted(empty, kafka)).unsettled == []
        assert await rows(empty, LOG) == await rows(lost, LOG)


async def test_a_lost_position_is_named_and_never_given_again(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    """The relay was killed in a page: one partition has the end of it, another one has not."""
    whole = await written(lost, "p/a", "p/b", "p/c", "p/d")
    await publish(kafka, [sent(one) for one in whole if one.subject != "p/b"])
    async with another(postgres) as empty:
        found = await adopted(empty, kafka)
        assert found.plan.lost == [2]
        assert await rows(empty, "SELECT position, reason FROM void") == [(2, "exists nowhere")]
        assert (await serves(empty, kafka)).position == 5
        assert [row[0] for row in await rows(empty, LOG)] == [1, 3, 4, 5]


async def test_an_altered_record_is_put_aside_and_the_topic_is_filled_anew(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    whole = await written(lost, "p/a", "p/b", "p/a", "p/a")
    forged = whole[2].data.replace(b"p/a 1", b"p/a 9")
    messages = [sent(one) for one in whole]
    messages[2] = sent(whole[2], value=forged)
    await publish(kafka, messages)
    async with another(postgres) as empty:
        found = await adopted(empty, kafka)
        assert [why for _, why in found.plan.voided] == ["leaf-false", "version-missing"]
        kept = await rows(empty, "SELECT position, id, value FROM void ORDER BY position")
        assert kept == [(3, whole[2].id, forged), (4, whole[3].id, whole[3].data)]
        assert await serves(empty, kafka) == Written("p/after", 1, 5)

        async def as_the_log() -> bool:
            return await told(kafka) == [("p/a", 1), ("p/b", 1), ("p/after", 1)]

        log = new_log(empty)
        async with serving(log, [Relay(log, kafka, ["dossier"])]):
            await until(as_the_log)


async def test_what_a_failover_lost_overwrites_nothing(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    """The old server acknowledged and published what the new one, which lagged, never had."""
    await written(lost, "p/a")
    async with another(postgres, lost) as lagging:
        old = await written(lost, "p/a", "p/b")
        new = await written(lagging, "p/a", "p/c")
        await publish(kafka, [sent(one) for one in old])
        await refuses(lagging, kafka, "fork")
        found = await adopted(lagging, kafka)
        assert [(one.place[1], why) for one, why in found.plan.voided] == [
            ("p/a", "fork"),
            ("p/b", "position-taken"),
        ]
        assert [row[3] for row in await rows(lagging, LOG)] == [one.id for one in new]
        assert (await serves(lagging, kafka)).position == 4


async def test_two_histories_beyond_a_backup_are_left_to_a_person(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    await written(lost, "p/a")
    async with another(postgres, lost) as lagging, another(postgres, lost) as backup:
        old, new = await written(lost, "p/b"), await written(lagging, "p/c", "p/d")
        await publish(kafka, [sent(one) for one in (*old, *new[1:])])
        with pytest.raises(Refused, match="fork-undecided"):
            await adopted(backup, kafka)
        assert len(await rows(backup, LOG)) == 1
        found = await adopted(backup, kafka, void_forks=True)
        assert [one.place[1] for one in found.plan.taken] == ["p/d"]
        assert {one.place[1] for one, _ in found.plan.voided} == {"p/b", "p/c"}


async def test_what_is_no_event_is_put_aside_with_its_bytes(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    whole = await written(lost, "p/a", "p/b")
    junk = replace(sent(whole[0]), headers=(("ce_id", b"\xff"),), value=b"junk")
    await publish(kafka, [junk, *(sent(one) for one in whole)])
    async with another(postgres) as empty:
        found = await adopted(empty, kafka)
        assert len(found.plan.taken) == 2
        ((value, reason),) = await rows(empty, "SELECT value, reason FROM void")
        assert value == b"junk"
        assert str(reason).startswith("unreadable")
        assert (await adopted(empty, kafka)).plan.voided == []


async def test_the_topic_of_another_installation_is_left_alone(
    lost: str, postgres: Databases, kafka: Kafka
) -> None:
    await publish(kafka, [sent(one) for one in await written(lost, "p/a")])
    async with another(postgres) as empty:
        with pytest.raises(Refused, match="topic-of-another"):
            await adopted(empty, kafka, installation="production")
        assert await rows(empty, LOG) == []


async def test_a_store_in_use_is_not_touched(
    lost: str, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HELD_S", 0.5)
    async with serving(new_log(lost)):
        with pytest.raises(LeaseHeld):
            await adopted(lost, kafka)


async def again(kafka: Kafka, record: Record) -> None:
    """The same event more often than a look back goes."""
    for _ in range(3):
        await publish(kafka, [sent(record)] * 150)


async def test_an_old_log_is_noticed_behind_a_tail_of_nothing_but_duplicates(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    """Known events were sent again, more than a look back; what is unknown lies before them."""
    log = new_log(lost)
    async with serving(log, [Relay(log, kafka, ["dossier"])]):
        await tell(log, "p/a")

        async def published() -> bool:
            return bool(await log.rows("SELECT FROM published WHERE position = 1"))

        await until(published)
    async with another(postgres, lost) as backup:
        whole = await written(lost, "p/a")
        await publish(kafka, [sent(whole[1])])
        await again(kafka, whole[0])
        await refuses(backup, kafka, "store-behind-topic")


async def test_a_log_that_never_published_is_held_against_the_whole_topic(
    postgres: Databases, lost: str, kafka: Kafka
) -> None:
    whole = await written(lost, "p/a", "p/a")
    async with another(postgres) as backup:
        await written(backup)
        await publish(kafka, [sent(one) for one in whole])
        await again(kafka, whole[0])
        await refuses(backup, kafka, "store-behind-topic")


@pytest.mark.parametrize("before", [2, 0])
async def test_what_was_erased_since_the_backup_is_blank_again(
    postgres: Databases, lost: str, kafka: Kafka, before: int
) -> None:
    """Whether the backup has the event with its data, or not yet; its proof stays the same."""
    await written(lost, *(["p/t"] * before))
    async with another(postgres, lost) as backup:
        log = new_log(lost)
        async with serving(log):
            await tell(log, *(["p/t"] * (3 - before)))
            await erased(log, 1)
            await publish(kafka, [sent(one) for one in await log.page(0, 100)])
        found = await adopted(backup, kafka)
        assert (len(found.plan.taken), found.plan.voided, found.unsettled) == (4 - before, [], [])
        for told in (LOG, COMMANDS, "SELECT * FROM erasure"):
            assert await rows(backup, told) == await rows(lost, told)
        assert await rows(backup, "SELECT position FROM log WHERE data = ''") == [(1,)]
