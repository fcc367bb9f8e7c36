"""What an old mistake parked in an earlier version is followed again as today's event."""

from dataclasses import replace
from typing import Any, cast

import pytest

from shared.contracts.dossier import GoodPracticeShared
from shared.contracts.earlier import EARLIER
from shared.contracts.payloads import example
from shared.contracts.registry import decode
from shared.messaging.reactions import Reaction, Received
from shared.store.streams import Changes, Stream
from tests.faults.dead_letters import reviewer, stepped_down
from tests.faults.followed import message, record
from tests.integration.store import note

V1 = "fuyan.dossier.good-practice-shared.v1"


def mistaken(_: object) -> Any:
    raise ValueError("an upcaster with a mistake in it")


async def test_a_parked_record_of_an_earlier_version_goes_through_the_upcaster(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[GoodPracticeShared] = []

    def hear(received: Received) -> Reaction:
        event = received.event
        assert isinstance(event, GoodPracticeShared)
        heard.append(event)
        to = Stream("case", f"{received.record.subject}/1")
        told = stepped_down(to.subject, cast("Any", note(event.title)))
        return Reaction([to], lambda _: Changes({to: [told]}))

    said = record("p/t", 1)._replace(type=V1, data=example(V1))
    behind = record("p/t", 2)._replace(type=V1, data=example(V1))
    async with reviewer(database, monkeypatch) as review:
        cast("dict[type, Any]", review.reactions._handlers)[GoodPracticeShared] = hear
        upcast = EARLIER[V1]
        with monkeypatch.context() as patched:
            broken = replace(upcast, upcast=mistaken)
            patched.setitem(cast("dict[str, Any]", EARLIER), V1, broken)
            await review.take(message(said, 0), message(behind, 1))
        assert heard == []
        assert await review.parked() == [("p/t", 1), ("p/t", 2)]
        (act,) = await review.redrive("p/t")
        assert (act["outcome"], act["records"]) == ("drained", 2)
        expected = decode(V1, example(V1))
        assert {one.shared_with for one in heard} == {()}
        assert [one for one in heard if one != expected] == []
        assert await review.officers() == [expected.title] * 2  # type: ignore[union-attr]
        assert await review.parked() == []
