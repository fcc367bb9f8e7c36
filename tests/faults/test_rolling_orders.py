"""Old and new images beside each other, upgraded in every order: none parks, and all catch up.

The stores, followers and reactions are the services' own; only Kafka is a list here.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from itertools import permutations
from typing import Any, cast
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import ConsumerRecord

from deploy.cli.services import Service, apply
from deploy.local.issuer import Issuer
from deploy.local.postgres import Databases
from services.notification import app as notification
from services.notification.reactions import Roll
from services.notification.reactions import handlers as telling
from services.projection.follower import Follower
from services.review import app as review
from services.review.reactions import HANDLERS
from services.submission import app as submission
from services.submission.settings import SubmissionSettings
from shared.clock import SHANGHAI
from shared.contracts.blocks import TownshipSite
from shared.contracts.dossier import GoodPracticeShared
from shared.contracts.programme import TownshipEnrolled
from shared.contracts.registry import SHAPES, Event
from shared.events.envelope import Record
from shared.messaging.follow import Stopped
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reactions
from shared.settings import ServiceSettings
from shared.store.log import Log, Tenure
from shared.store.recording import new_id, recorded
from shared.store.session import Session
from shared.store.streams import Stream, Unavailable
from tests.faults.followed import NOWHERE, message
from tests.faults.old_image import LATER
from tests.integration.store import command, until_serving
from tests.unit.dossiers import MAY, OPENING, PROGRAMME, site
from tests.unit.web_app import settings_for

V1, V2 = "fuyan.dossier.good-practice-shared.v1", "fuyan.dossier.good-practice-shared.v2"
ORDERS = list(permutations(("submission", "review", "notification", "projection")))
NOW = datetime.combine(MAY, time(9), SHANGHAI).astimezone(UTC)
ENROLLED = cast("TownshipEnrolled", OPENING[-1])
Take = Callable[[ConsumerRecord], Any]


@contextmanager
def running(image: str) -> Iterator[None]:
    """While this block runs, the code knows what that image knew."""
    kept = {name: SHAPES.pop(name) for name in LATER} if image == "old" else {}
    try:
        yield
    finally:
        SHAPES.update(kept)


@dataclass
class Consumer:
    """A service that follows a topic in its order, for as far as its image can."""

    name: str
    take: Take
    copies: Callable[[str], Any]
    image: str = "old"
    stopped: str = ""
    passed: dict[str, int] = field(default_factory=dict)

    async def follow(self, topic: str, records: Sequence[ConsumerRecord]) -> None:
        self.stopped = ""
        for one in records[self.passed.get(topic, 0) :]:
            try:
                with running(self.image):
                    await self.take(one)
            except Stopped as stop:
                self.stopped = str(stop)
                return
            self.passed[topic] = self.passed.get(topic, 0) + 1


@dataclass
class House:
    """Three consumers, and a producer that writes what its image and its settings say."""

    consumers: dict[str, Consumer]
    topic: list[ConsumerRecord] = field(default_factory=list)
    said: dict[str, list[Record]] = field(default_factory=dict)

    async def share(self, township: str, publicity: str, raised: Sequence[str]) -> None:
        """The producer says it, and everybody reads on."""
        own = self.said.setdefault(township, [])
        whom = ("370406100",) if publicity == "named" else ()
        event = GoodPracticeShared(
            **TownshipSite({**site(MAY), "township": township}),
            practice_id=f"G{len(own) + 1}",
            title="网格化巡查",
            summary="每周一次",
            items=(),
            publicity=publicity,  # type: ignore[arg-type]
            shared_with=whom,
            evidence=(),
        )
        stream = Stream("dossier", f"{PROGRAMME}/{township}")
        record = recorded(
            "test", stream, len(own) + 1, len(self.topic) + 1, new_id(), event, command(), NOW,
            MAY, raised,
        )  # fmt: skip
        own.append(record)
        self.topic.append(message(record, len(self.topic)))
        await self.follow()

    async def follow(self) -> None:
        for one in self.consumers.values():
            await one.follow("dossier", self.topic)

    def stopped(self) -> set[str]:
        return {name for name, one in self.consumers.items() if one.stopped}


class Held:
    """A duty that shows its tenure."""

    def __init__(self) -> None:
        self.tenure: Tenure

    async def before(self, tenure: Tenure) -> None:
        self.tenure = tenure

    async def run(self, tenure: Tenure) -> None:
        """Nothing to do."""


COPIED = "SELECT type, id, data FROM {} WHERE context = 'dossier' AND subject = $1 ORDER BY version"


async def reacting(
    stack: AsyncExitStack, name: str, log: Log, handlers: Any, *duties: Any
) -> Consumer:
    held = Held()
    await stack.enter_async_context(log.tenures([held, *duties]))
    await until_serving(log)
    reactions = Reactions(log, Kafka(NOWHERE), handlers)
    await reactions.before(held.tenure)

    async def copies(subject: str) -> list[Any]:
        assert await log.rows("SELECT FROM parked") == []
        return await log.rows(COPIED.format("heard"), subject)

    return Consumer(name, lambda one: reactions._take(one, held.tenure), copies)


async def journaling(stack: AsyncExitStack, database: str) -> Consumer:
    connection = await asyncpg.connect(database)
    stack.push_async_callback(connection.close)
    follower = Follower(Session(connection, 0, None), Kafka(NOWHERE), lambda: NOW, {})
    await follower.remember()

    async def copies(subject: str) -> list[Any]:
        assert await connection.fetch("SELECT FROM parked") == []
        found: list[Any] = await connection.fetch(COPIED.format("journal"), subject)
        return found

    return Consumer("projection", lambda one: follower._append([one], lambda _: None), copies)


def township(number: int) -> str:
    return f"3704061{number:02}"


@pytest.fixture
async def house(postgres: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack, opened(stack, postgres) as (databases, settings):
        for module in (review, notification):
            monkeypatch.setattr(module, "clock_from", lambda *_: lambda: NOW)
        reviewing = review.new_log(settings(Service.review))
        notifying = notification.new_log(settings(Service.notification))
        roll = Roll()
        found = House(
            {
                "review": await reacting(stack, "review", reviewing, HANDLERS),
                "notification": await reacting(
                    stack,
                    "notification",
                    notifying,
                    telling(notifying, roll, lambda event, id_: None),
                    roll,
                ),
                "projection": await journaling(stack, databases[Service.projection]),
            }
        )
        townships = [
            replace(ENROLLED, township=township(number), office=f"{township(number)}-office")
            for number in range(2 * len(ORDERS))
        ]
        opening = [_opening(event, at) for at, event in enumerate([*OPENING, *townships], 1)]
        for name in ("notification", "projection"):
            await found.consumers[name].follow("programme", opening)
        yield found


@asynccontextmanager
async def opened(
    stack: AsyncExitStack, postgres: Databases
) -> AsyncIterator[tuple[dict[Service, str], Callable[[Service], ServiceSettings]]]:
    databases: dict[Service, str] = {}
    names: list[str] = []
    for service in (Service.review, Service.notification, Service.projection):
        names.append(f"rolling_{service}_{uuid4().hex[:8]}")
        await postgres.create_database(names[-1])
        databases[service] = postgres.dsn(names[-1])
        await apply(service, databases[service], None)
    yield databases, lambda service: settings_for(Issuer(), database=databases[service])
    await stack.aclose()
    for name in names:
        await postgres.drop_database(name)


def _opening(event: Event, version: int) -> ConsumerRecord:
    stream = Stream("programme", PROGRAMME)
    at = datetime.combine(event.effective_on, time(9), SHANGHAI).astimezone(UTC)
    record = recorded(
        "test", stream, version, version, new_id(), event, command(), at, event.effective_on
    )
    return message(record, version - 1, topic="fuyan.programme.v1")


async def rolled(house: House, order: Sequence[str], code: str, *, too_early: bool) -> None:
    """One order of upgrades; emission is raised behind the last one, or with the producer's."""
    raised: Sequence[str] = ()
    for one in house.consumers.values():
        one.image = "old"
    await house.share(code, "internal", raised)
    for name in order:
        if name == "submission":
            raised = (V2,) if too_early else ()
        else:
            house.consumers[name].image = "new"
        await house.follow()
        await house.share(code, "named" if raised else "internal", raised)
        old = {name for name, one in house.consumers.items() if one.image == "old"}
        assert house.stopped() == (old if raised else set()), (order, name)
        for stopped in house.stopped():
            said = house.consumers[stopped].stopped
            assert "upgrade it first" in said
            assert V2 in said
    await house.share(code, "named", (V2,))
    assert house.stopped() == set()
    told = [(one.type, one.id, one.data) for one in house.said[code]]
    assert {V1, V2} == {type_ for type_, _, _ in told}
    for name, one in house.consumers.items():
        copied = await one.copies(f"{PROGRAMME}/{code}")
        assert [tuple(row) for row in copied] == told, f"{name} after {order}"


