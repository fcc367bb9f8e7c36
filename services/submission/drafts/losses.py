"""On which items the offices of a programme lose points: counts only, for whoever asks why."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.submission import programmes
from services.submission.dossier import Dossier
from services.submission.programmes import Programme
from shared.contracts.dossier import SelfAssessmentRecorded
from shared.contracts.programme import StandardPublished
from shared.standard import gaps
from shared.store.log import Log
from shared.store.streams import Stream


@dataclass(frozen=True, slots=True)
class Losses:
    """By item, how many offices lost points on it, and how many were assessed by it."""

    lost: Mapping[str, int]
    assessed: Mapping[str, int]


def losses(
    last: Iterable[tuple[StandardPublished, SelfAssessmentRecorded]],
) -> Losses:
    """Of each office's last assessment with the standard it was made by.

    An item that was not marked lost all of its points; one that does not apply lost none.
    """
    lost: dict[str, int] = {}
    assessed: dict[str, int] = {}
    for standard, assessment in last:
        for item in standard.items:
            assessed[item.code] = assessed.get(item.code, 0) + 1
        for gap in gaps(standard, assessment.marks):
            lost[gap.item] = lost.get(gap.item, 0) + 1
    return Losses(lost, assessed)


class LossesOf:
    """Counts anew only after something was recorded or heard: editing drafts is neither."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: dict[str, tuple[Programme, int, date, Losses]] = {}
        self._counting = asyncio.Lock()

    async def programme(self, programme: Programme, on: date) -> Losses:
        """Of the offices that take part on that day."""
        async with self._counting:  # or each of many clerks counts the same at once
            # Read before the dossiers: what comes in between is counted again, not missed.
            position = self._log.committed
            known = self._known.get(programme.code)
            if known is not None and known[0] is programme and known[1:3] == (position, on):
                return known[3]
            dossiers = await asyncio.gather(
                *(
                    self._log.state(Stream("dossier", f"{programme.code}/{township}"))
                    for township, enrolment in programme.townships.items()
                    if enrolment.left_on is None or on < enrolment.left_on
                )
            )
            counted = losses(_last(programme, (dossier for _, dossier in dossiers)))
            self._known[programme.code] = programme, position, on, counted
            return counted


def _last(
    programme: Programme, dossiers: Iterable[Dossier]
) -> Iterable[tuple[StandardPublished, SelfAssessmentRecorded]]:
    for dossier in dossiers:
        if dossier.assessments:
            last = dossier.assessments[-1]
            standard = programmes.standard_version(programme, last.standard.version)
            if standard is not None:
                yield standard, last
