"""What one look at the house comes to: one line, in two languages, with what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["well", "wrong", "away", "skipped"]
NAMED = 20
"""How many of a kind are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is its stable name, `facts` what was counted and what exactly differs."""

    check: str
    state: State
    zh: str
    en: str
    do_zh: str = ""
    do_en: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


def well(check: str, zh: str, en: str, **facts: object) -> Finding:
    return Finding(check, "well", zh, en, facts=facts)


def wrong(check: str, said: tuple[str, str], do: tuple[str, str], **facts: object) -> Finding:
    return Finding(check, "wrong", *said, *do, facts=facts)


def skipped(check: str, zh: str, en: str) -> Finding:
    return Finding(check, "skipped", zh, en)


def away(check: str, what: str, error: BaseException) -> Finding:
    return Finding(
        check,
        "away",
        f"{what} 没有应答（{type(error).__name__}: {error}）",
        f"{what} did not answer ({type(error).__name__}: {error})",
        "请恢复后重试",
        "Bring it back and ask again",
    )


def listed(names: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    found = list(names)
    more = f" (+{len(found) - NAMED})" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more
