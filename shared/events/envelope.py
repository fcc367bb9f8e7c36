"""The envelope of an event: CloudEvents 1.0 in Kafka's binary mode, and the leaf that seals it.

`leaf = SHA-256(0x00 ‖ listed headers ‖ datahash)` with `datahash = SHA-256(salt ‖ data)`; each
header of `SEALED`, in that order, as four bytes of length (big endian) and its UTF-8 value, an
absent one as length 0. The salt lives and dies with the data: of an event that was erased by law
the datahash is all that is left, its value is empty, and its leaf can still be checked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from shared.clock import SHANGHAI, civil_day
from shared.contracts.registry import CONTEXTS

SEALED = (
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_subject",
    "ce_streamversion",
    "ce_position",
    "ce_time",
    "ce_recordedtime",
    "ce_partitionkey",
    "ce_correlationid",
    "ce_causationid",
    "ce_actor",
    "ce_onbehalfof",
    "ce_command",
)
_TEXT = frozenset({*SEALED, "traceparent"})
_ON_BEHALF_OF = SEALED.index("ce_onbehalfof")
Headers = list[tuple[str, bytes]]


class Malformed(Exception):
    """A record whose headers are not those of an event of ours."""


class Record(NamedTuple):
    """An event as a log holds it, in the order of its columns; `data` is the published bytes.

    Once it is erased, `data` is empty and `salt` holds the datahash, wherever the record is kept.
    A tuple, for a log makes tens of thousands a second, and a frozen dataclass costs six times it.
    """

    position: int
    context: str
    subject: str
    version: int
    id: UUID
    type: str
    effective_on: date
    effective_at: datetime
    recorded_at: datetime
    actor: str
    on_behalf_of: str | None
    correlation: UUID
    causation: UUID
    command: bytes
    traceparent: str | None
    data: bytes
    salt: bytes
    leaf: bytes

    @property
    def key(self) -> str:
        """The Kafka key: records of one key keep their order."""
        return CONTEXTS[self.context].key(self.subject)

    @property
    def erased(self) -> bool:
        """Whether its data had to go; no event's data are empty otherwise."""
        return not self.data

    @property
    def datahash(self) -> bytes:
        """What its leaf says of the data, also of data that are gone."""
        return self.salt if self.erased else sha256(self.salt + self.data).digest()


@lru_cache(maxsize=1024)  # a batch is recorded at one instant
def instant(moment: datetime) -> bytes:
    """RFC 3339 in UTC, e.g. `2018-09-05T01:00:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


def noon(day: date) -> datetime:
    """The instant a back-dated day stands for: noon in Shanghai, where no zone can move the day."""
    return datetime.combine(day, time(12), tzinfo=SHANGHAI)


def seal(headers: Mapping[str, bytes], datahash: bytes) -> bytes:
    """The leaf of an event with these headers and this salted hash of its data."""
    return leaf((headers.get(name, b"") for name in SEALED), datahash)


def leaf(values: Iterable[bytes], datahash: bytes) -> bytes:
    """The leaf over the values of `SEALED`, in that order."""
    parts = [b"\x00"]
    for value in values:
        parts += (len(value).to_bytes(4), value)
    parts.append(datahash)
    return sha256(b"".join(parts)).digest()


def sealed(record: Record, installation: str) -> tuple[bytes, ...]:
    """The values of `SEALED` for a record, as they travel; an absent one is empty."""
    return (
        b"1.0",
        str(record.id).encode(),
        f"/fuyan/{installation}/{record.context}".encode(),
        record.type.encode(),
        record.subject.encode(),
        b"%d" % record.version,
        b"%d" % record.position,
        instant(record.effective_at),
        instant(record.recorded_at),
        record.key.encode(),
        str(record.correlation).encode(),
        str(record.causation).encode(),
        record.actor.encode(),
        (record.on_behalf_of or "").encode(),
        record.command.hex().encode(),
    )


def to_headers(record: Record, installation: str, contracts_url: str) -> Headers:
    """All headers of a record on its topic; its JSON Schema is at `<contracts_url>/<type>`."""
    values = sealed(record, installation)
    headers = list(zip(SEALED, values, strict=True))
    if not record.on_behalf_of:  # the only one that may be absent
        del headers[_ON_BEHALF_OF]
    headers += (
        ("ce_leaf", record.leaf.hex().encode()),
        ("ce_datahash" if record.erased else "ce_salt", record.salt.hex().encode()),
        ("ce_dataschema", f"{contracts_url}/{record.type}".encode()),
        ("content-type", b"application/json"),
    )
    if record.traceparent is not None:
        headers.append(("traceparent", record.traceparent.encode()))
    return headers


@dataclass(frozen=True, slots=True)
class Identity:
    """What a follower needs before it looks at the value at all."""

    context: str
    subject: str
    version: int
    id: UUID
    type: str


def identity(headers: Iterable[tuple[str, bytes]]) -> Identity:
    """Who a received record says it is; raises Malformed, also for what no database could hold."""
    found = dict(headers)
    try:
        for name, value in found.items():
            if name in _TEXT and b"\x00" in value:
                raise Malformed(f"{name} holds a NUL")
        who = Identity(
            context=found["ce_source"].decode().rsplit("/", 1)[1],
            subject=found["ce_subject"].decode(),
            version=int(found["ce_streamversion"]),
            id=UUID(found["ce_id"].decode()),
            type=found["ce_type"].decode(),
        )
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error
    if not 0 < who.version < 2**31:
        raise Malformed(f"ce_streamversion {who.version}")
    context = CONTEXTS.get(who.context)
    if context is not None and not context.addresses(who.subject):
        raise Malformed(f"{who.subject!r} is no subject of {who.context}")
    return who


def from_kafka(
    headers: Iterable[tuple[str, bytes]], data: bytes, effective_on: date | None
) -> Record:
    """The record as its log holds it, read back from its topic; raises Malformed.

    The civil day stands in the data; where nobody can read that, it is cut from the instant. An
    empty value is an erased one's, and must come with its datahash.
    """
    found = dict(headers)
    try:
        who = identity(found.items())
        behalf = found.get("ce_onbehalfof")
        trace = found.get("traceparent")
        effective_at = datetime.fromisoformat(found["ce_time"].decode())
        position = int(found["ce_position"])
        if not 0 < position < 2**63:
            raise Malformed(f"ce_position {position}")
        return Record(
            position=position,
            context=who.context,
            subject=who.subject,
            version=who.version,
            id=who.id,
            type=who.type,
            effective_on=effective_on or civil_day(effective_at),
            effective_at=effective_at,
            recorded_at=datetime.fromisoformat(found["ce_recordedtime"].decode()),
            actor=found["ce_actor"].decode(),
            on_behalf_of=behalf.decode() if behalf is not None else None,
            correlation=UUID(found["ce_correlationid"].decode()),
            causation=UUID(found["ce_causationid"].decode()),
            command=bytes.fromhex(found["ce_command"].decode()),
            traceparent=trace.decode() if trace is not None else None,
            data=data,
            salt=bytes.fromhex(found["ce_salt" if data else "ce_datahash"].decode()),
            leaf=bytes.fromhex(found["ce_leaf"].decode()),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error
