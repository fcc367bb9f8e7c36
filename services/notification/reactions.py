"""From an event of another service to a notice in each inbox that shall hear of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from services.notification import programmes
from services.notification.notice import IN_APP, Inbox, Telling, tell
from services.notification.policies import POLICY_VERSION, Hearer, due_on, hearers, named_in, scope
from services.notification.programmes import Programme
from services.notification.sentences import TEMPLATES
from services.notification.templates import TEMPLATE_VERSION
from shared.contracts.blocks import OfTownship, ProgrammeSite
from shared.contracts.erased import BY_CONTEXT
from shared.contracts.programme import ProgrammeEvent
from shared.contracts.registry import CONTEXTS, SHAPES, Event, decode, newest
from shared.messaging.reactions import Handler, Reaction, Received
from shared.store.log import Log, Tenure
from shared.store.streams import Changes, Stream, Unavailable

FOLLOWED = ("programme", "dossier", "case")
ERASED = frozenset(BY_CONTEXT.values())


class Roll:
    """Who takes part in which programme, in memory, so that a handler can name inboxes at once.

    Only a hint: a decision goes by what the log itself has heard. A duty, to begin each tenure
    with all that was heard before.
    """

    def __init__(self) -> None:
        self._known: dict[str, Programme] = {}

    def hear(self, event: ProgrammeEvent) -> None:
        """Hearing the same again changes nothing."""
        known = self._known.get(event.programme, Programme())
        self._known[event.programme] = programmes.evolve(known, event)

    def organisations(self, event: Event) -> frozenset[str]:
        """Whoever may have to hear of it, and all who ever took their place."""
        known = self._known.get(event.programme, Programme())
        return known.line_of(programmes.organisations(known, scope(event)) | named_in(event))

    def programmes(self) -> list[tuple[str, Programme]]:
        """Every programme that was heard of, by its code."""
        return sorted(self._known.items())

    async def before(self, tenure: Tenure) -> None:
        async with tenure.session.turn() as connection:
            rows = await connection.fetch(
                "SELECT type, data FROM heard WHERE context = 'programme' AND data <> ''"
                " ORDER BY subject, version"
            )
        self._known.clear()
        for name, data in rows:
            if name in SHAPES:
                self.hear(decode(name, data))  # type: ignore[arg-type]  # of that context only

    async def run(self, tenure: Tenure) -> None:
        await asyncio.Event().wait()


def handlers(
    log: Log, roll: Roll, watch: Callable[[Event, UUID], None]
) -> Mapping[type[Any], Handler]:
    """One handler per followed event; `watch` is told of each as well."""

    def told(received: Received) -> Reaction | None:
        watch(received.event, received.record.id)
        return telling(received, roll, log.clock())

    def heard(received: Received) -> Reaction | None:
        roll.hear(received.event)  # type: ignore[arg-type]  # handed programme events only
        return told(received)

    return {
        event: heard if context == "programme" else told
        for context in FOLLOWED
        for event in CONTEXTS[context].events.values()
        if event not in ERASED  # nobody is told: what it was is gone from every sentence as well
    }


def telling(received: Received, roll: Roll, at: datetime) -> Reaction | None:
    """A notice for each hearer of an event, all in one append.

    No order holds between topics: a township's doing may arrive before its enrolment did. Then the
    decision waits, and finds more inboxes when this is asked again.
    """
    event = received.event
    if newest(received.record.type) not in TEMPLATES:
        return None
    organisations = sorted(roll.organisations(event))
    inboxes = [Stream("notice", f"{event.programme}/{name}") for name in organisations]

    def decision(heard: Programme, *states: Inbox) -> Changes:
        by_organisation = dict(zip(organisations, states, strict=True))
        site: ProgrammeSite = {"programme": event.programme, "effective_on": event.effective_on}
        changes = {}
        for hearer in _hearers(received, heard, by_organisation):
            subject = f"{event.programme}/{hearer.organisation}"
            inbox = by_organisation[hearer.organisation]
            changes[Stream("notice", subject)] = tell(
                inbox, _telling(hearer, received), site, at=at
            )
        return Changes(changes)

    return Reaction([Stream("programme", event.programme), *inboxes], decision)


def _hearers(
    received: Received, known: Programme, inboxes: Mapping[str, Inbox]
) -> Sequence[Hearer]:
    """Raises Unavailable while the programme, or the township's place in it, is not heard of."""
    event = received.event
    # Never for an event of the programme itself: it would wait for what comes behind it.
    early = isinstance(event, OfTownship) and event.township not in known.townships
    found = hearers(event, received.record.actor, known)
    if early or any(hearer.organisation not in inboxes for hearer in found):
        raise Unavailable("not-yet-known", heard=f"programme/{event.programme}")
    return found


def _telling(hearer: Hearer, received: Received) -> Telling:
    record, event = received.record, received.event
    return Telling(
        # By cause and recipient, so that a notice has the same id however often it is decided.
        notice_id=str(uuid5(record.id, f"{hearer.organisation}/{IN_APP}")),
        organisation=hearer.organisation,
        role=hearer.role,
        policy=hearer.policy,
        policy_version=POLICY_VERSION,
        cause=str(record.id),
        template=record.type,
        template_version=TEMPLATE_VERSION,
        copy=hearer.copy,
        digest=hearer.digest,
        township=getattr(event, "township", None),
        due_on=due_on(event),
    )
