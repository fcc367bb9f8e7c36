"""What may be done in a case next, and why the rest may not: a page's greyed buttons."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from services.review import appointment, city, consensus, letters, reward, team, title, verdict
from services.review.access import permit
from services.review.case import pinned
from services.review.place import Scene
from services.review.veto import record_veto
from shared.contracts.blocks import Document, Level, Mark, ProgrammeSite, Reason
from shared.contracts.case import CaseEvent, NotApplicableDecision
from shared.contracts.refusals import Refused
from shared.web.acts import Act, attempt

Try = Callable[[], object]
Given = tuple[str, str | None, str, Try]
"""The act, the part it is about, the right that it takes, and its decision."""
_WHY = (Reason(code="-", text="-"),)
# Something that could be a number, which a mere dash is not.
_NUMBER = "\0001"


def allowed(scene: Scene) -> list[Act]:
    """Every act a case knows, tried by this principal today."""
    site: ProgrammeSite = {**scene.site, "document": _paper(scene.site)}
    scene = replace(scene, site=site)
    tries = (*_by_team(scene), *_by_district(scene), *_by_city(scene), *_by_treasury(scene))
    return [attempt(act, _with(right, scene, decision), of) for act, of, right, decision in tries]


def _with(right: str, scene: Scene, decision: Try) -> Try:
    def tried() -> object:
        permit(right, scene.principal, scene.programme, scene.site["programme"])
        return decision()

    return tried


def _by_team(scene: Scene) -> list[Given]:
    case, programme, site = scene.case, scene.programme, scene.site
    officer = scene.principal.officer
    now = datetime(2000, 1, 1, tzinfo=UTC)

    def visit(level: Level) -> Try:
        return lambda: team.schedule_inspection(
            case,
            programme,
            "-",
            level=level,
            officer=officer,
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            place="-",
            site=site,
        )

    def held(inspection_id: str) -> Try:
        return lambda: team.hold_inspection(
            case, inspection_id, officer=officer, present=(), site=site
        )

    def stepped() -> object:
        return appointment.recuse_member(case, officer, reason_code="-", site=site)

    return [
        ("recusals", None, "recusals", stepped),
        ("inspections", "district", "inspections", visit("district")),
        ("inspections", "city", "city-inspections", visit("city")),
        *(
            ("record", one, "city-record" if planned.level == "city" else "record", held(one))
            for one, planned in case.inspections.items()
            if one not in case.held
        ),
        ("marks", None, "marks", lambda: _mark(scene)),
        ("consensus", None, "consensus", lambda: _agree(scene)),
    ]


def _by_district(scene: Scene) -> list[Given]:
    case, programme, site = scene.case, scene.programme, scene.site
    officer = scene.principal.officer

    def back() -> object:
        return verdict.return_application(
            case,
            programme,
            [_complaint(scene)],
            own_marks=scene.own_marks,
            decided_by=officer,
            site=site,
        )

    def passed() -> object:
        return verdict.pass_preliminary(case, programme, decided_by=officer, site=site)

    def failed() -> object:
        return verdict.fail_preliminary(case, programme, _WHY, decided_by=officer, site=site)

    def letter() -> object:
        enclosed = {case.opened.case_id: ()} if case.opened else {}
        return letters.recommend(
            [case],
            programme,
            recommendation_id="-",
            decided_by=officer,
            enclosed=enclosed,
            site=site,
        )

    return [
        ("team", None, "team", lambda: _appoint(scene)),
        *(("recusals", one, "replacements", partial(_replace, scene, one)) for one in case.members),
        *(
            ("vetoes", one.code, "vetoes", partial(_veto, scene, one.code))
            for one in pinned(case, programme).gates
            if one.kind == "veto" and one.code not in case.vetoes
        ),
        ("decision", "pass", "decision", passed),
        ("decision", "fail", "decision", failed),
        ("decision", "return", "decision", back),
        ("recommendations", None, "recommendations", letter),
    ]


def _by_city(scene: Scene) -> list[Given]:
    case, programme, site = scene.case, scene.programme, scene.site

    def mark() -> object:
        given = city.CityMarks(granularity="total", total_cp=0)
        day = site["effective_on"]
        return city.record_city_marks(case, programme, given, inspected_on=day, site=site)

    def passed() -> object:
        return city.pass_city(case, programme, site=site)

    def failed() -> object:
        return city.fail_city(case, programme, _WHY, site=site)

    def back() -> object:
        return city.return_by_city(
            case, programme, [_complaint(scene)], own_marks={}, decided_by="-", site=site
        )

    def sent_back() -> object:
        return letters.return_recommendation(case, programme, _WHY, site=site)

    def award() -> object:
        given = title.Award(title="compliant", plaque_number=_NUMBER)
        return title.award_titles([case], [given], programme, award_id="-", site=site)

    return [
        ("city-marks", None, "city-marks", mark),
        ("city-decision", "pass", "city-decision", passed),
        ("city-decision", "fail", "city-decision", failed),
        ("city-decision", "return", "city-decision", back),
        ("recommendation-return", None, "recommendation-return", sent_back),
        ("awards", None, "awards", award),
        ("correction", None, "correction", lambda: _correct(scene)),
        ("revocation", None, "revocation", lambda: _revoke(scene)),
    ]


def _by_treasury(scene: Scene) -> list[Given]:
    case, site = scene.case, scene.site
    return [
        ("rewards", None, "rewards", lambda: _grant(scene)),
        *(
            (
                "payment",
                one,
                "payment",
                partial(reward.pay_reward, case, one, amount_fen=1, site=site),
            )
            for one in case.rewards
        ),
        *(
            (
                "cancellation",
                one,
                "cancellation",
                partial(reward.cancel_reward, case, one, reason="-", site=site),
            )
            for one, granted in case.rewards.items()
            if granted.cancelled is None
        ),
        ("closure", None, "closure", lambda: title.close_case(case, site=site)),
    ]


def _appoint(scene: Scene) -> Sequence[CaseEvent]:
    """Some team that could be: three strangers who mark everything."""
    codes = tuple(one.code for one in pinned(scene.case, scene.programme).categories)
    seats = [
        appointment.Seat(officer=f"\0{number}", leads=number == 0, categories=codes)
        for number in range(appointment.TEAM_AT_LEAST)
    ]
    return appointment.appoint_team(
        scene.case,
        scene.programme,
        seats,
        organisations={one.officer: "-" for one in seats},
        site=scene.site,
    )


def _replace(scene: Scene, officer: str) -> Sequence[CaseEvent]:
    return appointment.replace_member(
        scene.case,
        scene.programme,
        officer,
        replaced_by="\0",
        reason_code="-",
        organisations={"\0": "-"},
        site=scene.site,
    )


def _veto(scene: Scene, gate: str) -> Sequence[CaseEvent]:
    day = scene.site["effective_on"]
    return record_veto(
        scene.case, scene.programme, gate, occurred_on=day, reason="-", site=scene.site
    )


def _full(scene: Scene, categories: Sequence[str] | None = None) -> list[Mark]:
    """Marks that every standard allows: the maximum."""
    return [
        Mark(item=one.code, mark_cp=one.max_cp, max_cp=one.max_cp)
        for one in pinned(scene.case, scene.programme).items
        if categories is None or one.category in categories
    ]


def _mark(scene: Scene) -> Sequence[CaseEvent]:
    member = scene.case.members.get(scene.principal.officer)
    marks = _full(scene, member.categories if member else None)
    return team.record_marks(
        scene.case, scene.programme, marks, officer=scene.principal.officer, site=scene.site
    )


def _agree(scene: Scene) -> Sequence[CaseEvent]:
    """As if every claim were denied and every item marked in full."""
    counting = team.counting_marks(scene.case, pinned(scene.case, scene.programme))
    claimed = consensus.claims(counting, scene.own_marks)
    return consensus.record_consensus(
        scene.case,
        scene.programme,
        _full(scene),
        [NotApplicableDecision(item=one, allowed=False, reason="-") for one in claimed],
        own_marks=scene.own_marks,
        officer=scene.principal.officer,
        site=scene.site,
    )


def _correct(scene: Scene) -> Sequence[CaseEvent]:
    """Another number, which every title can be given."""
    held = scene.case.title
    given = title.Correction(
        field="plaque_number", was=held.plaque_number if held else "", is_=_NUMBER, reason="-"
    )
    return title.correct_title(scene.case, given, corrects="-", later=scene.later, site=scene.site)


def _revoke(scene: Scene) -> Sequence[CaseEvent]:
    title.in_force(scene.case, scene.later)
    return title.revoke_title(
        scene.case, code="-", reason="-", decided_by="-", later=scene.later, site=scene.site
    )


def _grant(scene: Scene) -> Sequence[CaseEvent]:
    """Any grant that is left, as the rules have it; the refusal of the last kind where none is."""
    refused = Refused("title-missing")
    rules = scene.programme.rules_on("reward", scene.site["effective_on"])
    for fund in ("city", "district"):
        for basis in ("on-time", "demonstration", "rank"):
            try:
                ruled_fen = reward.granted_by(rules.rules, fund, basis, 1) if rules else None
                return reward.grant_reward(
                    scene.case,
                    scene.programme,
                    reward_id="-",
                    fund=fund,
                    basis=basis,
                    amount_fen=ruled_fen or 1,
                    rank=1,
                    of=1,
                    site=scene.site,
                )
            except Refused as error:
                refused = error
    raise refused


def _complaint(scene: Scene) -> verdict.Complaint:
    first = pinned(scene.case, scene.programme).items[0]
    return verdict.Complaint(item=first.code, reason="-")


def _paper(site: ProgrammeSite) -> Document:
    """Whoever acts will name a document; whether an act is open does not hang on it."""
    return Document(title="-", issued_on=site["effective_on"], number="-", sha256="-")
