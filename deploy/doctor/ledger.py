"""Two tellings of the same events, compared event by event in sixteen bytes each."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from shared.events.envelope import Record, leaf, sealed

Place = tuple[str, int]
"""Subject and version, within one context."""
_SIZE = 16
_NOTHING = bytes(_SIZE)
LATER_AT_MOST = 100_000


def print_of(subject: str, version: int, *parts: bytes) -> bytes:
    """What stands for an event."""
    return blake2b(
        b"\0".join((subject.encode(), b"%d" % version, *parts)), digest_size=_SIZE
    ).digest()


def print_of_record(record: Record) -> bytes:
    """Of subject, version, id and leaf: the leaf binds all the rest."""
    return print_of(record.subject, record.version, record.id.bytes, record.leaf)


def sound(record: Record, installation: str) -> bool:
    """Whether its leaf is that of its own headers and data."""
    return leaf(sealed(record, installation), record.datahash) == record.leaf


@dataclass(slots=True)
class Told:
    """What a context's log says, up to where it was read."""

    streams: dict[str, bytearray] = field(default_factory=dict)
    count: int = 0
    total: int = 0
    gaps: list[Place] = field(default_factory=list)

    def put(self, subject: str, version: int, mark: bytes) -> None:
        marks = self.streams.setdefault(subject, bytearray())
        known = len(marks) // _SIZE
        if version != known + 1:
            self.gaps.append((subject, known + 1))
        marks.extend(_NOTHING * (version - 1 - known))
        marks[(version - 1) * _SIZE : version * _SIZE] = mark
        self.count += 1
        self.total += int.from_bytes(mark)

    def of(self, subject: str, version: int) -> bytes | None:
        """None where it says nothing of that event."""
        marks = self.streams.get(subject, b"")
        mark = bytes(marks[(version - 1) * _SIZE : version * _SIZE])
        return mark if mark and mark != _NOTHING else None

    def places(self) -> Iterator[Place]:
        for subject, marks in self.streams.items():
            for version in range(1, len(marks) // _SIZE + 1):
                if marks[(version - 1) * _SIZE : version * _SIZE] != _NOTHING:
                    yield subject, version


@dataclass(slots=True)
class Copy:
    """How another telling compares with it; a repeat is no difference, another event is."""

    told: Told
    seen: dict[str, bytearray] = field(default_factory=dict)
    count: int = 0
    total: int = 0
    altered: list[Place] = field(default_factory=list)
    """Their own leaf or print says that they were changed."""
    other: list[Place] = field(default_factory=list)
    early: list[Place] = field(default_factory=list)
    """First appearances before their predecessor's."""
    later: dict[Place, bytes] = field(default_factory=dict)
    """What the log had not said when it was read: it is asked again."""

    def take(self, subject: str, version: int, mark: bytes, *, sound: bool = True) -> None:
        expected = self.told.of(subject, version)
        if expected is None:
            if len(self.later) < LATER_AT_MOST:
                self.later.setdefault((subject, version), mark)
            return
        flags = self.seen.setdefault(subject, bytearray(len(self.told.streams[subject]) // _SIZE))
        if not sound:
            self.altered.append((subject, version))
        elif mark != expected:
            self.other.append((subject, version))
        if flags[version - 1]:
            return
        if version > 1 and not flags[version - 2] and self.told.of(subject, version - 1):
            self.early.append((subject, version))
        flags[version - 1] = 1
        self.count += 1
        self.total += int.from_bytes(mark)

    def missing(self, excused: Collection[Place] = ()) -> list[Place]:
        """What the log says and this telling does not."""
        if self.count == self.told.count:
            return []
        return [
            (subject, version)
            for subject, version in self.told.places()
            if not self.seen.get(subject, b"\0" * version)[version - 1]
            and (subject, version) not in excused
        ]


def shown(total: int) -> str:
    """A sum of prints, as people compare it."""
    return f"{total % 2**64:016x}"