@pytest.mark.timeout(120)
async def test_whatever_the_order_of_upgrades_everybody_ends_with_the_same_events(
    house: House,
) -> None:
    for number, order in enumerate(ORDERS):
        await rolled(house, order, township(number), too_early=False)
        await rolled(house, order, township(len(ORDERS) + number), too_early=True)


async def test_an_old_image_that_finds_a_later_version_on_record_says_so_and_waits(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Going back behind a raised version is no way; nothing is answered from half of a stream."""
    monkeypatch.setattr(submission, "clock_from", lambda *_: lambda: NOW)
    await apply(Service.submission, database, None)
    stream = Stream("dossier", f"{PROGRAMME}/370406001")
    event = GoodPracticeShared(
        **site(MAY), practice_id="G1", title="x", summary="y", items=(), publicity="internal",
        shared_with=(), evidence=(),
    )  # fmt: skip
    settings = settings_for(Issuer(), SubmissionSettings, database=database, emit=V2)
    log = submission.new_log(settings)
    async with log.tenures([]):
        await until_serving(log)
        await log.decide(command(), stream, lambda _: [event])
    log = submission.new_log(settings)
    with running("old"):
        async with log.tenures([]):
            await until_serving(log)
            with pytest.raises(Unavailable) as refused:
                await log.state(stream)
            assert (refused.value.code, refused.value.facts["type"]) == ("image-too-old", V2)
            version, _ = await log.state(Stream("dossier", f"{PROGRAMME}/370406100"))
            assert version == 0
    log = submission.new_log(settings)
    async with log.tenures([]):
        await until_serving(log)
        version, dossier = await log.state(stream)
        assert (version, dossier.practices) == (1, (event,))
