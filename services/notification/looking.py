"""Once a working day: look at what is overdue, and raise it to whoever shall hear of it."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import date
from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog

from services.notification import deadlines
from services.notification.deadlines import WATCHED, Overdue, Owed
from services.notification.escalation import Recipient, raised
from services.notification.notice import IN_APP, OVERDUE, Inbox, Line, raise_overdue
from services.notification.policies import POLICY_VERSION
from services.notification.reactions import Roll
from shared.clock import civil_day
from shared.contracts.blocks import OfTownship, ProgrammeSite
from shared.contracts.notice import NoticeEvent
from shared.contracts.programme import EVENTS as PROGRAMME_EVENTS
from shared.contracts.refusals import Refused
from shared.contracts.registry import BY_TYPE, SHAPES, Event, decode, newest
from shared.store.command import Command
from shared.store.log import Log, Tenure
from shared.store.streams import Stream

LOOK_S = 1.0
# Between two topics nothing is in order, and a relay may be behind: what is overdue at one look
# and was answered by the next never was. On a clock that moves, such a while is many days.
SURE_S = 2.0

_TYPES = sorted(
    name
    for name in SHAPES
    if (event := BY_TYPE[newest(name)]) in WATCHED or event in PROGRAMME_EVENTS.values()
)

logger = structlog.get_logger(__name__)

Key = tuple[str, object, date]


class Looking:
    """A duty: in memory it holds the days that events set; what was raised stands in the inboxes.

    `settled` says whether all that was announced has been heard: nobody is called late on half of
    what is known. A day looked at is remembered, and no day is looked at twice.
    """

    def __init__(self, log: Log, roll: Roll, settled: Callable[[], bool]) -> None:
        self._log = log
        self._roll = roll
        self._settled = settled
        self._owed: dict[str, dict[str, Owed]] = {}
        self._set_by: dict[str, dict[str, str]] = {}
        self._looked_on: date | None = None

    def hear(self, event: Event, id_: UUID) -> None:
        """Hearing the same again at once changes nothing."""
        if type(event) in WATCHED and isinstance(event, OfTownship):
            townships = self._owed.setdefault(event.programme, {})
            before = townships.get(event.township, Owed())
            townships[event.township] = deadlines.evolve(before, event, str(id_))
        for code in deadlines.causes(event):  # type: ignore[arg-type]  # of others there are none
            self._set_by.setdefault(event.programme, {})[code] = str(id_)

    async def before(self, tenure: Tenure) -> None:
        async with tenure.session.turn() as connection:
            rows = await connection.fetch(
                "SELECT id, type, data FROM heard WHERE type = ANY($1) AND data <> ''"
                " ORDER BY context, subject, version",
                _TYPES,
            )
            self._looked_on = await connection.fetchval('SELECT "on" FROM looked')
        self._owed.clear()
        self._set_by.clear()
        for id_, name, data in rows:
            self.hear(decode(name, data), id_)

    async def run(self, tenure: Tenure) -> None:
        """Until cancelled; what cannot be written now is tried at the next look."""
        loop = asyncio.get_running_loop()
        seen: set[Key] | None = None
        seen_at = 0.0
        while True:
            await asyncio.sleep(LOOK_S)
            today = civil_day(self._log.clock())
            if today == self._looked_on or not self._settled():
                seen = None
                continue
            found = self._overdue(today)
            if seen is None:
                seen, seen_at = {_key(name, one) for name, one in found}, loop.time()
                continue
            if loop.time() - seen_at < SURE_S:
                continue
            sure = [(name, one) for name, one in found if _key(name, one) in seen]
            seen = None
            try:
                await self._raise(sure, today)
            except Refused as error:  # the store is away, or midnight came between
                await logger.awarning("overdue work is raised later", reason=error.code)
                continue
            async with tenure.session.turn() as connection:
                await connection.execute('UPDATE looked SET "on" = $1', today)
            self._looked_on = today

    def _overdue(self, today: date) -> list[tuple[str, Overdue]]:
        """By programme; on a day off nobody is called late."""
        return [
            (name, one)
            for name, known in self._roll.programmes()
            if known.calendar.is_working(today)
            for one in deadlines.overdue(
                name, known, self._owed.get(name, {}), self._set_by.get(name, {}), today
            )
        ]

    async def _raise(self, found: Iterable[tuple[str, Overdue]], today: date) -> None:
        by_programme: dict[str, list[Overdue]] = {}
        for name, one in found:
            by_programme.setdefault(name, []).append(one)
        for name, known in self._roll.programmes():
            lines = raised(known, by_programme.get(name, []), today)
            for recipient, told in sorted(lines.items(), key=lambda one: one[0]):
                await self._tell(name, recipient, told, today)

    async def _tell(
        self, programme: str, recipient: Recipient, lines: list[Line], today: date
    ) -> None:
        organisation, role = recipient
        stream = Stream("notice", f"{programme}/{organisation}")
        site: ProgrammeSite = {"programme": programme, "effective_on": today}
        at = self._log.clock()
        key = f"{self._log.service}/{OVERDUE}/{stream.subject}/{role}/{today.isoformat()}"
        notice_id = str(uuid5(NAMESPACE_URL, f"{key}/{IN_APP}"))

        def decision(inbox: Inbox) -> list[NoticeEvent]:
            return raise_overdue(
                inbox, notice_id, organisation, role, lines, POLICY_VERSION, site, at=at
            )

        _, inbox = await self._log.state(stream)
        if decision(inbox):  # else its key would be kept for nothing, day after day
            cause = UUID(lines[0].cause)
            command = Command(
                key=key,
                fingerprint=sha256(key.encode()).digest(),
                actor=f"fuyan:{self._log.service}",
                correlation=cause,
                causation=cause,
            )
            await self._log.decide(command, stream, decision)


def _key(programme: str, one: Overdue) -> Key:
    return (programme, one.about, one.due_on)
