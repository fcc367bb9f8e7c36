"""What review does about the events of a dossier."""

from collections.abc import Mapping
from typing import Any

from services.review.case import Case, answer_withdrawal, open_case
from services.review.programme import Programme
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.messaging.reactions import Handler, Reaction, Received
from shared.store.streams import Changes, Stream


def submitted(received: Received) -> Reaction:
    """An application opens a case, or is told why there is none."""
    event = received.event
    assert isinstance(event, ApplicationSubmitted)
    stream = _case(event, event.round)
    # There is no round 0, and nothing happened in its stream.
    before = _case(event, event.round - 1)

    def decide(case: Case, programme: Programme, previous: Case) -> Changes:
        return Changes({stream: open_case(case, programme, event, previous=previous)})

    return Reaction((stream, Stream("programme", event.programme), before), decide)


def withdrawal(received: Received) -> Reaction:
    """The case grants a withdrawal or refuses it."""
    event = received.event
    assert isinstance(event, WithdrawalRequested)
    stream = _case(event, event.round)

    def decide(case: Case) -> Changes:
        return Changes({stream: answer_withdrawal(case, event)})

    return Reaction((stream,), decide)


HANDLERS: Mapping[type[Any], Handler] = {
    ApplicationSubmitted: submitted,
    WithdrawalRequested: withdrawal,
}


def _case(event: ApplicationSubmitted | WithdrawalRequested, round: int) -> Stream:
    return Stream("case", f"{event.programme}/{event.township}/{round}")
