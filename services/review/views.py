"""What the review service answers about a case, and who may see how much of it."""

from datetime import date

from pydantic import BaseModel

from services.review.access import audited
from services.review.case import Case, Stage
from services.review.holdings import HeldTitle
from services.review.item_views import CategoryView, ItemView, TotalsView, categories, items
from services.review.place import Scene, shows_marks
from services.review.review_changes import ItemChange, item_changes
from services.review.team import counting_marks
from shared.contracts.blocks import Mark, Title
from shared.contracts.case import (
    CityFailed,
    CityMarksRecorded,
    CityPassed,
    Closed,
    ConsensusRecorded,
    InspectionHeld,
    InspectionScheduled,
    Opened,
    PreliminaryFailed,
    PreliminaryPassed,
    RecommendationReturned,
    Recommended,
    Returned,
    RewardCancelled,
    RewardGranted,
    TeamAppointed,
    TitleAwarded,
    TitleRevoked,
    VetoRecorded,
    WithdrawalRefused,
)
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.web.acts import Act


class RewardView(BaseModel):
    """A reward, and what of it was paid."""

    granted: RewardGranted
    paid_fen: int
    cancelled: RewardCancelled | None


class TitleHeld(BaseModel):
    """The title as it now stands, after corrections; who holds another since is in the register."""

    title: Title
    plaque_number: str
    plaques: tuple[str, ...]
    valid_until_on: date | None
    awarded: TitleAwarded
    revoked: TitleRevoked | None


class CaseView(BaseModel):
    """A case as it stands, and what may be done next, or why not."""

    case_id: str
    version: int
    stage: Stage
    opened: Opened
    team: TeamAppointed | None
    members: list[str]
    inspections: list[InspectionScheduled]
    held: list[InspectionHeld]
    vetoes: list[VetoRecorded]
    items: list[ItemView]
    categories: list[CategoryView]
    totals: TotalsView
    consensus: ConsensusRecorded | None
    returned: Returned | None
    passed: PreliminaryPassed | None
    failed: PreliminaryFailed | None
    withdrawal_refused: WithdrawalRefused | None
    recommended: Recommended | None
    sent_back: RecommendationReturned | None
    city_marks: CityMarksRecorded | None
    city_passed: CityPassed | None
    city_failed: CityFailed | None
    title: TitleHeld | None
    rewards: list[RewardView]
    closed: Closed | None
    allowed: list[Act]


class CaseRow(BaseModel):
    """A case in a list."""

    case_id: str
    township: str
    township_name: str
    office: str
    round: int
    batch: str | None
    stage: Stage
    submitted_on: date
    decide_by_on: date
    leader: str | None
    self_total_cp: int
    district_total_cp: int | None
    city_total_cp: int | None
    title: Title | None
    outcome: str | None


class CaseRows(BaseModel):
    """A page of cases by id; `next` is the `after` of the following page."""

    cases: list[CaseRow]
    next: str | None


class SheetRow(BaseModel):
    """An item to be marked, with what the office says of it and one's own mark so far."""

    item: str
    category: str
    name: str
    criterion: str
    method: str
    max_cp: int
    na_allowed: bool
    self_mark: Mark | None
    own_mark: Mark | None
    previous: ItemChange | None


def case_view(scene: Scene, standard: StandardPublished, acts: list[Act]) -> CaseView:
    """The whole case, but to its own office no mark of the team's before the decision."""
    case, opened = scene.case, scene.case.opened
    if opened is None:
        raise Refused("case-unknown")
    consensus = case.consensus if shows_marks(scene) else None
    return CaseView(
        case_id=opened.case_id,
        version=case.version,
        stage=case.stage,
        opened=opened,
        team=case.team,
        members=list(case.members),
        inspections=list(case.inspections.values()),
        held=list(case.held.values()),
        vetoes=list(case.vetoes.values()),
        items=items(scene, standard, consensus),
        categories=categories(scene, standard, consensus),
        totals=TotalsView(
            self_cp=opened.self_totals.total_cp,
            district_cp=consensus.totals.total_cp if consensus else None,
            city_cp=case.city_marks.totals.total_cp if case.city_marks else None,
            city_granularity=case.city_marks.granularity if case.city_marks else None,
        ),
        consensus=consensus,
        returned=case.returned,
        passed=case.passed,
        failed=case.failed,
        withdrawal_refused=case.withdrawal_refused,
        recommended=case.recommended,
        sent_back=case.sent_back,
        city_marks=case.city_marks,
        city_passed=case.city_passed,
        city_failed=case.city_failed,
        title=_held(case.title) if case.title else None,
        rewards=[
            RewardView(granted=one.granted, paid_fen=one.paid_fen, cancelled=one.cancelled)
            for one in case.rewards.values()
        ],
        closed=case.closed,
        allowed=acts,
    )


def case_row(case: Case, opened: Opened) -> CaseRow:
    return CaseRow(
        case_id=opened.case_id,
        township=opened.township,
        township_name=opened.township_name,
        office=opened.office,
        round=opened.round,
        batch=opened.batch,
        stage=case.stage,
        submitted_on=opened.submitted_on,
        decide_by_on=opened.decide_by_on,
        leader=case.leader,
        self_total_cp=opened.self_totals.total_cp,
        district_total_cp=case.consensus.totals.total_cp if case.consensus else None,
        city_total_cp=case.city_marks.totals.total_cp if case.city_marks else None,
        title=case.title.title if case.title and not case.title.revoked else None,
        outcome=case.closed.outcome if case.closed else None,
    )


def sheet(scene: Scene, standard: StandardPublished) -> list[SheetRow]:
    """The items of one's own categories, and all of them for auditors; Refused("not-on-team").

    In a later round what was asked of the office, or what it has changed, comes first.
    """
    officer = scene.principal.officer
    member = scene.case.members.get(officer)
    audits = audited(scene.principal, scene.case)
    if member is None and not audits:
        raise Refused("not-on-team", officer=officer)
    categories = member.categories if member is not None else ()
    own, marks = scene.own_marks, counting_marks(scene.case, standard)
    since = item_changes(scene, standard)
    rows = [
        SheetRow(
            item=one.code,
            category=one.category,
            name=one.name,
            criterion=one.criterion,
            method=one.method,
            max_cp=one.max_cp,
            na_allowed=one.na_allowed,
            self_mark=own.get(one.code),
            own_mark=marks.get(one.code, {}).get(officer),
            previous=since.get(one.code),
        )
        for one in standard.items
        if audits or one.category in categories
    ]
    return sorted(rows, key=lambda row: not (row.previous and row.previous.matters))


def _held(held: HeldTitle) -> TitleHeld:
    return TitleHeld(
        title=held.title,
        plaque_number=held.plaque_number,
        plaques=held.plaques,
        valid_until_on=held.valid_until_on,
        awarded=held.awarded,
        revoked=held.revoked,
    )
