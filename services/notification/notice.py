"""What an organisation was told in one programme, and what of it was opened.

A stream per recipient, subject `<programme>/<organisation>`. No sentence is in it: what a notice
says is read from its cause.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import (
    Abandoned,
    About,
    BulletinIssued,
    Delivered,
    Escalated,
    Failed,
    NoticeEvent,
    Read,
    Requested,
)
from shared.contracts.refusals import Refused

IN_APP = "in-app"
EMAIL = "email"
OVERDUE = "overdue"
"""Policy and template of the digest of what is overdue."""
BULLETIN = "bulletin"
"""Policy of a notice that a bulletin was issued; its cause lies in this service's own log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing this organisation was told."""

    notice_id: str
    cause: str
    copy: bool
    role: str
    digest: bool = False
    due_on: date | None = None
    township: str | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    lines: tuple[Escalated, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A notice on its way by e-mail; `over` once it arrived or was given up."""

    attempts: int = 0
    over: bool = False


Step = tuple[About, date, int, str]
"""What was raised, due when, at which step, to which role: each of these only once."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """All notices of one recipient by id, the oldest first; every recipient begins as `Inbox()`.

    What goes by e-mail goes beside it: the inbox holds every notice, whatever becomes of a mail.
    """

    notices: Mapping[str, Notice] = field(default_factory=dict)
    mails: Mapping[str, Mail] = field(default_factory=dict)
    raised: frozenset[Step] = frozenset()
    bulletin: BulletinIssued | None = None
    """In a bulletin's own stream what was issued there; no inbox has one."""

    @property
    def unread(self) -> int:
        return sum(notice.read_at is None for notice in self.notices.values())


def evolve(inbox: Inbox, event: NoticeEvent) -> Inbox:
    if isinstance(event, BulletinIssued):
        return replace(inbox, bulletin=event)
    known = inbox.notices.get(event.notice_id)
    match event:
        case Requested(channel="email"):
            return _mailed(inbox, event.notice_id, Mail())
        case Requested():
            notice = Notice(
                notice_id=event.notice_id,
                cause=event.cause,
                copy=event.copy,
                role=event.role,
                digest=event.digest,
                due_on=event.due_on,
                township=event.township,
            )
            return _kept(inbox, notice)
        case Delivered() if known is not None:
            return _kept(inbox, replace(known, delivered_at=event.delivered_at))
        case Delivered(attempt=attempt):
            return _mailed(inbox, event.notice_id, Mail(attempts=attempt, over=True))
        case Failed(attempt=attempt):
            return _mailed(inbox, event.notice_id, Mail(attempts=attempt))
        case Abandoned(attempts=attempts):
            return _mailed(inbox, event.notice_id, Mail(attempts=attempts, over=True))
        case Read() if known is not None:
            return _kept(inbox, replace(known, read_at=event.read_at))
        case Escalated() if known is not None:
            raised = inbox.raised | {(event.about, event.due_on, event.step, event.to_role)}
            kept = _kept(inbox, replace(known, lines=(*known.lines, event)))
            return replace(kept, raised=raised)
        case Read() | Escalated():
            raise LookupError(f"{event.notice_id} was never requested")


def _kept(inbox: Inbox, notice: Notice) -> Inbox:
    return replace(inbox, notices={**inbox.notices, notice.notice_id: notice})


def _mailed(inbox: Inbox, notice_id: str, mail: Mail) -> Inbox:
    return replace(inbox, mails={**inbox.mails, notice_id: mail})


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a policy wants somebody to hear of: who, of which event, by which rule."""

    notice_id: str
    organisation: str
    role: str
    policy: str
    policy_version: int
    cause: str
    template: str
    template_version: int
    copy: bool
    digest: bool = False
    township: str | None
    due_on: date | None


def tell(inbox: Inbox, telling: Telling, site: ProgrammeSite, *, at: datetime) -> list[NoticeEvent]:
    """Put a notice where its recipient reads, once; it is delivered with being written."""
    if telling.notice_id in inbox.notices:
        return []
    return [
        Requested(
            **site,
            notice_id=telling.notice_id,
            organisation=telling.organisation,
            role=telling.role,
            policy=telling.policy,
            policy_version=telling.policy_version,
            cause=telling.cause,
            channel=IN_APP,
            template=telling.template,
            template_version=telling.template_version,
            language="zh",
            copy=telling.copy,
            digest=telling.digest,
            township=telling.township,
            due_on=telling.due_on,
        ),
        Delivered(
            **site,
            notice_id=telling.notice_id,
            organisation=telling.organisation,
            channel=IN_APP,
            attempt=1,
            delivered_at=at,
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing overdue, as a digest tells it."""

    about: About
    due_on: date
    overdue_wd: int
    step: int
    of: int
    cause: str

    def key(self, role: str) -> Step:
        return (self.about, self.due_on, self.step, role)


def raise_overdue(
    inbox: Inbox,
    notice_id: str,
    organisation: str,
    role: str,
    lines: Sequence[Line],
    policy_version: int,
    site: ProgrammeSite,
    *,
    at: datetime,
) -> list[NoticeEvent]:
    """One digest of what this role has not been told of yet; none where it knows it all."""
    new = [line for line in lines if line.key(role) not in inbox.raised]
    if not new or notice_id in inbox.notices:
        return []
    return [
        Requested(
            **site,
            notice_id=notice_id,
            organisation=organisation,
            role=role,
            policy=OVERDUE,
            policy_version=policy_version,
            cause=new[0].cause,
            channel=IN_APP,
            template=OVERDUE,
            template_version=1,
            language="zh",
            copy=False,
            digest=True,
        ),
        Delivered(
            **site,
            notice_id=notice_id,
            organisation=organisation,
            channel=IN_APP,
            attempt=1,
            delivered_at=at,
        ),
        *(
            Escalated(
                **site,
                notice_id=notice_id,
                organisation=organisation,
                step=line.step,
                of=line.of,
                to_role=role,
                to_organisation=organisation,
                about=line.about,
                due_on=line.due_on,
                overdue_wd=line.overdue_wd,
            )
            for line in new
        ),
    ]


def read(
    inbox: Inbox,
    notice_id: str,
    organisation: str,
    officer: str,
    site: ProgrammeSite,
    *,
    at: datetime,
) -> list[NoticeEvent]:
    """An officer of the recipient opens it; whoever opens it later changes nothing.

    Refused: `no-such-notice`.
    """
    notice = inbox.notices.get(notice_id)
    if notice is None:
        raise Refused("no-such-notice", notice_id=notice_id)
    if notice.read_at is not None:
        return []
    return [
        Read(
            **site,
            notice_id=notice_id,
            organisation=organisation,
            officer=officer,
            channel=IN_APP,
            read_at=at,
        )
    ]
