"""What a notice announces on `fuyan.notice.v1`: that someone was told, never what or where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

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
class Read(OfNotice):
    """An officer of the recipient opened it."""

    officer: str
    channel: str
    read_at: datetime


NoticeEvent = Requested | Delivered | Read

EVENTS: Mapping[str, type[NoticeEvent]] = {
    "fuyan.notice.requested.v1": Requested,
    "fuyan.notice.delivered.v1": Delivered,
    "fuyan.notice.read.v1": Read,
}
