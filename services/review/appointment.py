"""Who inspects: a team of strangers to the office, led by one.

Nobody judges the office they come from: not who served in it on any day from the application to
the act in question, by the dated directory, wherever they serve now. It is asked at the
appointment, of each marking, and of all once more when the team agrees, so that a transfer in
between shows. Standing aside holds for this case; the next round is a case of its own.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.review.case import Case, block, evolve, pinned, under_review
from services.review.programmes.programme import Programme
from services.review.programmes.standards import no_duplicates
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.case import (
    CaseEvent,
    Member,
    MemberRecused,
    Opened,
    Recusal,
    TeamAppointed,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused

TEAM_AT_LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who shall sit on a team, and for which categories."""

    officer: str
    leads: bool
    categories: tuple[str, ...]


def appoint_team(
    case: Case,
    programme: Programme,
    seats: Sequence[Seat],
    *,
    organisations: Mapping[str, str],
    insiders: Collection[str] = (),
    recused: Sequence[Recusal] = (),
    min_markers: int = 1,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Appoint the team, or replace it whole; marks of those who stay go on counting.

    `organisations` says by the dated directory where each officer served on the effective day,
    `insiders` who served in the office itself on any day since it applied. Every
    category is given to at least `min_markers` of them. Raises Refused: `team-too-small`,
    `duplicate-code`, `leaders-not-one`, `officer-unknown`, `own-office-reviewer`,
    `officer-recused`, `unknown-category`, `categories-not-covered`.
    """
    opened = under_review(case, "opened", "appointed")
    no_duplicates("officer", (seat.officer for seat in seats))
    if len(seats) < TEAM_AT_LEAST:
        raise Refused("team-too-small", members=len(seats), at_least=TEAM_AT_LEAST)
    leaders = sum(seat.leads for seat in seats)
    if leaders != 1:
        raise Refused("leaders-not-one", leaders=leaders)
    aside = case.recused | {one.officer for one in recused}
    for seat in seats:
        if seat.officer in aside:
            raise Refused("officer-recused", officer=seat.officer)
        if seat.officer not in organisations:
            raise Refused("officer-unknown", officer=seat.officer, day=site["effective_on"])
    day, office = site["effective_on"], opened.office
    own = {who for who, where in organisations.items() if programme.acts_as(where, office, day)}
    check_strangers(opened, [seat.officer for seat in seats], own.union(insiders))
    _check_shares(pinned(case, programme), seats, min_markers)
    return [
        TeamAppointed(
            **block(case, site),
            team_version=case.team.team_version + 1 if case.team else 1,
            members=tuple(
                Member(
                    officer=seat.officer,
                    organisation=organisations[seat.officer],
                    role="leader" if seat.leads else "member",
                    categories=seat.categories,
                )
                for seat in seats
            ),
            recused=tuple(recused),
            min_markers=min_markers,
        )
    ]


def recuse_member(
    case: Case, officer: str, *, reason_code: str, site: ProgrammeSite
) -> list[CaseEvent]:
    """Step down; what was marked stays on record and counts no longer."""
    under_review(case, "appointed")
    member = seated(case, officer)
    return [
        MemberRecused(
            **block(case, site),
            officer=officer,
            organisation=member.organisation,
            reason_code=reason_code,
        )
    ]


def replace_member(
    case: Case,
    programme: Programme,
    officer: str,
    *,
    replaced_by: str,
    reason_code: str,
    organisations: Mapping[str, str],
    insiders: Collection[str] = (),
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Let a member step down and another take the seat: the team stands again in one act.

    Raises Refused: `not-on-team`, and for the new member what `appoint_team` refuses.
    """
    under_review(case, "appointed")
    member, team = seated(case, officer), case.team
    stepped = MemberRecused(
        **block(case, site),
        officer=officer,
        organisation=member.organisation,
        reason_code=reason_code,
        replaced_by=replaced_by,
    )
    seats = [
        Seat(
            officer=replaced_by if one == officer else one,
            leads=held.role == "leader",
            categories=held.categories,
        )
        for one, held in case.members.items()
    ]
    # Who stays was looked up when appointed, and is where the team has them.
    stay = {one: held.organisation for one, held in case.members.items() if one != officer}
    return [
        stepped,
        *appoint_team(
            evolve(case, stepped),
            programme,
            seats,
            organisations={**organisations, **stay},
            insiders=insiders,
            min_markers=team.min_markers if team else 1,
            site=site,
        ),
    ]


def check_strangers(opened: Opened, officers: Iterable[str], insiders: Collection[str]) -> None:
    """Refused("own-office-reviewer") for the first officer who is of the office under review."""
    for officer in officers:
        if officer in insiders:
            raise Refused("own-office-reviewer", officer=officer, office=opened.office)


def seated(case: Case, officer: str) -> Member:
    """The officer's seat on the team; Refused("not-on-team")."""
    if officer not in case.members:
        raise Refused("not-on-team", officer=officer)
    return case.members[officer]


def _check_shares(standard: StandardPublished, seats: Sequence[Seat], min_markers: int) -> None:
    given = Counter(category for seat in seats for category in set(seat.categories))
    codes = [category.code for category in standard.categories]
    for category in given:
        if category not in codes:
            raise Refused("unknown-category", category=category)
    uncovered = [code for code in codes if given[code] < min_markers]
    if uncovered:
        raise Refused("categories-not-covered", categories=uncovered, min_markers=min_markers)
