"""What was parked is followed again in order and once, whatever else goes on meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from deploy.cli import dead_letter_acts as acts
from deploy.local.kafka import Cluster
from shared.contracts import registry
from shared.contracts.refusals import Refused
from shared.messaging.follow import Stopped
from shared.messaging.kafka import Kafka
from shared.messaging.parking import LAST_RECORDS, MOST_FAILURES, Key, Parking
from shared.store.batch import Step
from shared.store.command import Command, Heard
from shared.store.log import Log, Tenure
from shared.store.streams import Stream, Unavailable
from tests.faults.dead_letters import BY, Reviewing, changed, done, reviewer, told
from tests.faults.followed import (
    UNREADABLE,
    headers,
    message,
    publish,
    record,
    rows,
    showing,
    topics,
)
from tests.integration.store import command
from tests.integration.test_log import terminate_writer
from tests.integration.test_messaging import until


@pytest.fixture
async def review(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reviewing]:
    async with reviewer(database, monkeypatch) as serving:
        yield serving


async def test_a_line_is_followed_again_in_its_order_and_its_key_is_free(review: Reviewing) -> None:
    review.broken.add("1")
    await review.take(*told("p/t", "1", "2", "3"))
    assert await review.officers() == []
    review.broken.clear()
    (act,) = await review.redrive("p/t")
    assert (act["outcome"], act["records"]) == ("drained", 3)
    assert await review.officers() == ["1", "2", "3"]
    assert await review.parked() == []
    await review.take(*told("p/t", "4", since=4))
    assert await review.officers() == ["1", "2", "3", "4"]
    assert "dead letters" not in review.log.degraded


async def test_following_again_has_no_effect_twice(review: Reviewing) -> None:
    """Also where the effect is there and the parked row came back, as from an older backup."""
    review.broken.add("1")
    await review.take(*told("p/t", "1", "2"))
    await changed(review.database, "CREATE TABLE saved AS SELECT * FROM parked")
    review.broken.clear()
    await review.redrive("p/t")
    (again,) = await review.redrive("p/t")
    assert (again["outcome"], again["records"]) == ("empty", 0)
    await changed(review.database, "INSERT INTO parked SELECT * FROM saved")
    review.reactions._parking.remember(
        [("dossier", "p/t", seq, "p/t", seq, "t", 0, seq, uuid4(), "r") for seq in (1, 2)]
    )
    (back,) = await review.redrive("p/t")
    assert (back["outcome"], back["records"]) == ("drained", 2)
    assert await review.officers() == ["1", "2"]
    assert await rows(review.database, "SELECT count(*) FROM log") == [(2,)]


async def test_a_record_that_fails_again_holds_up_its_own_line_alone(review: Reviewing) -> None:
    review.broken |= {"1", "bad"}
    await review.take(*told("p/t", "1", "2", "bad", "4"), *told("p/u", "1", "2"))
    review.broken.remove("1")
    first, second = await review.redrive("p/t", "p/u")
    assert (first["outcome"], first["records"]) == ("stopped", 2)
    assert "p/t@3 (seq 3): Broken: bad" in first["detail"]
    assert (second["outcome"], second["records"]) == ("drained", 2)
    assert await review.officers() == ["1", "2"]
    assert await review.officers("p/u") == ["1", "2"]
    assert await rows(review.database, "SELECT seq, attempts, reason FROM parked ORDER BY seq") == [
        (3, 2, "Broken: bad"),
        (4, 1, "behind a parked event of its key"),
    ]
    await review.take(*told("p/t", "5", since=5))
    assert await review.officers() == ["1", "2"]


@pytest.mark.parametrize("locked", [True, False], ids=["as it is", "without its lock"])
async def test_no_live_record_slips_into_a_line_that_nobody_serves_any_more(
    review: Reviewing, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """A live one has seen its key blocked, and is not written yet, when the last one leaves."""
    if not locked:
        monkeypatch.setattr(Parking, "line", lambda parking, key: asyncio.Lock())
    review.broken.add("1")
    await review.take(*told("p/t", "1", "2"))
    review.broken.clear()
    parking_now, may_park = asyncio.Event(), asyncio.Event()
    follow = Log.follow

    async def slowly(log: Log, tenure: Tenure, step: Step, *others: Any) -> Any:
        if step.parked is not None:
            parking_now.set()
            await may_park.wait()
        return await follow(log, tenure, step, *others)

    monkeypatch.setattr(Log, "follow", slowly)
    live = asyncio.create_task(review.take(*told("p/t", "3", since=3)))
    await parking_now.wait()
    (id_,) = await acts.redrive(review.database, [("dossier", "p/t")], BY)
    line: Key = ("dossier", "p/t")

    async def over_or_waiting() -> bool:
        (act,) = await acts.found(review.database, acts.HOW_FAR, [id_])
        waits = bool(review.reactions._parking.line(line)._waiters)
        return act["done_at"] is not None or waits

    await until(over_or_waiting, 10)
    may_park.set()
    await live
    (act,) = await done(review.database, [id_])
    stranded = await review.parked()
    if locked:
        assert (act["outcome"], act["records"], stranded) == ("drained", 3, [])
        assert await review.officers() == ["1", "2", "3"]
    else:
        assert (act["outcome"], stranded) == ("drained", [("p/t", 3)])


async def test_live_records_and_wishes_together_leave_nothing_out_of_order(
    review: Reviewing,
) -> None:
    names = [str(number) for number in range(60)]
    review.broken |= {"0", "20", "40"}

    async def live() -> None:
        for at, one in enumerate(told("p/t", *names)):
            await review.take(one)
            if at in (10, 30, 50):
                review.broken.discard(str(at - 10))

    async def wishes() -> None:
        while not taking.done():
            await review.redrive("p/t")

    taking = asyncio.create_task(live())
    await asyncio.gather(taking, wishes())
    await review.redrive("p/t")
    assert await review.officers() == names
    assert await review.parked() == []


@pytest.mark.kafka
async def test_a_line_is_followed_again_while_its_topic_brings_more(
    database: str, monkeypatch: pytest.MonkeyPatch, clean_kafka: Cluster
) -> None:
    kafka, names = Kafka(clean_kafka.bootstrap), [str(number) for number in range(40)]
    await topics(kafka)
    sent = told("p/t", *names)
    async with reviewer(database, monkeypatch, kafka) as review:
        review.broken.add("0")
        await publish(kafka, sent[:10])
        await until(showing(database, "SELECT count(*) FROM parked", (10,)))
        review.broken.clear()
        publishing = asyncio.create_task(publish(kafka, sent[10:]))
        outcomes = {(await review.redrive("p/t"))[0]["outcome"] for _ in range(3)}
        await publishing
        await until(showing(database, "SELECT count(*) FROM log", (40,)))
        assert await review.officers() == names
        assert await review.parked() == []
        assert "drained" in outcomes


async def test_a_wish_goes_on_after_its_process_lost_the_lease(
    review: Reviewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    review.broken.add("1")
    names = [str(number) for number in range(1, 8)]
    await review.take(*told("p/t", *names))
    review.broken.clear()
    follow, tries = Log.follow, count(1)

    async def dying(log: Log, tenure: Tenure, step: Step, *others: Any) -> Any:
        at = next(tries)
        if at == 2:
            await terminate_writer(review.database)
        written = await follow(log, tenure, step, *others)
        if at == 4:
            await terminate_writer(review.database)
        return written

    monkeypatch.setattr(Log, "follow", dying)
    first = review.tenure
    (act,) = await review.redrive("p/t")
    assert review.tenure is not first
    assert (act["outcome"], act["records"]) == ("drained", 7)
    assert await review.officers() == names
    assert await review.parked() == []


async def test_what_is_given_up_is_kept_with_its_bytes_and_the_rest_goes_on(
    review: Reviewing,
) -> None:
    review.broken.add("bad")
    sent = told("p/t", "bad", "2", "3")
    await review.take(*sent)
    id_ = await acts.discard(review.database, "dossier", "p/t", 1, BY)
    assert id_ is not None
    (act,) = await done(review.database, [id_])
    assert (act["outcome"], act["records"], act["actor"]) == ("drained", 3, BY.actor)
    assert await review.officers() == ["2", "3"]
    kept = await rows(review.database, "SELECT act, version, value, headers FROM discarded")
    assert kept[0][:3] == (id_, 1, sent[0].value)
    assert "ce_correlationid" in str(kept[0][3])
    await review.take(*sent)  # its head stays where it was: it comes to nothing again
    assert await review.officers() == ["2", "3"]


async def test_only_the_record_that_was_meant_is_given_up(review: Reviewing) -> None:
    """Its place in line is given to another once the line was empty."""
    review.broken |= {"bad", "worse"}
    await review.take(*told("p/t", "bad"))
    ours = await acts.discard(review.database, "dossier", "p/t", 1, BY)
    assert ours is not None
    await done(review.database, [ours])
    await review.take(*told("p/t", "worse", since=2))
    late = uuid4()
    async with acts.database(review.database) as connection:
        await connection.execute(
            acts.ASK, late, "discard", "dossier", "p/t", 1, uuid4(), "o:1", "too late"
        )
    (act,) = await done(review.database, [late])
    assert act["outcome"] == "gone"
    assert await review.parked() == [("p/t", 1)]


async def test_an_act_stays_as_it_was_asked_and_done(review: Reviewing) -> None:
    review.broken.add("1")
    await review.take(*told("p/t", "1"))
    (act,) = await review.redrive("p/t")
    assert (act["act"], act["actor"], act["reason"]) == ("redrive", BY.actor, BY.reason)
    assert act["asked_at"] <= act["done_at"]
    for change in (
        "DELETE FROM dead_letter_act",
        "TRUNCATE dead_letter_act",
        "UPDATE dead_letter_act SET actor = 'o:2'",
        "UPDATE dead_letter_act SET outcome = 'drained'",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await changed(review.database, change)


async def test_a_record_in_a_version_of_tomorrow_waits_for_its_image(review: Reviewing) -> None:
    review.broken.add("1")
    newer = message(record("p/t", 2, name=UNREADABLE), 2)
    await review.take(*told("p/t", "1"), newer)
    review.broken.clear()
    (act,) = await review.redrive("p/t")
    assert (act["outcome"], act["records"]) == ("stopped", 1)
    assert "UnknownVersion" in act["detail"]
    assert await review.parked() == [("p/t", 2)]


async def test_a_record_without_a_name_is_followed_once_its_headers_can_be_read(
    review: Reviewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = replace(registry.CONTEXTS["dossier"], subjects=".*")
    named = record("p/t")._replace(subject="p/t/new")
    under = [(n, b"p/t/new" if n == "ce_subject" else v) for n, v in headers(named)]
    await review.take(message(named, 1, under=under))
    assert await rows(review.database, "SELECT subject, version FROM parked") == [("", 0)]
    (act,) = await review.redrive("p/t/new")
    assert act["outcome"] == "stopped"
    monkeypatch.setitem(registry.CONTEXTS, "dossier", wide)
    (act,) = await review.redrive("p/t/new")
    assert (act["outcome"], act["records"]) == ("drained", 1)
    assert await review.officers("p/t/new") == ["p/t@1"]
    head = await rows(review.database, "SELECT subject, version FROM head")
    assert head == [("p/t/new", 1)]


async def test_a_record_with_a_nul_in_its_headers_is_never_taken_for_another(
    review: Reviewing,
) -> None:
    under = [(n, b"p/t\x00" if n == "ce_subject" else v) for n, v in headers(record("p/t"))]
    await review.take(message(record("p/t"), 1, under=under))
    (act,) = await review.redrive("p/t")
    assert act["outcome"] == "stopped"
    assert "holds a NUL" in act["detail"]
    assert await rows(review.database, "SELECT count(*) FROM log") == [(0,)]


async def test_where_too_many_fail_nothing_more_is_parked_until_one_goes_well(
    review: Reviewing,
) -> None:
    review.broken.add("bad")
    for number in range(MOST_FAILURES):
        await review.take(*told(f"p/{number}", "bad", "behind"))
    for _ in range(3):
        with pytest.raises(Stopped, match="fuyan dead-letters list review"):
            await review.take(*told("p/more", "bad"))
    assert len(await review.parked()) == 2 * MOST_FAILURES
    review.broken.clear()
    await review.take(*told("p/more", "bad"))
    assert await review.officers("p/more") == ["bad"]
    await review.redrive(*(f"p/{number}" for number in range(MOST_FAILURES)))
    review.broken.add("bad")
    await review.take(*told("p/next", "bad"))
    assert await review.parked() == [("p/next", 1)]


async def test_a_restart_does_not_forget_how_many_failed(review: Reviewing) -> None:
    review.broken.add("bad")
    for number in range(MOST_FAILURES):
        await review.take(*told(f"p/{number}", "bad"))
    await review.lose_the_lease()
    with pytest.raises(Stopped):
        await review.take(*told("p/more", "bad"))


async def test_a_few_failures_among_many_records_stop_nobody(review: Reviewing) -> None:
    review.broken.add("bad")
    for number in range(2 * MOST_FAILURES):
        await review.take(*told(f"p/{number}", "bad"), *told(f"q/{number}", "good", "good"))
    assert len(await review.parked()) == 2 * MOST_FAILURES
    assert LAST_RECORDS < 3 * MOST_FAILURES


def after(*heard: Heard) -> Command:
    return replace(command(), after=heard)


async def test_a_command_that_builds_on_a_parked_event_is_told_so_at_once(
    review: Reviewing,
) -> None:
    review.broken.add("2")
    await review.take(*told("p/t", "1", "2", "3"), *told("p/u", "1"))

    async def build(subject: str, version: int) -> None:
        wish = after(Heard("dossier", subject, version))
        await review.log.decide(wish, Stream("case", "p/x/1"), lambda _: [])

    await build("p/t", 1)
    await build("p/u", 1)
    for version in (2, 3, 4):
        with pytest.raises(Refused, match="parked") as refused:
            await build("p/t", version)
        assert refused.value.code == "parked"
    with pytest.raises(Unavailable, match="not-yet-known"):
        await build("p/u", 2)
    id_ = await acts.discard(review.database, "dossier", "p/t", 1, BY)
    assert id_ is not None
    await done(review.database, [id_])
    await build("p/t", 3)
    with pytest.raises(Refused, match="parked"):
        await build("p/t", 2)
    await review.lose_the_lease()
    with pytest.raises(Refused, match="parked"):
        await build("p/t", 2)


async def test_whoever_waits_for_what_came_of_a_parked_event_is_told_at_once(
    review: Reviewing,
) -> None:
    review.broken.add("2")
    await review.take(*told("p/t", "1", "2", "3"))

    async def standing(version: int) -> str:
        async with asyncio.timeout(10):
            return await review.log.reached(Heard("dossier", "p/t", version), 60)

    assert await standing(1) == "reached"
    assert [await standing(version) for version in (2, 3, 4)] == ["parked"] * 3
    id_ = await acts.discard(review.database, "dossier", "p/t", 1, BY)
    assert id_ is not None
    await done(review.database, [id_])
    assert [await standing(version) for version in (1, 2, 3)] == ["reached", "parked", "reached"]


async def test_who_is_asked_about_readiness_hears_how_many_keys_are_parked(
    review: Reviewing,
) -> None:
    review.broken.add("1")
    await review.take(*told("p/t", "1", "2"), *told("p/u", "1"))
    (said,) = [why for why in review.log.readiness().degraded if "dead letters" in why]
    assert said == "dead letters: 2 keys parked, 3 records: fuyan dead-letters list review"
