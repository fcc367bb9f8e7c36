"""What a bulletin (通报) may say, whom it reaches, and how it is issued.

A draft is a working paper. Issuing freezes it: text, figures and paper stay as they were signed,
and whatever was wrong is put right by another bulletin that names it.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from services.notification.bulletin_changes import changes
from services.notification.notice import Inbox
from services.notification.programmes import Programme
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import BulletinIssued, NoticeEvent, RulesNamed
from shared.contracts.programme import Cut
from shared.contracts.refusals import Refused
from shared.official_numbers import comparable

CHARACTERS = 4000
"""A bulletin has fewer."""
FIGURES_BYTES = 200 * 1024
"""The most that figures may have as canonical JSON: they travel in an event."""

Publicity = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, or the place where the table of townships stands."""

    kind: Literal["heading", "paragraph", "table"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The townships by stage. It is drawn from the figures; nobody edits it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """All that a bulletin says."""

    title: str
    blocks: tuple[Block, ...]
    table: Table | None = None

    @property
    def characters(self) -> int:
        """As a person counts them: no blanks, and no signs that only change the one before."""
        return sum(
            unicodedata.category(sign)[0] not in "ZCM" for part in self._parts() for sign in part
        )

    def _parts(self) -> Iterator[str]:
        yield self.title
        for block in self.blocks:
            if block.kind != "table":
                yield block.text
            elif self.table is not None:
                for row in (self.table.head, *self.table.rows):
                    yield from row


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A bulletin before it is signed; `version` moves with each edit of its text.

    `figures_digest` is the SHA-256 of the figures as canonical JSON.
    """

    bulletin_id: str
    programme: str
    version: int
    text: Text
    as_of_on: date
    known_at: datetime
    cut: tuple[Cut, ...]
    rules: tuple[RulesNamed, ...]
    figures: Mapping[str, Any]
    figures_digest: str
    publicity: Publicity
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Addressees:
    """Who gets a bulletin, and who a copy of it (抄送); nobody twice."""

    recipients: tuple[str, ...]
    copied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What a leader adds to a draft; the number comes from a register of the office, never here."""

    document_number: str
    signed_by: str
    addressees: Addressees
    docx_sha256: str


class NumberTaken(Exception):
    """Another bulletin has this issue number: the next one has to be tried."""


def check_text(text: Text) -> None:
    """Raises Refused("bulletin-too-long")."""
    if text.characters >= CHARACTERS:
        raise Refused("bulletin-too-long", characters=text.characters, limit=CHARACTERS)


def check_figures(
    figures: Mapping[str, Any], *, programme: str, as_of_on: date, bytes_: int
) -> None:
    """Whether figures are of this programme and day, as far as they say, and fit into an event.

    Raises Refused: `figures-too-large`, `figures-of-another`.
    """
    if bytes_ > FIGURES_BYTES:
        raise Refused("figures-too-large", sent_bytes=bytes_, limit_bytes=FIGURES_BYTES)
    of = figures.get("programme")
    said = of.get("code") if isinstance(of, Mapping) else of
    day = as_of_on.isoformat()
    told = ((said, programme), (figures.get("as_of"), day), (figures.get("as_of_on"), day))
    for given, wanted in told:
        if given is not None and given != wanted:
            raise Refused("figures-of-another", given=str(given)[:100], wanted=wanted)


def check_days(draft: Draft, *, known_on: date, now: datetime, site: ProgrammeSite) -> None:
    """Nothing is told on a day before the figures were known; `known_on` is that of `known_at`.

    Raises Refused: `effective-day-too-early`, `known-at-in-future`.
    """
    day = site["effective_on"]
    if day < draft.as_of_on:
        raise Refused("effective-day-too-early", effective_on=day, earliest_on=draft.as_of_on)
    if known_on > day or draft.known_at > now:
        raise Refused("known-at-in-future", known_at=draft.known_at, effective_on=day)


def check_version(draft: Draft, seen: int) -> None:
    """Raises Refused("version-mismatch")."""
    if seen != draft.version:
        raise Refused("version-mismatch", expected=seen, version=draft.version)


def edited(
    draft: Draft,
    seen: int,
    *,
    issued: BulletinIssued | None,
    title: str | None = None,
    blocks: tuple[Block, ...] | None = None,
    publicity: Publicity | None = None,
) -> Draft:
    """The draft with what is given said otherwise; said already, it is the draft as it is.

    Raises Refused: `bulletin-issued`, `version-mismatch`, `bulletin-too-long`.
    """
    open_draft(draft, issued)
    text = replace(
        draft.text,
        title=draft.text.title if title is None else title,
        blocks=draft.text.blocks if blocks is None else blocks,
    )
    wanted = replace(draft, text=text, publicity=publicity or draft.publicity)
    if wanted == draft:
        return draft
    check_version(draft, seen)
    check_text(text)
    return replace(wanted, version=draft.version + 1)


def open_draft(draft: Draft, issued: BulletinIssued | None) -> None:
    """Whether it may still be worked on; Refused("bulletin-issued")."""
    if issued is not None:
        raise Refused("bulletin-issued", value=draft.bulletin_id)


def may_correct(issued: BulletinIssued | None, bulletin_id: str, corrected_by: str | None) -> None:
    """Only what was issued, and only once: what is wrong again is wrong in its correction.

    Raises Refused: `bulletin-not-issued`, `bulletin-corrected`.
    """
    if issued is None:
        raise Refused("bulletin-not-issued", bulletin_id=bulletin_id)
    if corrected_by is not None:
        raise Refused("bulletin-corrected", value=bulletin_id)


def part_of(known: Programme) -> frozenset[str]:
    """Every organisation that has or had a part in a programme, and all who took their place."""
    members = known.townships.values()
    pairs = ((member.office, member.government) for member in members)
    bureaus = filter(None, (known.district, known.city))
    return known.line_of((*(one for pair in pairs for one in pair), *bureaus))


def addressees(
    known: Programme,
    on: date,
    recipients: Sequence[str] | None = None,
    copied: Sequence[str] | None = None,
) -> Addressees:
    """Whoever was named; else every office, and as a copy every government and the city.

    In an organisation's place stands whoever took it by that day. Raises
    Refused("recipients-unknown") for one that has no part in the programme.
    """
    if unknown := sorted({*(recipients or ()), *(copied or ())} - part_of(known)):
        raise Refused("recipients-unknown", organisations=unknown)
    if recipients is None:
        recipients = [member.office for member in known.enrolled]
    if copied is None:
        copied = [member.government for member in known.enrolled] + [known.city or ""]
    first = _acting(known, on, recipients)
    second = tuple(one for one in _acting(known, on, copied) if one not in first)
    return Addressees(first, second)


def role_of(known: Programme, organisation: str) -> str:
    """In which role an organisation of the programme is told."""
    if organisation in known.line_of(filter(None, (known.city,))):
        return "city"
    if organisation in known.line_of(filter(None, (known.district,))):
        return "officer"
    governments = known.line_of(member.government for member in known.townships.values())
    return "gov" if organisation in governments else "head"


def issue_bulletin(
    place: Inbox,
    draft: Draft,
    signing: Signing,
    *,
    issue_no: int,
    corrected: BulletinIssued | None,
    known_on: date,
    now: datetime,
    site: ProgrammeSite,
) -> list[NoticeEvent]:
    """Sign a draft as the programme's bulletin `issue_no`, whose stream is `place`.

    `corrected` is the bulletin that the draft corrects. Raises Refused:
    `document-number-empty`, `recipients-missing`, `bulletin-too-long`, `effective-day-too-early`,
    `known-at-in-future`; and NumberTaken.
    """
    if place.bulletin is not None:
        raise NumberTaken
    if not comparable(signing.document_number):
        raise Refused("document-number-empty")
    if not signing.addressees.recipients:
        raise Refused("recipients-missing")
    check_text(draft.text)
    check_days(draft, known_on=known_on, now=now, site=site)
    if corrected is not None and site["effective_on"] < corrected.effective_on:
        raise Refused(
            "effective-day-too-early",
            effective_on=site["effective_on"],
            earliest_on=corrected.effective_on,
        )
    return [
        BulletinIssued(
            **site,
            bulletin_id=draft.bulletin_id,
            issue_no=issue_no,
            document_number=signing.document_number,
            title=draft.text.title,
            as_of_on=draft.as_of_on,
            known_at=draft.known_at,
            cut=draft.cut,
            figures=draft.figures,
            figures_digest=draft.figures_digest,
            rules=draft.rules,
            docx_sha256=signing.docx_sha256,
            characters=draft.text.characters,
            recipients=signing.addressees.recipients,
            copied=signing.addressees.copied,
            publicity=draft.publicity,
            signed_by=signing.signed_by,
            corrects=draft.corrects,
            changes=None if corrected is None else changes(corrected.figures, draft.figures),
        )
    ]


def _acting(known: Programme, on: date, organisations: Iterable[str]) -> tuple[str, ...]:
    acting = (known.acting(one, on) for one in organisations if one)
    return tuple(dict.fromkeys(acting))
