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
    stream = _case(event)

    def decide(case: Case, programme: Programme) -> Changes:
        return Changes({stream: open_case(case, programme, event)})

    return Reaction((stream, Stream("programme", event.programme)), decide)


def withdrawal(received: Received) -> Reaction:
    """The case grants a withdrawal or refuses it."""
    event = received.event
    assert isinstance(event, WithdrawalRequested)
    stream = _case(event)

    def decide(case: Case) -> Changes:
        return Changes({stream: answer_withdrawal(case, event)})

    return Reaction((stream,), decide)


HANDLERS: Mapping[type[Any], Handler] = {
    ApplicationSubmitted: submitted,
    WithdrawalRequested: withdrawal,
}


def _case(event: ApplicationSubmitted | WithdrawalRequested) -> Stream:
    return Stream("case", f"{event.programme}/{event.township}/{event.round}")
