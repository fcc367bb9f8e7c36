"""What is missing from a topic, told at every look and forgotten only when it came."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from shared.events.envelope import Record
from shared.messaging.follow import Incomplete, Place, Reading, Recreated, identify, place
from tests.faults.followed import DOSSIER, message, record

Heads = dict[tuple[str, str], tuple[int, UUID]]


def read(reading: Reading, heads: Heads, records: Sequence[Record]) -> None:
    """Follow these from offset 0, as any follower does."""
    for offset, one in enumerate(records):
        consumed = message(one, offset)
        who = identify(consumed)
        match place(heads, who):
            case Place.NEXT:
                heads[who.context, who.subject] = (who.version, who.id)
                reading.passed(consumed, who.id)
            case Place.BEYOND:
                reading.missed(consumed, who)
            case Place.KNOWN:
                reading.passed(consumed, who.id)


def test_a_gap_that_stays_is_said_at_every_look() -> None:
    reading, heads = Reading({}), Heads()
    topic = [record("p/t", 1), record("p/t", 3)]
    read(reading, heads, topic)
    with pytest.raises(Recreated):
        reading.at_end(heads)
    reading.from_the_beginning()
    read(reading, heads, topic)
    for _ in range(3):
        with pytest.raises(Incomplete, match="p/t@3"):
            reading.at_end(heads)


def test_a_version_that_was_dropped_is_missing_until_it_came() -> None:
    """Version 3 is dropped since 2 is not there; 2 alone does not make up for it."""
    reading, heads = Reading({}), Heads()
    one, two, three = (record("p/t", version) for version in (1, 2, 3))
    read(reading, heads, [one, three, two])
    with pytest.raises(Recreated, match="p/t@3"):
        reading.at_end(heads)
    reading.from_the_beginning()
    read(reading, heads, [one, three, two, three])
    reading.at_end(heads)
    assert heads["dossier", "p/t"] == (3, three.id)


def test_of_all_that_was_dropped_of_a_stream_the_last_must_come_too() -> None:
    reading, heads = Reading({}), Heads()
    one, two, three, four = (record("p/t", version) for version in (1, 2, 3, 4))
    read(reading, heads, [one, three, four, two])
    heads["dossier", "p/t"] = (3, three.id)
    with pytest.raises(Recreated, match="p/t@4"):
        reading.at_end(heads)


def test_the_fence_stays_before_what_was_dropped() -> None:
    """A restart must read the dropped record again, for only memory knows of it."""
    begin = record("p/t", 1)
    reading, heads = Reading({(DOSSIER, 0): (1, begin.id)}), Heads()
    heads["dossier", "p/t"] = (1, begin.id)
    topic = [begin, record("p/t", 3), record("p/u", 1)]
    read(reading, heads, topic)
    reading._confirmed.update(reading.fences)  # as a look at the same topic does
    assert reading.stored(message(topic[2], 2)) == (1, begin.id)
