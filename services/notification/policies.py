"""Who hears of what. A change here is a new `POLICY_VERSION`, since every notice names it.

No nagging: nobody is told of their own act, one letter is one notice, and what merely echoes
something already told stays silent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.notification.programmes import Member, Programme
from shared.contracts import case, dossier, programme
from shared.contracts.blocks import OfTownship
from shared.contracts.registry import Event

POLICY_VERSION = 1


@dataclass(frozen=True, slots=True)
class Hearer:
    """A recipient, the role it hears in, and the policy that says so; `copy` marks a 抄报."""

    organisation: str
    role: str
    policy: str
    copy: bool = False


def hearers(event: Event, actor: str, known: Programme) -> list[Hearer]:
    """Each organisation at most once, and never the one that acted itself.

    `actor` is `<organisation>:<officer>`, as the event's envelope names it.
    """
    acting = actor.partition(":")[0]
    found: dict[str, Hearer] = {}
    for hearer in _wanted(event, acting, known):
        if hearer.organisation != acting:
            found.setdefault(hearer.organisation, hearer)
    return list(found.values())


def named_in(event: Event) -> frozenset[str]:
    """Organisations that an event itself calls upon, beside those of its programme."""
    match event:
        case case.Recommended():
            return frozenset({event.to})
        case case.TeamAppointed():
            return frozenset(member.organisation for member in event.members)
        case programme.TownshipEnrolled():
            return frozenset({event.office, event.government})
        case OfTownship():
            return frozenset({event.office})
        case _:
            return frozenset()


def due_on(event: Event) -> date | None:
    """The day by which a recipient has something to do, where the event sets one."""
    match event:
        case case.Returned():
            return event.resubmit_by_on
        case programme.BatchAnnounced():
            return event.closes_on
        case dossier.DeficiencyFound() | dossier.DeficiencyReopened():
            return event.due_on
        case _:
            return None


def _wanted(event: Event, acting: str, known: Programme) -> Iterator[Hearer]:
    match event:
        case OfTownship():
            member = known.townships.get(event.township)
            government = None if member is None else member.government
            yield from _township(event, acting, event.office, government)
            if known.district is not None and _concerns_district(event):
                yield Hearer(known.district, "officer", "district-follows")
            yield from _called(event)
        case programme.TownshipEnrolled():
            yield from _both(Member(office=event.office, government=event.government))
        case programme.TownshipWithdrawn():
            if (left := known.townships.get(event.township)) is not None:
                yield from _both(left)
        case programme.BatchAnnounced() | programme.StandardPublished() | programme.Closed():
            for member in known.enrolled:
                yield Hearer(member.office, "head", "all-offices")


def _township(
    event: OfTownship, acting: str, office: str, government: str | None
) -> Iterator[Hearer]:
    """Its office hears of everything about itself; its government gets a copy of what counts."""
    if _echo(event):
        return
    yield Hearer(office, "head", "office-about-itself")
    # Of the office's own doing only what it signs goes up: its working papers are its own.
    if government is not None and (acting != office or isinstance(event, _SIGNED)):
        yield Hearer(government, "gov", "government-copy", copy=True)


def _both(member: Member) -> Iterator[Hearer]:
    yield Hearer(member.office, "head", "office-about-itself")
    yield Hearer(member.government, "gov", "government-copy", copy=True)


_SIGNED = (
    dossier.PlanFiled,
    dossier.PlanRevised,
    dossier.ApplicationSubmitted,
    dossier.WithdrawalRequested,
)


def _echo(event: OfTownship) -> bool:
    """Something its office was told already by another event, or must not hear of yet."""
    match event:
        case dossier.ApplicationReturned() | dossier.ApplicationClosed():
            return True  # the case has said so
        case dossier.DeficiencyFound():
            return event.case_id is not None  # a line of a return, which lists them all
        case case.Closed():
            return event.outcome in ("awarded", "failed", "returned")  # told by that decision
        case case.MarksRecorded():
            return True  # members mark independently: nobody hears before they agree
        case _:
            return False


def _concerns_district(event: OfTownship) -> bool:
    match event:
        case dossier.RectificationCompleted():
            return event.late_wd > 0  # done in time it is the office's own business
        case case.Returned():
            return event.by == "city"
        case _:
            return isinstance(event, _FOLLOWED_BY_DISTRICT)


_FOLLOWED_BY_DISTRICT = (
    *_SIGNED,
    case.ApplicationRejected,
    case.MemberRecused,
    case.CityMarksRecorded,
    case.CityPassed,
    case.CityFailed,
    case.TitleAwarded,
    case.RewardGranted,
    case.RewardPaid,
)


def _called(event: OfTownship) -> Iterator[Hearer]:
    match event:
        case case.Recommended():
            if event.cases[0] == event.case_id:  # a letter names many cases and is told once
                yield Hearer(event.to, "city", "city-receives")
        case case.TeamAppointed():
            for member in event.members:
                yield Hearer(member.organisation, "member", "team-called")
