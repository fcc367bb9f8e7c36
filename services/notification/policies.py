"""Who hears of what. A change here is a new `POLICY_VERSION`, since every notice names it.

Of each step of the path the township's office and the district get one notice, also of a step
that they took themselves: there it is the receipt (回执) that what they did has arrived. What the
team agreed is the exception: the office and its government hear the district's decision.

No nagging: beside the steps nobody is told of their own act, one letter to the city is one notice
there, and what merely echoes something already told stays silent: also the end of a case that was
returned or failed, since that decision was told. A good practice is one quiet line for the other
offices: a digest, which asks nobody for anything.

Whoever took another organisation's place hears in its stead, from its own day on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from services.notification.programmes import Programme
from shared.contracts import case, dossier, programme
from shared.contracts.blocks import OfTownship
from shared.contracts.registry import Event

POLICY_VERSION = 4

STEPS = (
    dossier.PlanFiled,
    dossier.PlanRevised,
    dossier.SelfAssessmentRecorded,
    dossier.RectificationCompleted,
    dossier.ApplicationSubmitted,
    dossier.WithdrawalRequested,
    case.ApplicationRejected,
    case.WithdrawalRefused,
    case.Opened,
    case.TeamAppointed,
    case.InspectionScheduled,
    case.InspectionHeld,
    case.ConsensusRecorded,
    case.VetoRecorded,
    case.Returned,
    case.PreliminaryPassed,
    case.PreliminaryFailed,
    case.Recommended,
    case.RecommendationReturned,
    case.CityMarksRecorded,
    case.CityPassed,
    case.CityFailed,
    case.TitleAwarded,
    case.TitleCorrected,
    case.TitleRevoked,
    case.RewardGranted,
    case.RewardPaid,
    case.RewardCancelled,
    case.Closed,
)
"""What brings a township forward or back; of a rectification only the one that ends them all."""


@dataclass(frozen=True, slots=True)
class Hearer:
    """A recipient, the role it hears in, and the policy that says so; `copy` marks a 抄报.

    A `digest` is for reading at leisure: nothing is asked of its recipient.
    """

    organisation: str
    role: str
    policy: str
    copy: bool = False
    digest: bool = False


def hearers(event: Event, actor: str, known: Programme) -> list[Hearer]:
    """Each organisation at most once; the one that acted only where it is due a receipt.

    `actor` is `<organisation>:<officer>`, as the event's envelope names it.
    """
    acting = actor.partition(":")[0]
    found: dict[str, Hearer] = {}
    for hearer in _of_step(event, known):
        now = known.acting(hearer.organisation, event.effective_on)
        found.setdefault(now, replace(hearer, organisation=now))
    for hearer in _concerned(event, acting, known):
        now = known.acting(hearer.organisation, event.effective_on)
        if now != acting:
            found.setdefault(now, replace(hearer, organisation=now))
    return list(found.values())


def scope(event: Event) -> str | None:
    """The township whose organisations may have to hear of it; None for those of all townships."""
    if isinstance(event, OfTownship) and not isinstance(event, dossier.GoodPracticeShared):
        return event.township
    return None


def named_in(event: Event) -> frozenset[str]:
    """Organisations that an event itself calls upon, beside those of its programme."""
    match event:
        case case.Recommended():
            return frozenset({event.office, event.to})
        case case.TeamAppointed():
            return frozenset({event.office, *(member.organisation for member in event.members)})
        case programme.TownshipEnrolled():
            return frozenset({event.office, event.government})
        case programme.TownshipWithdrawn():
            return frozenset({event.office})
        case dossier.FundingRequested():
            return frozenset({event.office, event.asked_of})
        case OfTownship():
            return frozenset({event.office})
        case _:
            return frozenset()


def due_on(event: Event) -> date | None:
    """The day by which a recipient has something to do, where the event sets one."""
    match event:
        case case.Returned() | case.RecommendationReturned():
            return event.resubmit_by_on
        case programme.BatchAnnounced():
            return event.closes_on
        case dossier.FundingRequested():
            return event.needed_on
        case dossier.DeficiencyFound() | dossier.DeficiencyReopened():
            return event.due_on
        case _:
            return None


def _of_step(event: Event, known: Programme) -> Iterator[Hearer]:
    match event:
        case dossier.RectificationCompleted(open_left=left) if left > 0:
            return  # 整改全部销号 is the step, not each item on the way
        case case.Closed(outcome="failed" | "returned"):
            return
        case OfTownship() if isinstance(event, STEPS):
            if not isinstance(event, case.ConsensusRecorded):
                yield Hearer(event.office, "head", "step-to-office")
            if known.district is not None:
                yield Hearer(known.district, "officer", "step-to-district")


def _concerned(event: Event, acting: str, known: Programme) -> Iterator[Hearer]:
    match event:
        case dossier.FundingRequested():
            yield Hearer(event.asked_of, "gov", "funding-asked")
        case dossier.FundingDecided():
            yield Hearer(event.office, "head", "office-about-itself")
        case dossier.GoodPracticeShared():
            for code, other in known.townships.items():
                heard = event.publicity != "named" or code in event.shared_with
                if other.enrolled and other.office != event.office and heard:
                    yield Hearer(other.office, "head", "good-practice", digest=True)
        case OfTownship():
            member = known.townships.get(event.township)
            government = None if member is None else member.government
            yield from _township(event, acting, event.office, government)
            if known.district is not None and _concerns_district(event):
                yield Hearer(known.district, "officer", "district-follows")
            yield from _called(event)
        case programme.TownshipEnrolled():
            yield from _both(event.office, event.government)
        case programme.TownshipWithdrawn():
            if (left := known.townships.get(event.township)) is not None:
                yield from _both(left.office, left.government)
        case programme.OrganisationRenamed():
            yield from _of_new_name(event, known)
        case (
            programme.BatchAnnounced()
            | programme.StandardPublished()
            | programme.PhaseRescheduled()
            | programme.TargetRescheduled()
            | programme.AnnualAssessmentIssued()
            | programme.Closed()
        ):
            for member in known.enrolled:
                yield Hearer(member.office, "head", "all-offices")


def _of_new_name(event: programme.OrganisationRenamed, known: Programme) -> Iterator[Hearer]:
    """A bureau's new name goes to all offices, which write to it; an office's to its own two."""
    bearer = event.successor_of or event.organisation
    bureaus = known.line_of(filter(None, (known.district, known.city)))
    for member in known.enrolled:
        if bearer in bureaus:
            yield Hearer(member.office, "head", "all-offices")
        elif bearer in known.line_of((member.office, member.government)):
            yield from _both(member.office, member.government)
            if known.district is not None:
                yield Hearer(known.district, "officer", "district-follows")


def _township(
    event: OfTownship, acting: str, office: str, government: str | None
) -> Iterator[Hearer]:
    """Its office hears of everything about itself; its government gets a copy of what counts."""
    if _echo(event) or isinstance(event, case.ConsensusRecorded):
        return
    yield Hearer(office, "head", "office-about-itself")
    # Of the office's own doing only what it signs goes up: its working papers are its own.
    if government is not None and (acting != office or isinstance(event, _SIGNED)):
        yield Hearer(government, "gov", "government-copy", copy=True)


def _both(office: str, government: str) -> Iterator[Hearer]:
    yield Hearer(office, "head", "office-about-itself")
    yield Hearer(government, "gov", "government-copy", copy=True)


_SIGNED = (
    dossier.PlanFiled,
    dossier.PlanRevised,
    dossier.ApplicationSubmitted,
    dossier.WithdrawalRequested,
)


def _echo(event: OfTownship) -> bool:
    """Something told already by another event, or that nobody must hear of yet."""
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
        case case.MemberRecused():
            return True
        case _:
            return False


def _called(event: OfTownship) -> Iterator[Hearer]:
    match event:
        case case.Recommended():
            if event.cases[0] == event.case_id:  # a letter names many cases and is told once
                yield Hearer(event.to, "city", "city-receives")
        case case.TeamAppointed():
            for member in event.members:
                yield Hearer(member.organisation, "member", "team-called")
