"""What is announced on `fuyan.notice.v1`: that someone was told, never where; and bulletins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.contracts.blocks import OfProgramme
from shared.contracts.programme import Cut


@dataclass(frozen=True, slots=True, kw_only=True)
class OfNotice(OfProgramme):
    """One message to one organisation on one channel."""

    notice_id: str
    organisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested(OfNotice):
    """A policy decided that this organisation hears of an event; `copy` marks a 抄报."""

    role: str
    policy: str
    policy_version: int
    cause: str
    channel: str
    template: str
    template_version: int
    language: str
    copy: bool
    digest: bool
    township: str | None = None
    officer: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(OfNotice):
    """It lies where its recipient reads."""

    channel: str
    attempt: int
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(OfNotice):
    """It could not be handed over; `next_at` is when that is tried again, if at all."""

    channel: str
    attempt: int
    error_code: str
    retryable: bool
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned(OfNotice):
    """It will not be tried again on this channel; `fallback_channel` is where it lies all the same.

    `attempts` counts those that were made.
    """

    attempts: int
    error_code: str
    fallback_channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(OfNotice):
    """An officer of the recipient opened it."""

    officer: str
    channel: str
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is overdue: a kind of deadline, and the stream it stands in."""

    kind: Literal["plan", "batch", "rectification", "resubmission", "decision"]
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(OfNotice):
    """Something overdue was raised to a role, by the notice (`notice_id`) that says so.

    One step of several, each taken once; `overdue_wd` working days past `due_on` when it was.
    """

    step: int
    of: int
    to_role: str
    to_organisation: str
    about: About
    due_on: date
    overdue_wd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesNamed:
    """Which version of one kind of rules figures were made by."""

    kind: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChanged:
    """A figure that another bulletin gave otherwise; on the wire its values are `was` and `is`.

    `path` leads to it from the whole, `/targets/first-2018/achieved`: in a list of things that have
    a code, by that code, else by place. What is not there at all is null.
    """

    path: str
    was: Any
    is_: Annotated[Any, Field(alias="is")]


@dataclass(frozen=True, slots=True, kw_only=True)
class BulletinIssued(OfProgramme):
    """A bulletin (通报) was signed and sent, with all the figures it quotes.

    Of its own stream, and `issue_no` counts a programme's from 1 without gaps. `figures_digest` is
    the SHA-256 of the figures as JSON in UTF-8, names sorted and no blank between; `docx_sha256`
    that of the paper. `copied` are those to whom it went as a copy (抄送). A correction names the
    bulletin that it `corrects`, and each figure that it gives otherwise.
    """

    bulletin_id: str
    issue_no: int
    document_number: str
    title: str
    as_of_on: date
    known_at: datetime
    cut: tuple[Cut, ...]
    figures: Mapping[str, Any]
    figures_digest: str
    rules: tuple[RulesNamed, ...]
    docx_sha256: str
    characters: int
    recipients: tuple[str, ...]
    copied: tuple[str, ...]
    publicity: Literal["public", "internal"]
    signed_by: str
    corrects: str | None = None
    changes: tuple[FigureChanged, ...] | None = None


NoticeEvent = Requested | Delivered | Failed | Abandoned | Read | Escalated | BulletinIssued

EVENTS: Mapping[str, type[NoticeEvent]] = {
    "fuyan.notice.requested.v1": Requested,
    "fuyan.notice.delivered.v1": Delivered,
    "fuyan.notice.failed.v1": Failed,
    "fuyan.notice.abandoned.v1": Abandoned,
    "fuyan.notice.read.v1": Read,
    "fuyan.notice.escalated.v1": Escalated,
    "fuyan.notice.bulletin-issued.v1": BulletinIssued,
}
