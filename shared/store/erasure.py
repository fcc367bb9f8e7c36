"""Whether the data of an event may go, and what the record says about it then."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from shared.contracts.blocks import Document
from shared.contracts.erased import BY_CONTEXT, Erased
from shared.contracts.refusals import Refused, not_before
from shared.contracts.registry import decode
from shared.events.envelope import Record
from shared.store.command import Heard
from shared.store.streams import Aggregate

_SAID_ANEW = frozenset({"effective_on", "backdated_reason", "document"})
_OF_ERASURE = frozenset({"subject", "version", "basis", "reason"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What orders an erasure, and when it was carried out."""

    basis: Document
    reason: str | None
    effective_on: date
    backdated_reason: str | None = None
    document: Document | None = None


def erase(
    history: Sequence[Record],
    aggregate: Aggregate[Any],
    erasable: Collection[type],
    wanted: Heard,
    order: Order,
) -> list[Erased]:
    """Have the data of one event of a stream go; what the stream says without it must hold.

    `history` is the whole stream. Raises Refused: `unknown-event`, `already-erased`,
    `event-carries-state` for what others stand on, `effective-day-too-early`.
    """
    found = next((one for one in history if one.version == wanted.version), None)
    if found is None:
        raise Refused("unknown-event", event=str(wanted))
    if found.erased:
        raise Refused("already-erased", event=str(wanted))
    event = decode(found.type, found.data)
    if type(event) not in erasable:
        raise Refused("event-carries-state", event=str(wanted), type=found.type)
    not_before(order.effective_on, found.effective_on)
    try:
        _fold([one for one in history if one is not found], aggregate)
    except Exception as error:  # whatever a fold raises that lacks what a later event builds on
        raise Refused("event-carries-state", event=str(wanted), type=found.type) from error
    shape = BY_CONTEXT[found.context]
    # Who and where, as the event itself said it; of its content nothing.
    block = {
        one.name: getattr(event, one.name)
        for one in fields(shape)
        if one.name not in _SAID_ANEW | _OF_ERASURE
    }
    return [
        shape(
            **block,
            effective_on=order.effective_on,
            backdated_reason=order.backdated_reason,
            document=order.document,
            subject=found.subject,
            version=found.version,
            basis=order.basis,
            reason=order.reason,
        )
    ]


def _fold(history: Sequence[Record], aggregate: Aggregate[Any]) -> None:
    state = aggregate.initial
    for record in history:
        state = aggregate.read(state, record.type, record.data)
