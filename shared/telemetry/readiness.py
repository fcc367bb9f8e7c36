"""Whether a process may be asked, and what it misses: what a probe is told."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Readiness:
    """`reasons` why this process cannot serve; `degraded`: why it serves less well than it should.

    About this process only: Kafka away or far behind is `degraded`, for commands do not need it.
    """

    ready: bool
    reasons: list[str] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)
