"""Who stands before a file: asked of the programme and the cases that this service follows."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from services.submission import programmes
from services.submission.evidence import grants
from services.submission.evidence.grants import Grants, Reader
from services.submission.programmes import Programme
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web.auth import Principal


class Access:
    """Grants as they are now; a follower may hear of a new team a moment later."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def grounds(
        self, who: Principal, programme: str, township: str
    ) -> Callable[[date | None], str | None]:
        """Why one may read what a township kept on a day, or (None) anything; None: one may not."""
        known = await self._programme(programme)
        cases = await self._cases(programme, township)
        return partial(grants.grounds, reader_of(who), known, township, cases)

    async def check_adding(self, who: Principal, programme: str, township: str) -> None:
        """Refused: `unknown-programme`, `township-not-enrolled`, `other-organisation`."""
        known = programmes.known(await self._programme(programme), programme)
        office = programmes.enrolment(known, township).enrolled.office
        cases = await self._cases(programme, township)
        if not grants.may_add(reader_of(who), known, township, cases):
            raise Refused("other-organisation", organisation=office)

    async def leads(self, who: Principal, programme: str) -> bool:
        """Whether one acts for the district of a programme."""
        known = await self._programme(programme)
        return programmes.acts_as(known, who.organisation, known.district)

    async def _programme(self, code: str) -> Programme:
        _, found = await self._log.state(Stream("programme", code))
        programme: Programme = found
        return programme

    async def _cases(self, programme: str, township: str) -> Mapping[str, Grants]:
        rows = await self._log.rows(
            "SELECT subject FROM heard WHERE context = 'case' AND version = 1"
            " AND starts_with(subject, $1) ORDER BY subject",
            f"{programme}/{township}/",
        )
        return {row[0]: (await self._log.state(Stream("case", row[0])))[1] for row in rows}


def reader_of(who: Principal) -> Reader:
    """Who asks, as the grants know them."""
    return Reader(officer=who.officer, organisation=who.organisation, roles=who.roles)
