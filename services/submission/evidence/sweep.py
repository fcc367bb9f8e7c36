"""What happens to evidence by itself: yesterday's uploads are forgotten, erasures are finished."""

import asyncio

import structlog

from services.submission.evidence.intake import Intake
from services.submission.evidence.register import Register
from services.submission.evidence.store import EvidenceStore
from services.submission.settings import SubmissionSettings
from shared.store.log import Log, Tenure
from shared.store.pool import Pool
from shared.store.streams import Unavailable

EVERY_S = 600.0

logger = structlog.get_logger(__name__)


class Sweep:
    """A duty of the log's writer, so that one process does it; a store that is away is no end."""

    def __init__(self, log: Log, tables: Pool, settings: SubmissionSettings) -> None:
        self._degraded = log.degraded
        register = Register(tables)
        self._store = EvidenceStore(settings, register)
        self._intake = Intake(self._store, register, log.clock)
        self._checked = settings.evidence is not None

    async def before(self, tenure: Tenure) -> None:
        """Nothing to look at."""

    async def run(self, tenure: Tenure) -> None:
        """Sweep every ten minutes, until cancelled."""
        while True:
            try:
                if self._checked:
                    await self._store.check()
                await self._intake.sweep()
                self._degraded.pop("evidence", None)
            except Exception as error:  # raising would end the tenure, and all writing with it
                code = error.code if isinstance(error, Unavailable) else type(error).__name__
                self._degraded["evidence"] = code
                await logger.awarning("evidence was not swept", error=repr(error))
            await asyncio.sleep(EVERY_S)
