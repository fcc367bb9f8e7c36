"""Who asks for what, and under which key: all that a log needs to know of a command."""

from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of another service on which a command builds: `<context>/<subject>@<version>`."""

    context: str
    subject: str
    version: int

    def __str__(self) -> str:
        return f"{self.context}/{self.subject}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One wish, named by its key: the same key has at most one effect, for ever.

    `key` is unique in a store (over HTTP it is `<organisation>:<officer>/<Idempotency-Key>`),
    `fingerprint` the SHA-256 of what was asked, `actor` is `<organisation>:<officer id>`.
    `expected` is the stream version the caller has seen (`If-Match`), if it must still hold.
    `on_behalf_of` is the organisation for which the actor acts, where the record knows that it
    does; nobody says so of themselves.
    """

    key: str
    fingerprint: bytes
    actor: str
    correlation: UUID
    causation: UUID | None = None
    on_behalf_of: str | None = None
    expected: int | None = None
    after: tuple[Heard, ...] = field(default=())
    traceparent: str | None = None
    digest: bytes = field(init=False, repr=False)
    """SHA-256 of the key: what the store keeps of it, and the event says of it (`ce_command`)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha256(self.key.encode()).digest())
