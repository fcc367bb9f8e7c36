"""What clients were told, written down by the clients: the only witness that is not our code."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

Place = tuple[str, str, int]
"""(context, subject, version)"""


@dataclass(slots=True, kw_only=True)
class Wish:
    """One command as its client sees it, over all the times it was sent.

    `status` is 0 until somebody answered for certain. `expected` is the version in `If-Match`.
    """

    digest: bytes
    what: str
    context: str
    expected: int | None = None
    sent: int = 0
    unsure: int = 0
    """How often nobody could say whether it was done."""
    status: int = 0
    code: str = ""
    answers: list[tuple[str, int, int]] = field(default_factory=list)
    """Stream, version and position, each time it was acknowledged."""

    @property
    def acknowledged(self) -> bool:
        return bool(self.answers)

    @property
    def refused(self) -> bool:
        return bool(self.code) and not self.answers

    def heard(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        if status < 300:
            self.answers.append((body["stream"], body["version"], body["position"]))
        else:
            self.code = str(body.get("code", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One answer of the read model, in the order in which one observer got it.

    `asked` is the event that the answer had to contain (`at_least`); `shown` is what it said.
    """

    observer: str
    programme: str
    township: str
    asked: Place
    position: int
    shown: dict[str, Any]


def digest_of(organisation: str, officer: str, key: str) -> bytes:
    """How a store names this command for ever."""
    return sha256(f"{organisation}:{officer}/{key}".encode()).digest()
