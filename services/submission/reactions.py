"""What a dossier hears of its case."""

from collections.abc import Callable, Mapping
from typing import Any

from services.submission import programmes
from services.submission.dossier import Dossier
from services.submission.echoes import follow_close, follow_rejection, follow_return
from services.submission.programmes import Programme
from shared.contracts import case
from shared.contracts.blocks import OfCase, TownshipSite
from shared.contracts.dossier import DossierEvent
from shared.messaging.reactions import Handler, Reaction, Received
from shared.store.streams import Changes, Stream

Echo = Callable[[Dossier, Programme, TownshipSite], list[DossierEvent]]


def returned(received: Received) -> Reaction:
    """The items that were sent back become deficiencies, under the standard of the application."""
    event = received.event
    assert isinstance(event, case.Returned)

    def echo(dossier: Dossier, programme: Programme, site: TownshipSite) -> list[DossierEvent]:
        application = dossier.application(event.application_id)
        if application is None:
            return []
        version = application.submitted.standard.version
        standard = programmes.standard_version(programme, version)
        return follow_return(dossier, site, event, standard)

    return _reaction(event, echo)


def rejected(received: Received) -> Reaction:
    """No case was opened."""
    event = received.event
    assert isinstance(event, case.ApplicationRejected)
    return _reaction(event, lambda dossier, _, site: follow_rejection(dossier, site, event))


def closed(received: Received) -> Reaction:
    """The case is over, and the office may apply again."""
    event = received.event
    assert isinstance(event, case.Closed)
    return _reaction(event, lambda dossier, _, site: follow_close(dossier, site, event))


HANDLERS: Mapping[type[Any], Handler] = {
    case.Returned: returned,
    case.ApplicationRejected: rejected,
    case.Closed: closed,
}


def _reaction(event: OfCase, echo: Echo) -> Reaction:
    dossier = Stream("dossier", f"{event.programme}/{event.township}")
    site = TownshipSite(
        programme=event.programme,
        effective_on=event.effective_on,
        township=event.township,
        township_name=event.township_name,
        office=event.office,
    )

    def decide(state: Dossier, programme: Programme) -> Changes:
        return Changes({dossier: echo(state, programme, site)})

    return Reaction((dossier, Stream("programme", event.programme)), decide)
