"""What cannot be applied is put aside with all its bytes, and what follows it under its key too."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import orjson
from aiokafka import ConsumerRecord

from shared.clock import Clock
from shared.events.envelope import Identity
from shared.messaging.follow import context_of, fence_id
from shared.store.batch import Parked

BEHIND = "behind a parked event of its key"
LOAD = 'SELECT context, key, seq, version, topic, partition, "offset", id FROM parked'


def key_of(message: ConsumerRecord) -> str:
    return without_nul((message.key or b"").decode(errors="replace"))


def without_nul(text: str) -> str:
    """PostgreSQL's text holds no NUL, and poison may."""
    return text.replace("\x00", "␀")


class Parking:
    """Which keys are blocked, and at what place in their line the next record goes."""

    def __init__(self, clock: Clock, rows: Iterable[Any] = ()) -> None:
        self._clock = clock
        self._last: dict[tuple[str, str], int] = {}
        self._nameless: set[tuple[str, int, int, UUID]] = set()
        for context, key, seq, version, topic, partition, offset, id_ in rows:
            self._last[context, key] = max(seq, self._last.get((context, key), 0))
            if version == 0:
                self._nameless.add((topic, partition, offset, id_))

    def blocks(self, message: ConsumerRecord) -> bool:
        return (context_of(message), key_of(message)) in self._last

    def has(self, message: ConsumerRecord) -> bool:
        """Whether this very record, which no head could remember, is parked already."""
        at = (message.topic, message.partition, message.offset, fence_id(message))
        return at in self._nameless

    def put(self, message: ConsumerRecord, who: Identity | None, reason: str) -> Parked:
        """The row for this record; its key is blocked from now on."""
        context, key = context_of(message), key_of(message)
        seq = self._last.get((context, key), 0) + 1
        self._last[context, key] = seq
        headers = [
            [without_nul(name), without_nul((value or b"").decode(errors="replace"))]
            for name, value in message.headers
        ]
        if who is None:
            at = (message.topic, message.partition, message.offset, fence_id(message))
            self._nameless.add(at)
        return Parked(
            context=context,
            key=key,
            seq=seq,
            subject="" if who is None else who.subject,
            version=0 if who is None else who.version,
            id=fence_id(message),
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            headers=orjson.dumps(headers).decode(),
            value=message.value or b"",
            reason=without_nul(reason)[:2000],
            attempts=1,
            parked_at=self._clock(),
        )
