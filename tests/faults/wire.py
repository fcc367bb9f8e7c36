"""As much of PostgreSQL's protocol as it takes to see which statement runs on a link, and its end.

Clients of ours prepare a statement once and name it from then on, so the names are remembered.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_HEADERLESS = frozenset({80877102, 80877103, 80877104, 196608, 196610})
"""Codes of the messages before a session begins: cancel, TLS, GSS, and the start itself."""


@dataclass(slots=True)
class Statements:
    """What one client has prepared, and what it runs now."""

    _texts: dict[bytes, bytes] = field(default_factory=dict)
    _now: bytes = b""
    _forth: bytearray = field(default_factory=bytearray)
    _back: bytearray = field(default_factory=bytearray)

    def asked(self, data: bytes) -> None:
        """What the client sent."""
        self._forth += data
        for kind, body in _messages(self._forth):
            match kind:
                case b"P":
                    name, text = body.split(b"\0", 2)[:2]
                    self._texts[name] = text
                case b"B":
                    self._now = self._texts.get(body.split(b"\0", 2)[1], b"")
                case b"Q":
                    self._now = body

    def running(self, part: bytes) -> bool:
        """Whether the statement that was bound last contains this."""
        return part in self._now

    def completed(self, data: bytes) -> bool:
        """Whether the server, with this, says that a statement was done."""
        self._back += data
        return any(kind == b"C" for kind, _ in _messages(self._back))


def _messages(buffer: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """The whole messages at the beginning of a buffer, taken out of it."""
    while len(buffer) >= 8:
        headerless = int.from_bytes(buffer[4:8]) in _HEADERLESS and buffer[0] == 0
        start = 0 if headerless else 1
        end = start + int.from_bytes(buffer[start : start + 4])
        if len(buffer) < end:
            return
        message = bytes(buffer[:end])
        del buffer[:end]
        if not headerless:
            yield message[:1], message[5:]
