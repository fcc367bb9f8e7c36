"""Which events of a dossier may be erased by law, and by whose order."""

from fastapi import APIRouter

from services.submission import programmes
from services.submission.place import programme_of
from shared.contracts import dossier
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web import erasures
from shared.web.auth import Principal

# Cases were opened by applications, and what became of them ended the dossier's round: whoever is
# wronged by one of these has it decided anew.
_STOOD_UPON = {
    dossier.ApplicationSubmitted,
    dossier.ApplicationReturned,
    dossier.ApplicationClosed,
}
ERASABLE = {"dossier": frozenset(dossier.EVENTS.values()) - _STOOD_UPON}


def routes(log: Log) -> APIRouter:
    async def may(who: Principal, code: str) -> None:
        known = await programme_of(log, code)
        if not programmes.acts_as(known, who.organisation, known.district):
            raise Refused("other-organisation", organisation=known.district)

    return erasures.routes(log, ERASABLE, may)
