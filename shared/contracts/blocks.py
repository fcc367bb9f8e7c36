"""The pieces that events share: who and where, documents, evidence, marks and totals.

Integers carry their unit in the name: `_cp` 1/100 point, `_bp` 1/10 000, `_fen` 1/100 yuan,
`_wd` working days; `_on` is a civil day in Asia/Shanghai, `_at` an instant. `None` travels as null.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal, Required, TypedDict

Nature = Literal["hardware", "software"]
Grade = Literal["none", "compliant", "demonstration"]
Title = Literal["compliant", "demonstration"]
FoundBy = Literal["self", "district", "city"]
Level = Literal["district", "city"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An official paper an event rests on; `number` as printed, e.g. 山安监发〔2018〕8号.

    What is not known of it, its day too, stays null: nothing official is ever made up.
    """

    title: str
    issued_on: date | None = None
    number: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file, by name, hash and size; its content stays in the service that holds it."""

    sha256: str
    name: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardRef:
    """The scoring table something is pinned to; `digest` is its SHA-256 in hex."""

    code: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one item scores, by one hand; `measure` is the decimal number counted, as text."""

    item: str
    applicable: bool = True
    mark_cp: int
    max_cp: int
    measure: str | None = None
    unit: str | None = None
    reason: str | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedMark(Mark):
    """What the team agreed for an item, beside the office's own mark and the spread of theirs."""

    self_cp: int | None
    low_cp: int
    high_cp: int
    marked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryTotal:
    """One category, unscaled; `share_bp` is null where nothing in it applies."""

    category: str
    total_cp: int
    max_cp: int
    share_bp: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What marks add up to under one standard (rules 2-7), computed by the server, never sent."""

    raw_cp: int
    applicable_max_cp: int
    bonus_cp: int
    total_cp: int
    out_of_cp: int
    by_category: tuple[CategoryTotal, ...]
    vetoes: tuple[str, ...]
    failed_gates: tuple[str, ...]
    not_applicable: tuple[str, ...]
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of a decision, by code, for an item where it is about one."""

    code: str
    text: str
    item: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfProgramme:
    """What every event says: its programme, the civil day it happened, why it is back-dated."""

    programme: str
    effective_on: date
    backdated_reason: str | None = None
    document: Document | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTownship(OfProgramme):
    """The township by its division code, its name as printed that day, and its safety office."""

    township: str
    township_name: str
    office: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase(OfTownship):
    """The review of one application; `case_id` is the stream's subject."""

    case_id: str
    application_id: str
    round: int
    batch: str | None = None


class ProgrammeSite(TypedDict, total=False):
    """The block of a programme event, to be unpacked into it."""

    programme: Required[str]
    effective_on: Required[date]
    backdated_reason: str | None
    document: Document | None


class TownshipSite(ProgrammeSite):
    """The block of a dossier event, to be unpacked into it."""

    township: str
    township_name: str
    office: str


class CaseSite(TownshipSite):
    """The block of a case event, to be unpacked into it."""

    case_id: str
    application_id: str
    round: int
    batch: str | None
