"""What a case announces of its team and its marks, for the tests of who has what to do."""

from datetime import date

from shared.contracts import case, dossier
from tests.unit.story import Story


def seated(story: Story, township: str, on: date, *officers: str, round: int = 1) -> Story:
    """A team whose first officer leads it; everybody marks the same category."""
    return story.case(
        case.TeamAppointed,
        township,
        round,
        on,
        team_version=1,
        members=tuple(
            case.Member(
                officer=officer,
                organisation="d",
                role="member" if at else "leader",
                categories=("staff",),
            )
            for at, officer in enumerate(officers)
        ),
        recused=(),
        min_markers=2,
    )


def recused(story: Story, township: str, on: date, officer: str) -> Story:
    return story.case(
        case.MemberRecused, township, 1, on, officer=officer, organisation="d", reason_code="kin"
    )


def marked(
    story: Story, township: str, on: date, officer: str, supersedes: int | None = None
) -> Story:
    return story.case(
        case.MarksRecorded,
        township,
        1,
        on,
        officer=officer,
        organisation="d",
        inspected_on=on,
        categories=("staff",),
        marks=(),
        supersedes=supersedes,
    )


def taking_back(story: Story, township: str, on: date) -> Story:
    return story.dossier(
        dossier.WithdrawalRequested,
        township,
        on,
        application_id="A1",
        round=1,
        requested_on=on,
        reason="再准备",
    )


def kept(story: Story, township: str, on: date) -> Story:
    return story.case(case.WithdrawalRefused, township, 1, on, reason="已在初验")
