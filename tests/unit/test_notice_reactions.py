"""From an event to inboxes: who is found, what waits, and that nothing is told twice."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.notification.notice import Inbox, evolve
from services.notification.programmes import Programme
from services.notification.programmes import evolve as hear
from services.notification.reactions import Roll, telling
from services.notification.templates import GONE, title_of
from shared.contracts.notice import Delivered, Requested
from shared.contracts.payloads import example
from shared.contracts.registry import decode
from shared.events.envelope import Record
from shared.messaging.reactions import Reaction, Received
from shared.store.streams import Changes, Stream, Unavailable

NOW = datetime(2018, 9, 5, 1, tzinfo=UTC)
OFFICE, GOV, DISTRICT = "370406001-office", "370406001-gov", "370406-safety"
DEFINITION = ("fuyan.programme.opened.v1", "fuyan.programme.township-enrolled.v1")


def received(name: str, actor: str = f"{OFFICE}:o12") -> Received:
    data = example(name)
    context = name.split(".")[1]
    ids = UUID(int=7)
    record = Record(
        position=1,
        context=context,
        subject="shanting-2018/370406001",
        version=1,
        id=ids,
        type=name,
        effective_on=decode(name, data).effective_on,
        effective_at=NOW,
        recorded_at=NOW,
        actor=actor,
        on_behalf_of=None,
        correlation=ids,
        causation=ids,
        command=bytes(32),
        traceparent=None,
        data=data,
        salt=bytes(16),
        leaf=bytes(32),
    )
    return Received(record, decode(name, data))


def definition(names: Sequence[str] = DEFINITION) -> list[Any]:
    return [decode(name, example(name)) for name in names]


def roll_of(events: Sequence[Any]) -> Roll:
    roll = Roll()
    for event in events:
        roll.hear(event)
    return roll


def react(name: str, roll: Roll) -> Reaction:
    reaction = telling(received(name), roll, NOW)
    assert reaction is not None
    return reaction


def changes(reaction: Reaction, known: Programme, **inboxes: Inbox) -> Changes:
    """The decision, over the streams that it asked for."""
    streams = tuple(reaction.reading)
    assert streams[0] == Stream("programme", "shanting-2018")
    states = [inboxes.get(stream.subject.rsplit("-", 1)[1], Inbox()) for stream in streams[1:]]
    return reaction.decision(known, *states)


KNOWN = reduce(hear, definition(), Programme())
PLAN = "fuyan.dossier.plan-filed.v1"


def test_all_recipients_are_told_in_one_append_each_in_their_own_stream() -> None:
    told = changes(react(PLAN, roll_of(definition())), KNOWN)
    assert {stream.subject for stream in told.events} == {
        f"shanting-2018/{OFFICE}",
        f"shanting-2018/{GOV}",
        f"shanting-2018/{DISTRICT}",
    }
    for stream, (requested, delivered) in told.events.items():
        assert isinstance(requested, Requested)
        assert isinstance(delivered, Delivered)
        assert stream.subject == f"shanting-2018/{requested.organisation}"
        assert requested.cause == str(UUID(int=7))
        assert delivered.notice_id == requested.notice_id


def test_a_notice_bears_the_day_of_its_cause_and_the_moment_it_was_delivered() -> None:
    told = changes(react(PLAN, roll_of(definition())), KNOWN)
    requested, delivered = told.events[Stream("notice", f"shanting-2018/{GOV}")]
    assert requested.effective_on == received(PLAN).event.effective_on
    assert isinstance(delivered, Delivered)
    assert delivered.delivered_at == NOW


def test_the_same_event_again_tells_nobody() -> None:
    reaction = react(PLAN, roll_of(definition()))
    first = changes(reaction, KNOWN)
    office = first.events[Stream("notice", f"shanting-2018/{OFFICE}")]
    gov = first.events[Stream("notice", f"shanting-2018/{GOV}")]
    district = first.events[Stream("notice", f"shanting-2018/{DISTRICT}")]
    again = changes(
        reaction,
        KNOWN,
        office=reduce(evolve, office, Inbox()),  # type: ignore[arg-type]  # notices, of a wider type
        gov=reduce(evolve, gov, Inbox()),  # type: ignore[arg-type]  # as above
        safety=reduce(evolve, district, Inbox()),  # type: ignore[arg-type]  # as above
    )
    assert not any(again.events.values())


def test_an_event_waits_while_its_township_is_not_heard_of() -> None:
    with pytest.raises(Unavailable):
        changes(react(PLAN, Roll()), Programme())


def test_an_event_waits_while_the_log_knows_more_than_the_roll() -> None:
    with pytest.raises(Unavailable):
        changes(react(PLAN, Roll()), KNOWN)


def test_a_reaction_tried_again_finds_who_was_enrolled_meanwhile() -> None:
    roll = Roll()
    with pytest.raises(Unavailable):
        changes(react(PLAN, roll), Programme())
    for event in definition():
        roll.hear(event)
    assert len(changes(react(PLAN, roll), KNOWN).events) == 3


def test_an_event_of_the_programme_never_waits_for_what_lies_behind_it() -> None:
    name = "fuyan.programme.standard-published.v1"
    assert changes(react(name, Roll()), Programme()).events == {}


def test_leaving_is_told_although_the_roll_has_heard_of_it_already() -> None:
    left = "fuyan.programme.township-withdrawn.v1"
    roll = roll_of(definition((*DEFINITION, left)))
    reaction = telling(received(left, f"{DISTRICT}:o02"), roll, NOW)
    assert reaction is not None
    assert {stream.subject for stream in changes(reaction, KNOWN).events} == {
        f"shanting-2018/{OFFICE}",
        f"shanting-2018/{GOV}",
    }


def test_hearing_an_enrolment_twice_is_hearing_it_once() -> None:
    twice = roll_of([*definition(), *definition()])
    once = roll_of(definition())
    event = received("fuyan.programme.batch-announced.v1").event
    assert twice.organisations(event) == once.organisations(event)


def test_what_nobody_hears_of_is_no_reaction() -> None:
    assert telling(received("fuyan.programme.calendar-published.v1"), Roll(), NOW) is None


def test_a_cause_that_cannot_be_read_hides_only_its_own_sentence() -> None:
    record = received(PLAN).record
    assert title_of(record, {}).zh.startswith("山城街道报送实施方案")
    assert title_of(None, {}) == GONE
    assert title_of(record._replace(type="fuyan.dossier.invented.v1"), {}) == GONE
    assert title_of(record._replace(data=b"{}"), {}) == GONE
