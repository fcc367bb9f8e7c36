"""What a notice announces on `fuyan.notice.v1`: that someone was told, never what or where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.contracts.blocks import OfProgramme


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


NoticeEvent = Requested | Delivered | Failed | Abandoned | Read | Escalated

EVENTS: Mapping[str, type[NoticeEvent]] = {
    "fuyan.notice.requested.v1": Requested,
    "fuyan.notice.delivered.v1": Delivered,
    "fuyan.notice.failed.v1": Failed,
    "fuyan.notice.abandoned.v1": Abandoned,
    "fuyan.notice.read.v1": Read,
    "fuyan.notice.escalated.v1": Escalated,
}
