"""What cannot be applied is put aside with all its bytes, and what follows it under its key too."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

import orjson
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from shared.clock import Clock
from shared.contracts.registry import CONTEXTS
from shared.events.envelope import Identity
from shared.messaging.follow import Fences, Heads, Place, Stopped, context_of, fence_id, place
from shared.store.batch import Parked, Unparked
from shared.store.command import Heard
from shared.telemetry.metrics import PARKED_KEYS, PARKED_RECORDS

BEHIND = "behind a parked event of its key"
LOAD = (
    'SELECT context, key, seq, subject, version, topic, partition, "offset", id, reason'
    " FROM parked ORDER BY context, key, seq"
)
LOAD_DISCARDED = "SELECT context, subject, version FROM discarded WHERE version > 0"
# So many of so many records that fail by themselves are no poison any more: the image is wrong,
# or its data, and parking would go on through a whole district.
MOST_FAILURES = 20
LAST_RECORDS = 50

Key = tuple[str, str]
"""Context and partition key: what one poison record holds up."""


def key_of(message: ConsumerRecord, who: Identity | None) -> str:
    """The line that a record stands in: its subject's, or where it has none that of its bytes."""
    if who is not None:
        return key_of_subject(who)
    return without_nul((message.key or b"").decode(errors="replace"))


def key_of_subject(who: Identity) -> str:
    return CONTEXTS[who.context].key(who.subject)


def without_nul(text: str) -> str:
    """PostgreSQL's text holds no NUL, and poison may."""
    return text.replace("\x00", "␀")


def why(error: Exception) -> str:
    """What is wrong, in words that quote no value: reasons are shown where content is not."""
    if not isinstance(error, ValidationError):
        return without_nul(f"{type(error).__name__}: {error}")[:2000]
    found = error.errors(include_url=False, include_context=False, include_input=False)
    told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
    return without_nul(f"{type(error).__name__}: {told}")[:2000]


