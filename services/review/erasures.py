"""Which events of a programme or a case may be erased by law, and by whose order."""

from fastapi import APIRouter

from services.review.access import of_district
from shared.contracts import case, programme
from shared.store.log import Log
from shared.store.streams import Stream
from shared.web import erasures
from shared.web.auth import Principal

# What a programme publishes is its law, and decisions, titles and money of a case stand until they
# are corrected or revoked: that is how one of these is put right.
ERASABLE = {
    "programme": frozenset({programme.AnnualAssessmentIssued}),
    "case": frozenset(
        {
            case.WithdrawalRefused,
            case.TeamAppointed,
            case.MemberRecused,
            case.InspectionScheduled,
            case.InspectionHeld,
            case.MarksRecorded,
            case.ConsensusRecorded,
            case.RecommendationReturned,
            case.CityMarksRecorded,
        }
    ),
}


def routes(log: Log) -> APIRouter:
    async def may(who: Principal, code: str) -> None:
        _, known = await log.state(Stream("programme", code))
        of_district(who, known, code)

    return erasures.routes(log, ERASABLE, may)
