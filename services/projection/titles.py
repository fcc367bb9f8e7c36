"""The register of titles, for whoever gives their holders preference (优先考虑): pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Literal

from services.projection.happenings import event_names
from services.projection.models.case import CaseProgress
from services.projection.models.title import HeldTitle
from services.projection.picture import Picture, Township
from services.projection.stage import Stage
from shared.contracts.blocks import Title

State = Literal["in-force", "expired", "replaced", "revoked"]
STATES: tuple[State, ...] = ("in-force", "expired", "replaced", "revoked")


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRight:
    """A field of the entry that was written wrongly, and since when the right one holds."""

    on: date
    field: str
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A title as it reads now; `former_numbers` stay taken for ever.

    It is valid until the end of `valid_until_on`. Of one that is revoked `revoked_for` is the code
    of the reason; of one that is replaced `replaced_by` is the number of the title that followed.
    """

    state: State
    title: Title
    plaque_number: str
    former_numbers: tuple[str, ...]
    township: str
    name: str
    office: str
    office_name: str
    stage: Stage
    awarded_on: date
    valid_until_on: date | None
    replaced_on: date | None
    replaced_by: str | None
    revoked_on: date | None
    revoked_for: str | None
    award: str
    case: str
    corrections: tuple[PutRight, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Every title ever awarded: those in force first, then by day and number."""

    counts: Mapping[State, int]
    in_force: Mapping[Title, int]
    titles: tuple[Entry, ...]


def register(picture: Picture) -> Register:
    """One entry for each award; a replaced title never revives, whatever became of the next."""
    found = [entry for township in picture.townships for entry in _entries(picture, township)]
    found.sort(key=lambda one: (STATES.index(one.state), one.awarded_on, one.plaque_number))
    counts = Counter(one.state for one in found)
    in_force = Counter(one.title for one in found if one.state == "in-force")
    return Register(
        counts={state: counts[state] for state in STATES},
        in_force={title: in_force[title] for title in ("demonstration", "compliant")},
        titles=tuple(found),
    )


def _entries(picture: Picture, township: Township) -> list[Entry]:
    titles = [title for case in township.cases for title in case.all_titles()]
    found = []
    for case in township.cases:
        own = case.all_titles()
        for title, following in zip_longest(own, own[1:]):
            naming = (one for one in titles if one.replaces in title.numbers)
            after = next(naming, following)
            found.append(_entry(picture, township, case, title, after))
    return found


def _entry(
    picture: Picture,
    township: Township,
    case: CaseProgress,
    title: HeldTitle,
    after: HeldTitle | None,
) -> Entry:
    return Entry(
        state=_state(title, after, picture.on),
        title=title.title,
        plaque_number=title.plaque,
        former_numbers=tuple(sorted(title.numbers - {title.plaque})),
        township=township.code,
        name=township.name,
        office=township.office.organisation,
        office_name=township.office.name,
        stage=township.stage,
        awarded_on=title.awarded_on,
        valid_until_on=title.valid_until_on,
        replaced_on=after.awarded_on if after else None,
        replaced_by=after.plaque if after else None,
        revoked_on=title.revoked_on,
        revoked_for=title.revoked_for,
        award=title.award,
        case=case.subject,
        corrections=tuple(
            PutRight(on=one.on, field=one.field, was=one.was, now=one.now)
            for one in title.corrections
        ),
        events=event_names("case", case.subject, title.versions),
    )


def _state(title: HeldTitle, after: HeldTitle | None, on: date) -> State:
    if title.revoked_on is not None:
        return "revoked"
    if after is not None:
        return "replaced"
    if title.valid_until_on is not None and title.valid_until_on < on:
        return "expired"
    return "in-force"
