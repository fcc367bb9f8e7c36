"""What review does about the events of a dossier."""

from collections.abc import Mapping
from typing import Any

from services.review.case import Case
from services.review.case_opening import answer_withdrawal, open_case
from services.review.programmes.programme import Programme
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.messaging.reactions import Handler, Reaction, Received
from shared.store.streams import Changes, Stream

# A dossier counts its rounds one by one; a number made up elsewhere must not fill the memory.
EARLIER_AT_MOST = 100


def submitted(received: Received) -> Reaction:
    """An application opens a case, or is told why there is none."""
    event = received.event
    assert isinstance(event, ApplicationSubmitted)
    stream = _case(event, event.round)
    first = max(1, event.round - EARLIER_AT_MOST)
    before = [_case(event, round) for round in range(first, event.round)]

    def decide(case: Case, programme: Programme, *earlier: Case) -> Changes:
        return Changes({stream: open_case(case, programme, event, earlier=earlier)})

    return Reaction((stream, Stream("programme", event.programme), *before), decide)


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