def packed(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """Headers as JSON that a database can hold, and `unpacked` gives back byte by byte."""
    return orjson.dumps(
        [[_packed(name.encode()), _packed(value)] for name, value in headers]
    ).decode()


def unpacked(headers: str) -> tuple[tuple[str, bytes | None], ...]:
    """The headers behind `packed`."""
    return tuple(
        ((_unpacked(name) or b"").decode(), _unpacked(value))
        for name, value in orjson.loads(headers)
    )


def _packed(value: bytes | None) -> object:
    if value is None:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return {"hex": value.hex()}
    return {"hex": value.hex()} if "\x00" in text else text


def _unpacked(value: Any) -> bytes | None:
    if value is None:
        return None
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else str(value).encode()


class OutOfOrder(Exception):
    """A record cannot be followed before another one; its text names which."""


class Waiting(NamedTuple):
    """A record in a line; `at` names one that no head remembers."""

    subject: str
    version: int
    at: tuple[str, int, int, UUID]


class Parking:
    """Which keys are blocked, and who stands where in their lines."""

    def __init__(self, service: str, clock: Clock, degraded: dict[str, str]) -> None:
        self._service = service
        self._clock = clock
        self._degraded = degraded
        self._lines: dict[Key, dict[int, Waiting]] = {}
        self._records = 0
        self._nameless: set[tuple[str, int, int, UUID]] = set()
        self._discarded: set[tuple[str, str, int]] = set()
        self._last: deque[tuple[Key, int] | None] = deque(maxlen=LAST_RECORDS)
        self._locks: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    def remember(
        self, rows: Iterable[Any], discarded: Iterable[Any] = (), fences: Fences | None = None
    ) -> None:
        """What was parked before; of the last records of a partition, as failures of late."""
        for context, key, seq, subject, version, topic, partition, offset, id_, reason in rows:
            self._wait(
                (context, key), seq, Waiting(subject, version, (topic, partition, offset, id_))
            )
            next_offset, _ = (fences or {}).get((topic, partition), (0, None))
            if reason != BEHIND and offset >= next_offset - LAST_RECORDS:
                self._last.append(((context, key), seq))
        self._discarded = {(context, subject, version) for context, subject, version in discarded}
        self._tell()

    def line(self, key: Key) -> asyncio.Lock:
        """Held by whoever lets a record into this line, or out of it, until that is committed.

        Without it a live record could see the key blocked, the last one before it leave, and then
        stand in a line that nobody serves any more.
        """
        return self._locks.setdefault(key, asyncio.Lock())

    def blocks(self, key: Key) -> bool:
        return key in self._lines

    def has(self, message: ConsumerRecord) -> bool:
        """Whether this very record, which no head could remember, is parked already."""
        return _at(message) in self._nameless

    def holds(self, heard: Heard, known: int) -> bool:
        """Whether this event waits here, was given up, or will wait once it comes.

        `known` is the version up to which its stream was followed.
        """
        if (heard.context, heard.subject, heard.version) in self._discarded:
            return True
        key = (heard.context, CONTEXTS[heard.context].key(heard.subject))
        if key not in self._lines:
            return False
        return heard.version > known or any(
            one.subject == heard.subject and one.version <= heard.version
            for one in self._lines[key].values()
        )

    def is_next(self, heads: Heads, who: Identity, at: Unparked) -> bool:
        """Whether a record that had no name when it was parked follows the head of its stream.

        False for one that was followed by its name since. Raises Fork, and OutOfOrder where one
        before it is still to come.
        """
        where = place(heads, who)
        other = (who.context, key_of_subject(who))
        if where is Place.BEYOND or (other != at[:2] and self.blocks(other)):
            raise OutOfOrder(f"what stands before {who.context}/{who.subject}@{who.version}")
        return where is Place.NEXT

    def went_well(self) -> None:
        """A record was applied, or is none of our business."""
        self._last.append(None)

    def put(self, message: ConsumerRecord, who: Identity | None, reason: str) -> Parked:
        """The row for this record; its key is blocked from now on.

        Raises Stopped where so many failed of late that this is no matter of single records.
        """
        key = (context_of(message), key_of(message, who))
        seq = next(reversed(self._lines.get(key, {})), 0) + 1
        if reason != BEHIND:
            self._check(reason)
            self._last.append((key, seq))
        subject, version = ("", 0) if who is None else (who.subject, who.version)
        self._wait(key, seq, Waiting(subject, version, _at(message)))
        self._tell()
        return Parked(
            context=key[0],
            key=key[1],
            seq=seq,
            subject=subject,
            version=version,
            id=fence_id(message),
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            headers=packed(message.headers),
            value=message.value or b"",
            reason=without_nul(reason)[:2000],
            attempts=1,
            parked_at=self._clock(),
        )

    def unsure(self, message: ConsumerRecord) -> None:
        """Nobody knows whether it was put aside: it comes again, and then rather twice than not."""
        self._nameless.discard(_at(message))

    def left(self, key: Key, seq: int) -> None:
        """A record is in its line no more; the key is free again after the last one."""
        line = self._lines[key]
        self._nameless.discard(line.pop(seq).at)
        self._records -= 1
        if not line:
            del self._lines[key]
        self._last = deque(
            (None if one == (key, seq) else one for one in self._last), maxlen=LAST_RECORDS
        )
        self._tell()

    def gave_up(self, key: Key, seq: int) -> None:
        """A record left its line without effect."""
        one = self._lines[key][seq]
        if one.version:
            self._discarded.add((key[0], one.subject, one.version))
        self.left(key, seq)

    def is_free(self, key: Key) -> None:
        """Nobody stands in this line."""
        for seq in tuple(self._lines.get(key, ())):
            self.left(key, seq)

    def over(self) -> None:
        """Another process may count now; two would count all twice."""
        PARKED_KEYS.labels(self._service).set(0)
        PARKED_RECORDS.labels(self._service).set(0)

    def _wait(self, key: Key, seq: int, waiting: Waiting) -> None:
        self._lines.setdefault(key, {})[seq] = waiting
        self._records += 1
        if not waiting.version:
            self._nameless.add(waiting.at)

    def _check(self, reason: str) -> None:
        failed = sum(one is not None for one in self._last)
        if failed >= MOST_FAILURES:
            raise Stopped(
                f"{failed} of the last {len(self._last)} records could not be applied, nor the next"
                f" ({reason[:300]}): the image or the data is at fault, not one record. See"
                f" `fuyan dead-letters list {self._service}`, then upgrade or repair and redrive,"
                " or discard; it goes on by itself"
            )

    def _tell(self) -> None:
        keys = len(self._lines)
        PARKED_KEYS.labels(self._service).set(keys)
        PARKED_RECORDS.labels(self._service).set(self._records)
        if keys:
            self._degraded["dead letters"] = (
                f"{keys} keys parked, {self._records} records: "
                f"fuyan dead-letters list {self._service}"
            )
        else:
            self._degraded.pop("dead letters", None)


def _at(message: ConsumerRecord) -> tuple[str, int, int, UUID]:
    return message.topic, message.partition, message.offset, fence_id(message)
