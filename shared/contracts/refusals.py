"""Why a command is refused: a stable code, a sentence in two languages, and what to do next.

Sentences are templates over the facts given to `Refused`; a code is public and never reused.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path


class Refused(Exception):
    """A command was understood and is not allowed; nothing has changed."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


def not_before(on: date, earliest_on: date) -> None:
    """Refused("effective-day-too-early") where an event would precede the one it depends on."""
    if on < earliest_on:
        raise Refused("effective-day-too-early", effective_on=on, earliest_on=earliest_on)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a person is told; `status` is the HTTP status it travels under."""

    status: int
    zh: str
    en: str
    next_zh: str
    next_en: str


def _catalogue() -> Mapping[str, Refusal]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {code: Refusal(**entry) for code, entry in tomllib.loads(text).items()}


REFUSALS = _catalogue()
"""Every refusal by its code; the sentences stand in `refusals.toml`, for people to read."""
