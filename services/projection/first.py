"""What the dashboard's page carries in itself, so that its first view needs no second request."""

from collections.abc import Awaitable, Callable
from datetime import date

import orjson

from services.projection.models.store import load_programmes
from services.projection.overview import overview
from services.projection.reading import Asked, Journal, Readings
from shared.contracts.refusals import Refused


def first_view(journal: Journal) -> Callable[[str | None, str | None], Awaitable[bytes]]:
    """Answers the overview of a programme (by default the first one) and day as JSON.

    `null` where there is none or it cannot be told now: then the page asks, and shows why.
    """
    readings = Readings(journal)

    async def first(programme: str | None, as_of: str | None) -> bytes:
        try:
            asked = Asked(as_of=date.fromisoformat(as_of) if as_of else None)
            if programme is None:
                async with journal.snapshot() as models:
                    rows = await load_programmes(models)
                if not rows:
                    return b"null"
                programme = rows[0].programme
            seen = await readings.see(programme, asked)
        except (Refused, ValueError):
            return b"null"
        return orjson.dumps(overview(seen.picture, today=seen.today, position=seen.position))

    return first
