"""How a service hears events from a test, where Kafka would speak."""

from collections.abc import Mapping
from typing import Any

from shared.contracts.registry import decode
from shared.events.envelope import Identity, Record
from shared.messaging.follow import Place, place
from shared.messaging.reactions import Handler, Received
from shared.store.batch import Step
from shared.store.command import Command
from shared.store.log import Log, Tenure
from shared.store.streams import NOTHING


async def heed(
    log: Log, tenure: Tenure, handlers: Mapping[type[Any], Handler], record: Record
) -> bool:
    """As `shared.messaging.reactions` would: the head, the kept copy, and what it leads to.

    What was heard before is skipped; False says so. One that comes before its predecessor is the
    test's own mistake.
    """
    who = Identity(record.context, record.subject, record.version, record.id, record.type)
    where = place(tenure.writer.heads, who)
    if where is Place.KNOWN:
        return False
    assert where is Place.NEXT, f"{who} comes before its predecessor"
    step = Step(
        head=(record.context, record.subject, record.version, record.id),
        topic=f"fuyan.{record.context}.v1",
        partition=0,
        next_offset=record.position,
        id=record.id,
        kept=record,
    )
    event = decode(record.type, record.data)
    handler = handlers.get(type(event))
    reaction = handler(Received(record, event)) if handler else None
    if reaction is None:
        await log.follow(tenure, step, (), lambda: NOTHING, None)
        return True
    command = Command(
        key=f"{log.service}/{record.context}/{record.subject}@{record.version}",
        fingerprint=record.id.bytes,
        actor=f"fuyan:{log.service}",
        correlation=record.correlation,
        causation=record.id,
    )
    await log.follow(tenure, step, reaction.reading, reaction.decision, command)
    return True
