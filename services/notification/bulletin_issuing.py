"""Issuing a bulletin: its paper is made and kept, then event and notices are written at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from services.notification.bulletin import (
    Addressees,
    Draft,
    NumberTaken,
    Signing,
    addressees,
    check_version,
    issue_bulletin,
    may_correct,
    open_draft,
    role_of,
)
from services.notification.bulletin_docx import Paper, docx
from services.notification.bulletin_drafts import (
    BULLETIN_ISSUED,
    CORRECTED,
    ISSUED,
    NUMBERED,
    Bulletins,
    next_number,
)
from services.notification.bulletin_text import illustrative
from services.notification.notice import BULLETIN, IN_APP, Inbox, Telling, tell
from services.notification.policies import POLICY_VERSION
from services.notification.programmes import Programme
from services.notification.templates import TEMPLATE_VERSION
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import BulletinIssued
from shared.contracts.registry import Event
from shared.official_numbers import comparable
from shared.store.command import Command
from shared.store.log import Log
from shared.store.recording import new_id
from shared.store.streams import Changes, Claim, Stream, Written
from shared.web.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuance:
    """What a leader asks for; `seen` is the version of the draft that they read."""

    seen: int
    document_number: str
    signed_by: str
    site: ProgrammeSite
    recipients: Sequence[str] | None
    copied: Sequence[str] | None


def paper(
    draft: Draft,
    known: Programme,
    to: Addressees,
    site: ProgrammeSite,
    document_number: str | None = None,
) -> Paper:
    """What is printed, in the names of the site's day; without a number it is a draft."""
    day = site["effective_on"]
    names, district = known.names(day), known.acting(known.district or "", day)
    return Paper(
        organ=names.get(district, district),
        text=draft.text,
        document_number=document_number,
        issued_on=None if document_number is None else day,
        as_of_on=draft.as_of_on,
        recipients=tuple(names.get(one, one) for one in to.recipients),
        copied=tuple(names.get(one, one) for one in to.copied),
        public=draft.publicity == "public",
        illustrative=illustrative(draft.figures),
    )


async def issue(
    log: Log,
    bulletins: Bulletins,
    workers: Workers,
    wish: Command,
    bulletin_id: UUID,
    known: Programme,
    asked: Issuance,
) -> Written:
    """Sign and send; while that is written the bulletin is held, so that what was seen is signed.

    Killed before the append, only a paper is left that nobody names.
    """
    bulletin = await bulletins.known(bulletin_id)
    draft, corrected = bulletin.draft, None
    if draft.corrects is not None:
        corrected = await bulletins.known(draft.corrects)
    to = addressees(known, asked.site["effective_on"], asked.recipients, asked.copied)
    made = ""
    # What was issued, or is not what was seen, is refused by the decision: no paper of that.
    if bulletin.issued is None and draft.version == asked.seen:
        printed = paper(draft, known, to, asked.site, asked.document_number)
        made = await bulletins.keep(draft.text, await workers.run(docx, printed))
    signing = Signing(
        document_number=asked.document_number,
        signed_by=asked.signed_by,
        addressees=to,
        docx_sha256=made,
    )
    async with bulletins.held(bulletin_id) as (now, _):

        def check() -> None:
            open_draft(draft, now.issued)
            check_version(draft, asked.seen)
            check_version(now.draft, asked.seen)
            if corrected is not None:
                may_correct(corrected.issued, corrected.draft.bulletin_id, corrected.corrected_by)

        while True:
            number = await next_number(log, draft.programme)
            decision = _Decision(
                check=check,
                draft=draft,
                corrected=None if corrected is None else corrected.issued,
                signing=signing,
                known=known,
                asked=asked,
                number=number,
                event_id=new_id(),
                now=log.clock(),
            )
            try:
                # The version that the command names is the draft's, not that of a stream.
                wanted = replace(wish, expected=None)
                return await log.decide_many(wanted, decision.streams, decision)
            except NumberTaken:
                continue


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decision:
    """The bulletin, a notice in every inbox, and what is claimed by it: all or nothing."""

    check: Callable[[], None]
    draft: Draft
    corrected: BulletinIssued | None
    signing: Signing
    known: Programme
    asked: Issuance
    number: int
    event_id: UUID
    now: datetime

    @property
    def told(self) -> tuple[str, ...]:
        return (*self.signing.addressees.recipients, *self.signing.addressees.copied)

    @property
    def streams(self) -> tuple[Stream, ...]:
        programme = self.draft.programme
        names = (f"bulletin/{self.number}", *self.told)
        return tuple(Stream("notice", f"{programme}/{name}") for name in names)

    def __call__(self, place: Inbox, *inboxes: Inbox) -> Changes:
        self.check()
        issued = issue_bulletin(
            place,
            self.draft,
            self.signing,
            issue_no=self.number,
            corrected=self.corrected,
            known_on=civil_day(self.draft.known_at),
            now=self.now,
            site=self.asked.site,
        )
        notices = [
            tell(inbox, self._telling(organisation), self.asked.site, at=self.now)
            for organisation, inbox in zip(self.told, inboxes, strict=True)
        ]
        written = dict(zip(self.streams, (issued, *notices), strict=True))
        claims = [claim for event in issued for claim in claims_of(event)]
        return Changes(written, claims, first_id=self.event_id)

    def _telling(self, organisation: str) -> Telling:
        return Telling(
            notice_id=str(uuid5(self.event_id, f"{organisation}/{IN_APP}")),
            organisation=organisation,
            role=role_of(self.known, organisation),
            policy=BULLETIN,
            policy_version=POLICY_VERSION,
            cause=str(self.event_id),
            template=BULLETIN_ISSUED,
            template_version=TEMPLATE_VERSION,
            copy=organisation in self.signing.addressees.copied,
            township=None,
            due_on=None,
        )


def claims_of(event: Event) -> list[Claim]:
    """What an event of this service takes for ever: a bulletin is issued and corrected once."""
    if not isinstance(event, BulletinIssued):
        return []
    claims = [
        Claim(ISSUED, event.bulletin_id, "bulletin-issued"),
        Claim(NUMBERED, comparable(event.document_number), "document-number-in-use"),
    ]
    if event.corrects is not None:
        claims.append(Claim(CORRECTED, event.corrects, "bulletin-corrected"))
    return claims
