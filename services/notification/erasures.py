"""Which events of an inbox may be erased by law, and by whose order."""

from fastapi import APIRouter

from services.notification.bulletin_access import of_district
from shared.clock import civil_day
from shared.contracts import notice
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import erasures
from shared.web.auth import Principal

# A notice holds no words of its own; only that somebody read it names a person. A bulletin was
# signed and sent, and is corrected by another.
ERASABLE = {"notice": frozenset({notice.Read})}


def routes(log: Log) -> APIRouter:
    async def may(who: Principal, code: str) -> None:
        _, known = await log.state(Stream("programme", code))
        of_district(who, known, code, civil_day(log.clock()))

    return erasures.routes(log, ERASABLE, may)
