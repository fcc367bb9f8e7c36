"""The inbox over HTTP: an organisation reads what it was told, and says that it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from services.notification import notice
from services.notification.bulletin_drafts import causes
from services.notification.notice import Inbox, Notice
from services.notification.programmes import Programme
from services.notification.templates import notice_title
from shared.clock import civil_day
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.refusals import Refused
from shared.events.envelope import Record
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import bodies
from shared.web.auth import Principal, allow, own_office
from shared.web.commands import Wish, Written, answer, created

RECIPIENTS = ("clerk", "head", "gov", "officer", "leader", "member", "city")

Reader = Annotated[Principal, Depends(allow(*RECIPIENTS, "auditor"))]
Recipient = Annotated[Principal, Depends(allow(*RECIPIENTS))]
Code = Annotated[bodies.Code, Query()]


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that a notice is about; `type` and the rest are null once it cannot be read."""

    id: str
    type: str | None
    subject: str | None
    effective_on: date | None


@dataclass(frozen=True, slots=True)
class Overdue:
    """One thing that is late, and which step of how many its being raised here is."""

    kind: str
    subject: str
    due_on: date
    overdue_wd: int
    step: int
    of: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as its recipient reads it; `overdue` has the lines of a digest of late work."""

    id: str
    cause: Cause
    title: str
    title_en: str
    copy: bool
    digest: bool
    role: str
    township: str | None
    due_on: date | None
    delivered_at: datetime | None
    read_at: datetime | None
    overdue: Sequence[Overdue]


@dataclass(frozen=True, slots=True)
class Page:
    """The newest first; `next` is the `after` of the following page, if there is one."""

    organisation: str
    unread: int
    notices: Sequence[Shown]
    next: str | None


def routes(log: Log) -> APIRouter:
    router = APIRouter(prefix="/v1/notices", tags=["notices"])

    @router.get("")
    async def inbox(
        response: Response,
        who: Reader,
        programme: Code,
        organisation: Code | None = None,
        after: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        unread: bool = False,
    ) -> Page:
        """What an organisation was told, the newest first."""
        recipient = await _readable(log, who, programme, organisation)
        version, found = await _inbox(log, programme, recipient)
        page, more = _page(found, None if after is None else str(after), limit, unread=unread)
        response.headers["ETag"] = f'"{version}"'
        return Page(
            organisation=recipient,
            unread=found.unread,
            notices=await _shown(log, programme, page),
            next=page[-1].notice_id if more else None,
        )

    @router.get("/{notice_id}")
    async def one(
        response: Response,
        who: Reader,
        notice_id: UUID,
        programme: Code,
        organisation: Code | None = None,
    ) -> Shown:
        """One notice."""
        recipient = await _readable(log, who, programme, organisation)
        version, found = await _inbox(log, programme, recipient)
        if (known := found.notices.get(str(notice_id))) is None:
            raise Refused("no-such-notice", notice_id=str(notice_id))
        response.headers["ETag"] = f'"{version}"'
        return (await _shown(log, programme, [known]))[0]

    @router.post("/{notice_id}/receipt", status_code=201)
    async def receipt(
        response: Response,
        who: Recipient,
        wish: Wish,
        notice_id: UUID,
        programme: Code,
        organisation: Code | None = None,
    ) -> Written:
        """The recipient, or who took its place, opened it; opened before, nothing changes."""
        recipient = await _own(log, who, programme, organisation)
        now = log.clock()
        site: ProgrammeSite = {"programme": programme, "effective_on": civil_day(now)}
        written = await log.decide(
            wish,
            Stream("notice", f"{programme}/{recipient}"),
            lambda inbox: notice.read(inbox, str(notice_id), recipient, who.officer, site, at=now),
        )
        where = f"/v1/notices/{notice_id}?programme={programme}"
        if organisation is not None:
            where += f"&organisation={organisation}"
        return created(response, where, answer(written))

    return router


async def _readable(log: Log, who: Principal, programme: str, organisation: str | None) -> str:
    """Whose inbox is read: one's own, or for an auditor any. Refused: `other-organisation`."""
    if organisation is not None and "auditor" in who.roles:
        return organisation
    return await _own(log, who, programme, organisation)


async def _own(log: Log, who: Principal, programme: str, organisation: str | None) -> str:
    """One's own inbox, or that of an organisation whose place one took by today."""
    recipient = organisation or who.organisation
    if recipient == who.organisation:
        return recipient
    _, heard = await log.state(Stream("programme", programme))
    if heard.acting(recipient, civil_day(log.clock())) != who.organisation:
        own_office(who, recipient)
    return recipient


async def _inbox(log: Log, programme: str, organisation: str) -> tuple[int, Inbox]:
    version, found = await log.state(Stream("notice", f"{programme}/{organisation}"))
    return version, found


def _page(
    inbox: Inbox, after: str | None, limit: int, *, unread: bool
) -> tuple[list[Notice], bool]:
    """A page, and whether more lies behind it. Refused: `no-such-notice` for `after`."""
    if after is not None and after not in inbox.notices:
        raise Refused("no-such-notice", notice_id=after)
    newest = list(inbox.notices.values())[::-1]
    start = 0
    if after is not None:
        start = 1 + next(i for i, known in enumerate(newest) if known.notice_id == after)
    wanted = [known for known in newest[start:] if not (unread and known.read_at is not None)]
    return wanted[:limit], len(wanted) > limit


async def _shown(log: Log, programme: str, notices: Sequence[Notice]) -> list[Shown]:
    found = await causes(log, programme, [UUID(known.cause) for known in notices])
    _, heard = await log.state(Stream("programme", programme))
    return [_one(known, found.get(UUID(known.cause)), heard) for known in notices]


def _one(known: Notice, record: Record | None, heard: Programme) -> Shown:
    said = notice_title(known, record, heard)
    return Shown(
        id=known.notice_id,
        cause=Cause(
            id=known.cause,
            type=None if record is None else record.type,
            subject=None if record is None else record.subject,
            effective_on=None if record is None else record.effective_on,
        ),
        title=said.zh,
        title_en=said.en,
        copy=known.copy,
        digest=known.digest,
        role=known.role,
        township=known.township,
        due_on=known.due_on,
        delivered_at=known.delivered_at,
        read_at=known.read_at,
        overdue=[
            Overdue(
                kind=line.about.kind,
                subject=line.about.subject,
                due_on=line.due_on,
                overdue_wd=line.overdue_wd,
                step=line.step,
                of=line.of,
            )
            for line in known.lines
        ],
    )
