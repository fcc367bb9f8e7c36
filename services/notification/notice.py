"""What an organisation was told in one programme, and what of it was opened.

A stream per recipient, subject `<programme>/<organisation>`. No sentence is in it: what a notice
says is read from its cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import Delivered, NoticeEvent, Read, Requested
from shared.contracts.refusals import Refused

IN_APP = "in-app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing this organisation was told."""

    notice_id: str
    cause: str
    copy: bool
    role: str
    due_on: date | None = None
    township: str | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """All notices of one recipient by id, the oldest first; every recipient begins as `Inbox()`."""

    notices: Mapping[str, Notice] = field(default_factory=dict)

    @property
    def unread(self) -> int:
        return sum(notice.read_at is None for notice in self.notices.values())


def evolve(inbox: Inbox, event: NoticeEvent) -> Inbox:
    match event:
        case Requested():
            notice = Notice(
                notice_id=event.notice_id,
                cause=event.cause,
                copy=event.copy,
                role=event.role,
                due_on=event.due_on,
                township=event.township,
            )
        case Delivered():
            notice = replace(inbox.notices[event.notice_id], delivered_at=event.delivered_at)
        case Read():
            notice = replace(inbox.notices[event.notice_id], read_at=event.read_at)
    return Inbox({**inbox.notices, event.notice_id: notice})


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
