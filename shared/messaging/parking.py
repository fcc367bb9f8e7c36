"""What cannot be applied is put aside with all its bytes, and what follows it under its key too."""

from collections.abc import Iterable
from typing import Any

import orjson
from aiokafka import ConsumerRecord

from shared.clock import Clock
from shared.events.envelope import Identity
from shared.messaging.follow import fence_id
from shared.store.batch import Parked

BEHIND = "behind a parked event of its key"
LOAD = "SELECT context, key, max(seq) FROM parked GROUP BY context, key"


def context_of(message: ConsumerRecord) -> str:
    """`fuyan.<context>.v1`"""
    return str(message.topic.split(".")[1])


def key_of(message: ConsumerRecord) -> str:
    return (message.key or b"").decode(errors="replace")


class Parking:
    """Which keys are blocked, and at what place in their line the next record goes."""

    def __init__(self, clock: Clock, rows: Iterable[Any] = ()) -> None:
        self._clock = clock
        self._last: dict[tuple[str, str], int] = {(row[0], row[1]): row[2] for row in rows}

    def blocks(self, message: ConsumerRecord) -> bool:
        return (context_of(message), key_of(message)) in self._last

    def put(self, message: ConsumerRecord, who: Identity | None, reason: str) -> Parked:
        """The row for this record; its key is blocked from now on."""
        context, key = context_of(message), key_of(message)
        seq = self._last.get((context, key), 0) + 1
        self._last[context, key] = seq
        headers = [[name, value.decode(errors="replace")] for name, value in message.headers]
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
            # PostgreSQL's text holds no NUL, and a reason may quote one.
            reason=reason.replace("\x00", "␀")[:2000],
            attempts=1,
            parked_at=self._clock(),
        )
