"""How a decided event becomes a record: its identity, its instants, its salt and its leaf."""

import os
from collections.abc import Collection
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as FastUUID  # a uuid.UUID, ten times as fast as text
from uuid_utils import uuid7

from shared.clock import civil_day
from shared.contracts.refusals import Refused
from shared.contracts.registry import Event, emitted
from shared.events.envelope import Record, leaf, noon, sealed
from shared.store.command import Command
from shared.store.schema import MAX_DATA_BYTES
from shared.store.streams import Stream, Unavailable


def check_day(event: Event, command: Command, arrived_at: datetime, today: date) -> None:
    """Nothing happens tomorrow; what happened before the command came says why it comes late."""
    if event.effective_on == today:
        return
    reaction = command.causation is not None
    if event.effective_on > today and reaction:  # its cause's clock is ahead of ours: it waits
        raise Unavailable("clock-behind", effective_on=event.effective_on, today_on=today)
    if event.effective_on > today:
        raise Refused("effective-day-in-future", effective_on=event.effective_on, today_on=today)
    if event.backdated_reason or reaction:
        return
    if event.effective_on < civil_day(arrived_at):
        raise Refused("backdated-reason-missing", effective_on=event.effective_on)


def new_id() -> UUID:
    """An event's, unique for ever."""
    return FastUUID(uuid7().bytes)


def recorded(
    installation: str,
    stream: Stream,
    version: int,
    position: int,
    id_: UUID,
    event: Event,
    command: Command,
    now: datetime,
    today: date,
    emit: Collection[str] = (),
) -> Record:
    """The event as it will stand in the log, in the version that is emitted here.

    Raises Refused: `event-too-large`, `emission-not-raised`.
    """
    type_, data = emitted(event, emit)
    if len(data) > MAX_DATA_BYTES:
        raise Refused("event-too-large", bytes=len(data), limit=MAX_DATA_BYTES)
    salt = os.urandom(16)
    record = Record(
        position=position,
        context=stream.context,
        subject=stream.subject,
        version=version,
        id=id_,
        type=type_,
        effective_on=event.effective_on,
        effective_at=now if event.effective_on == today else noon(event.effective_on),
        recorded_at=now,
        actor=command.actor,
        on_behalf_of=command.on_behalf_of,
        correlation=command.correlation,
        causation=command.causation or command.correlation,
        command=command.digest,
        traceparent=command.traceparent,
        data=data,
        salt=salt,
        leaf=b"",
    )
    datahash = sha256(salt + data).digest()
    return record._replace(leaf=leaf(sealed(record, installation), datahash))
