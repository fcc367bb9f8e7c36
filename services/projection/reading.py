"""Reading a programme as of a day: how fresh, how far, and from which rows."""

import base64
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Protocol

import orjson
from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator, Field

from services.projection.models.rows import Rows, fold
from services.projection.models.schema import Models
from services.projection.models.store import load
from services.projection.models.timeline import START, Cursor
from services.projection.picture import Picture, picture
from shared.clock import SHANGHAI, Clock, civil_day
from shared.contracts.refusals import Refused
from shared.messaging.reactions import Received
from shared.store.command import Heard
from shared.web.auth import ROLES
from shared.web.bodies import AskedDay


class Journal(Protocol):
    """What answering needs of the journal; positions are its own."""

    clock: Clock

    @property
    def position(self) -> int:
        """The last position that the read models have folded."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Models]:
        """A read-only transaction that sees one version of the read models as of one position."""
        ...

    async def events(self, models: Models, programme: str, until_on: date) -> list[Received]: ...

    def changes(self, after: int) -> AsyncIterator[tuple[int, Collection[str]]]:
        """Position by position, the keys that changed: `<programme>[/<township>]`."""
        ...


# Operators run the services and see no case content.
READERS = ROLES - {"operator"}

ADDRESS = re.compile(r"(programme|dossier|case)/([!-~]{1,200})@([1-9][0-9]{0,8})")


def heard_of(address: str) -> Heard | None:
    """The event at an address; None where it is none."""
    named = ADDRESS.fullmatch(address)
    return Heard(named[1], named[2], int(named[3])) if named else None


def end_of_known(value: object) -> object:
    """A date means all of that day in Shanghai; a number, which could be seconds, means nothing."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9.]+", value):
        raise ValueError("an instant is written like 2018-09-01T09:00:00+08:00")
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        midnight = datetime.combine(date.fromisoformat(value), time(), SHANGHAI)
        return midnight + timedelta(days=1, microseconds=-1)
    return value


@dataclass(frozen=True, slots=True)
class Asked:
    """A dependency: which day, as known when."""

    as_of: Annotated[AskedDay | None, Query(description="The end of that day in Shanghai")] = None
    known_at: Annotated[
        AwareDatetime | None,
        BeforeValidator(end_of_known),
        # Beyond these an instant of another zone has no counterpart in UTC.
        Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2900, 1, 1, tzinfo=UTC)),
        Query(description="Only what was recorded by then: an instant, or all of a day"),
    ] = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture, the journal's position it was taken at, and the last day one may ask about."""

    picture: Picture
    position: int
    today: date


class Readings:
    """Pictures of programmes; the last few are kept, since everyone looks at the same ones."""

    def __init__(self, journal: Journal, *, kept: int = 32) -> None:
        self.journal = journal
        self._kept = kept
        self._pictures: OrderedDict[tuple[object, ...], Picture] = OrderedDict()

    def day(self, asked: Asked) -> tuple[date, date]:
        """The day asked about, and today; raises Refused("as-of-in-future")."""
        today = civil_day(self.journal.clock())
        on = asked.as_of or today
        if on > today:
            raise Refused("as-of-in-future", as_of=on, today_on=today)
        return on, today

    async def see(self, programme: str, asked: Asked) -> Seen:
        """The programme as asked; raises Refused("unknown-programme") besides those above."""
        on, today = self.day(asked)
        # The flag `stuck` turns a minute after an application, whether or not anything happens.
        now = min(self.journal.clock(), _end(on))
        async with self.journal.snapshot() as models:
            minute = int(now.timestamp()) // 60
            key = (programme, models.version, models.position, on, asked.known_at, minute)
            found = self._pictures.get(key)
            if found is None:
                found = picture(await self._rows(models, programme, on, asked), on, now)
                if found.programme.version == 0:
                    raise Refused("unknown-programme", programme=programme)
                self._pictures[key] = found
                while len(self._pictures) > self._kept:
                    self._pictures.popitem(last=False)
        return Seen(found, models.position, today)

    async def _rows(self, models: Models, programme: str, on: date, asked: Asked) -> Rows:
        if asked.known_at is None:
            return await load(models, programme)
        events = await self.journal.events(models, programme, on)
        return fold(Rows(), known(events, asked.known_at))


def known(events: Sequence[Received], at: datetime) -> list[Received]:
    """Those recorded by `at`, inclusive."""
    return [one for one in events if one.record.recorded_at <= at]


def to_cursor(cursor: Cursor) -> str:
    """A place in the timeline as an opaque word of an address."""
    recorded_at, *rest = cursor
    words = orjson.dumps([recorded_at.astimezone(UTC).isoformat(), *rest])
    return base64.urlsafe_b64encode(words).decode()


def from_cursor(word: str | None) -> Cursor:
    """The place behind the word; raises Refused("cursor-invalid")."""
    if word is None:
        return START
    try:
        recorded_at, context, subject, version = orjson.loads(base64.urlsafe_b64decode(word))
        instant = datetime.fromisoformat(recorded_at)
        if instant.tzinfo is None or "\0" in f"{context}{subject}":
            raise ValueError(word)
        return (instant, str(context), str(subject), min(int(version), 2**31 - 1))
    except (ValueError, TypeError) as error:
        raise Refused("cursor-invalid") from error


def _end(on: date) -> datetime:
    return datetime.combine(on, time(), SHANGHAI) + timedelta(days=1, microseconds=-1)
