"""A review service whose reactions can be broken and mended, and wishes about its dead letters."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka import ConsumerRecord

from deploy.cli import dead_letter_acts as acts
from deploy.cli.dead_letter_acts import By
from shared.contracts.case import MemberRecused
from shared.contracts.dossier import DeficiencyWithdrawn
from shared.messaging import dead_letters
from shared.messaging.kafka import Kafka
from shared.messaging.reactions import Reaction, Reactions, Received
from shared.store.log import Log, Tenure
from shared.store.streams import Changes, Stream
from tests.faults.followed import NOWHERE, message, record, rows
from tests.integration.store import note, prepare, serving
from tests.integration.test_log import terminate_writer
from tests.integration.test_messaging import officers, reviewing, until

BY = By("city:ops-1", "the image was mended")


class Broken(Exception):
    """What a decision of an image with a mistake in it raises."""


@dataclass(slots=True)
class Reviewing:
    """The service as it serves: Kafka is away, and its records are handed over by the test."""

    database: str
    log: Log
    reactions: Reactions
    broken: set[str] = field(default_factory=set)
    """Reasons at which the decision breaks, until they are taken out."""

    @property
    def tenure(self) -> Tenure:
        assert self.log._tenure is not None
        return self.log._tenure

    async def take(self, *messages: ConsumerRecord) -> None:
        for one in messages:
            await self.reactions._take(one, self.tenure)

    async def redrive(self, *keys: str) -> list[dict[str, Any]]:
        """What became of it."""
        ids = await acts.redrive(self.database, [("dossier", key) for key in keys], BY)
        return await done(self.database, ids)

    async def lose_the_lease(self) -> None:
        """Return once another tenure serves."""
        before = self.tenure
        await terminate_writer(self.database)

        async def serves() -> bool:
            return self.log._tenure not in (None, before)

        await until(serves, 20)

    async def officers(self, key: str = "p/t") -> list[str]:
        return await officers(self.log, f"{key}/1")

    async def parked(self) -> list[tuple[object, ...]]:
        return await rows(self.database, "SELECT key, seq FROM parked ORDER BY key, seq")


@asynccontextmanager
async def reviewer(
    database: str, monkeypatch: pytest.MonkeyPatch, kafka: Kafka | None = None
) -> AsyncIterator[Reviewing]:
    """Serving, and looking for wishes all the time; without Kafka where none is given."""
    monkeypatch.setattr(dead_letters, "POLL_S", 0.02)
    await prepare(database)
    broken: set[str] = set()

    def recuse(received: Received) -> Reaction:
        """A member steps down for every deficiency withdrawn, in the name of its reason."""
        event = received.event
        assert isinstance(event, DeficiencyWithdrawn)
        to = Stream("case", f"{received.record.subject}/1")

        def decide(_: object) -> Changes:
            if event.reason in broken:
                raise Broken(event.reason)
            return Changes({to: [stepped_down(to.subject, event)]})

        return Reaction([to], decide)

    log = reviewing(database)
    reactions = Reactions(log, kafka or Kafka(NOWHERE), {DeficiencyWithdrawn: recuse})
    async with serving(log, [reactions]):
        yield Reviewing(database, log, reactions, broken)


def stepped_down(case: str, event: DeficiencyWithdrawn) -> MemberRecused:
    return MemberRecused(
        programme="p", township="t", township_name="T", office="o",
        effective_on=event.effective_on, case_id=case, application_id="a", round=1,
        officer=event.reason, organisation="o", reason_code="r",
    )  # fmt: skip


def told(key: str, *reasons: str, since: int = 1) -> list[ConsumerRecord]:
    """Consecutive events of a dossier, each with its own reason."""
    return [
        message(record(key, since + at, event=note(reason)), since + at)
        for at, reason in enumerate(reasons)
    ]


async def done(database: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """These acts, once all of them are done."""

    async def over() -> bool:
        found = await acts.found(database, acts.HOW_FAR, list(ids))
        return all(act["done_at"] is not None for act in found)

    await until(over, 60)
    return await acts.found(database, acts.HOW_FAR, list(ids))


async def changed(database: str, statement: str) -> None:
    """Do this in the database, as its owner."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
