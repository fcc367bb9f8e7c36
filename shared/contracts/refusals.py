"""Why a command is refused: a stable code, a sentence in two languages, and what to do next.

Sentences are templates over the facts given to `Refused`; a code is public and never reused.
"""

from collections.abc import Mapping
from dataclasses import dataclass


class Refused(Exception):
    """A command was understood and is not allowed; nothing has changed."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a person is told; `status` is the HTTP status it travels under."""

    status: int
    zh: str
    en: str
    next_zh: str
    next_en: str


REFUSALS: Mapping[str, Refusal] = {}
