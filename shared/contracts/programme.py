"""What a programme announces on `fuyan.programme.v1`: its definition, whole, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from shared.contracts.blocks import Document, Nature, OfProgramme, StandardRef

AchievedBy = Literal["preliminary-passed", "city-passed", "title-awarded"]
Method = Literal["all-or-nothing", "deduct", "ratio-tiers", "capped-bonus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A bureau or office by its id, with the name it bears on that day."""

    organisation: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of the programme; both days belong to it, and no `from_on` means from the start."""

    code: str
    name: str
    to_on: date
    applications_open: bool
    from_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What shall be reached by `due_on`, by whom, and what counts as reaching it."""

    code: str
    name: str
    due_on: date
    members: Literal["committed", "all"]
    achieved_by: AchievedBy
    strength: Literal["aspire", "require"]
    freeze_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesRef:
    """A version of the ranking, risk, reward or deadline rules."""

    kind: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A chapter of the standard; shares are minimums a grade needs."""

    code: str
    name: str
    max_cp: int
    min_share_bp: int | None = None
    demonstration_min_share_bp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """From this share on (inclusive) the item scores this mark."""

    at_least_bp: int
    mark_cp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What a method takes: `per_miss_cp` deduct, `tiers` ratio-tiers, `per_unit_cp` bonus."""

    per_miss_cp: int | None = None
    tiers: tuple[Tier, ...] | None = None
    per_unit_cp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the scoring table."""

    code: str
    category: str
    name: str
    criterion: str
    method: Method
    params: Params
    max_cp: int
    nature: Nature
    na_allowed: bool = False
    key_min_cp: int | None = None
    evidence_hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """Fails while `item` is marked below `below_cp`, or while the named fact is stated."""

    item: str | None = None
    below_cp: int | None = None
    fact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition beside the points."""

    code: str
    kind: Literal["prerequisite", "veto", "demonstration"]
    name: str
    rule: GateRule


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardChange:
    """What a new version changed in one item, in words."""

    item: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(OfProgramme):
    """A programme exists, with its phases, targets and rules."""

    name_zh: str
    name_en: str
    district: Organisation
    city: Organisation
    basis: tuple[Document, ...]
    rehearsal: bool
    phases: tuple[Phase, ...]
    targets: tuple[Target, ...]
    standard: StandardRef
    rules: tuple[RulesRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPublished(OfProgramme):
    """A version of the standard, whole; applications are pinned to the one in force."""

    standard: StandardRef
    title: str
    illustrative: bool
    in_force_on: date
    total_cp: int
    pass_cp: int
    demonstration_cp: int
    categories: tuple[Category, ...]
    items: tuple[Item, ...]
    gates: tuple[Gate, ...]
    previous_version: int | None = None
    changes: tuple[StandardChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPublished(OfProgramme):
    """A version of one kind of rules: `ranking`, `risk`, `reward` or `deadlines`."""

    kind: str
    version: int
    digest: str
    rules: Mapping[str, Any]
    in_force_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished(OfProgramme):
    """A year's days off and worked weekends, as known on that day."""

    year: int
    holidays: tuple[date, ...]
    worked_weekends: tuple[date, ...]
    provisional: bool
    source: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnnounced(OfProgramme):
    """Offices may apply together between two days, both included."""

    batch: str
    name: str
    opens_on: date
    closes_on: date
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TownshipEnrolled(OfProgramme):
    """A township takes part, with its safety office and its government."""

    township: str
    name: str
    kind: Literal["town", "subdistrict"]
    office: str
    office_name: str
    government: str
    government_name: str
    enrolled_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TownshipWithdrawn(OfProgramme):
    """A township takes part no longer."""

    township: str
    township_name: str
    office: str
    withdrawn_on: date
    reason: str
    successor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one day to another, both included; no `from_on` means from the start."""

    to_on: date
    from_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseRescheduled(OfProgramme):
    """A phase has other days than before."""

    phase: str
    from_on: date | None
    to_on: date
    previous: Span
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRescheduled(OfProgramme):
    """A target is due on another day; that is only possible until the old one has passed."""

    target: str
    due_on: date
    previous_due_on: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRenamed(OfProgramme):
    """From `from_on` an organisation bears another name, and may have taken another's place.

    Papers of earlier days keep the earlier name. `successor_of` is the organisation whose part in
    this programme it takes over (安监局 to 应急管理局); `document_prefix` is the 发文字号 it uses.
    """

    organisation: str
    name: str
    previous_name: str
    from_on: date
    document_prefix: str | None = None
    successor_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Up to where a partition had been read, exclusive."""

    topic: str
    partition: int
    next_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualRow:
    """What one township is given for the year; `priority` is 优先考虑."""

    township: str
    points_cp: int
    rank: int | None = None
    priority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualAssessmentIssued(OfProgramme):
    """The year's assessment sheet (年度目标考核) was signed.

    `figures_digest` is the SHA-256 of the figures it was drafted from. A later sheet of the same
    year replaces the one whose digest it names in `replaces_digest`.
    """

    year: int
    figures_digest: str
    as_of_on: date
    known_at: datetime
    cut: tuple[Cut, ...]
    rules: tuple[RulesRef, ...]
    rows: tuple[AnnualRow, ...]
    signed_by: str
    replaces_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(OfProgramme):
    """The programme is over."""

    closed_on: date
    achieved: int
    members: int
    reason: str | None = None


ProgrammeEvent = (
    Opened
    | StandardPublished
    | RulesPublished
    | CalendarPublished
    | BatchAnnounced
    | TownshipEnrolled
    | TownshipWithdrawn
    | PhaseRescheduled
    | TargetRescheduled
    | OrganisationRenamed
    | AnnualAssessmentIssued
    | Closed
)

EVENTS: Mapping[str, type[ProgrammeEvent]] = {
    "fuyan.programme.opened.v1": Opened,
    "fuyan.programme.standard-published.v1": StandardPublished,
    "fuyan.programme.rules-published.v1": RulesPublished,
    "fuyan.programme.calendar-published.v1": CalendarPublished,
    "fuyan.programme.batch-announced.v1": BatchAnnounced,
    "fuyan.programme.township-enrolled.v1": TownshipEnrolled,
    "fuyan.programme.township-withdrawn.v1": TownshipWithdrawn,
    "fuyan.programme.phase-rescheduled.v1": PhaseRescheduled,
    "fuyan.programme.target-rescheduled.v1": TargetRescheduled,
    "fuyan.programme.organisation-renamed.v1": OrganisationRenamed,
    "fuyan.programme.annual-assessment-issued.v1": AnnualAssessmentIssued,
    "fuyan.programme.closed.v1": Closed,
}
