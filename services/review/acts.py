"""Which acts are open in a case now, and why the others are not, by trying the very decisions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from services.review import city, team, title, verdict
from services.review.case import pinned
from services.review.place import VISITORS, Scene, for_city, of_district
from shared.contracts.blocks import Document, Mark, ProgrammeSite, Reason
from shared.contracts.case import CaseEvent, NotApplicableDecision
from shared.contracts.refusals import Refused
from shared.web.acts import Act, attempt

Try = Callable[[], object]
_WHY = (Reason(code="-", text="-"),)


def acts(scene: Scene) -> list[Act]:
    """Every act a case knows, tried by this principal today."""
    site: ProgrammeSite = {**scene.site, "document": _paper(scene.site)}
    scene = Scene(scene.principal, scene.case, scene.programme, scene.applications, site)
    return [*_by_team(scene), *_by_district(scene), *_by_city(scene), *_by_treasury(scene)]


def _by_team(scene: Scene) -> list[Act]:
    case, programme, site = scene.case, scene.programme, scene.site
    officer = scene.principal.officer
    now = datetime(2000, 1, 1, tzinfo=UTC)

    def visit(level: str) -> Try:
        def tried() -> object:
            if level == "city":
                for_city(scene.principal, programme, site["programme"])
            return team.schedule_inspection(
                case,
                programme,
                "-",
                level="city" if level == "city" else "district",
                officer=officer,
                starts_at=now,
                ends_at=now + timedelta(hours=1),
                place="-",
                site=site,
            )

        return tried

    return [
        attempt("recusals", _by(scene, ("member",), lambda: _recuse(scene))),
        attempt("inspections", _by(scene, VISITORS, visit("district")), "district"),
        attempt("inspections", _by(scene, VISITORS, visit("city")), "city"),
        *(
            attempt("record", _by(scene, VISITORS, lambda one=one: _hold(scene, one)), one)  # type: ignore[misc]  # bound now
            for one in case.inspections
            if one not in case.held
        ),
        attempt("marks", _by(scene, ("member",), lambda: _mark(scene))),
        attempt("consensus", _by(scene, ("member",), lambda: _agree(scene))),
    ]


def _by_district(scene: Scene) -> list[Act]:
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
        return city.recommend(
            [case], programme, recommendation_id="-", decided_by=officer, site=site
        )

    return [
        attempt("team", _of_district(scene, "officer", lambda: _appoint(scene))),
        attempt("decision", _of_district(scene, "leader", passed), "pass"),
        attempt("decision", _of_district(scene, "leader", failed), "fail"),
        attempt("decision", _of_district(scene, "leader", back), "return"),
        attempt("recommendations", _of_district(scene, "leader", letter)),
    ]


def _by_city(scene: Scene) -> list[Act]:
    case, programme, site = scene.case, scene.programme, scene.site

    def mark() -> object:
        given = city.CityMarks(granularity="total", total_cp=0)
        day = site["effective_on"]
        return city.record_city_marks(case, programme, given, inspected_on=day, site=site)

    def back() -> object:
        return city.return_by_city(
            case, programme, [_complaint(scene)], own_marks={}, decided_by="-", site=site
        )

    def award() -> object:
        given = title.Award(title="compliant", plaque_number="-")
        return title.award_titles([case], [given], award_id="-", site=site)

    def by_city(decision: Try) -> Try:
        def tried() -> object:
            for_city(scene.principal, programme, site["programme"])
            return decision()

        return tried

    return [
        attempt("city-marks", by_city(mark)),
        attempt(
            "city-decision", by_city(lambda: city.pass_city(case, programme, site=site)), "pass"
        ),
        attempt(
            "city-decision",
            by_city(lambda: city.fail_city(case, programme, _WHY, site=site)),
            "fail",
        ),
        attempt("city-decision", by_city(back), "return"),
        attempt("awards", by_city(award)),
    ]


def _by_treasury(scene: Scene) -> list[Act]:
    case, site = scene.case, scene.site
    return [
        attempt("rewards", _of_district(scene, "leader", lambda: _grant(scene))),
        *(
            attempt(
                "payment",
                _of_district(
                    scene,
                    "leader",
                    lambda one=one: title.pay_reward(case, one, amount_fen=1, site=site),  # type: ignore[misc]  # bound now
                ),
                one,
            )
            for one in case.rewards
        ),
        attempt(
            "closure", _of_district(scene, "leader", lambda: title.close_case(case, site=site))
        ),
    ]


def _by(scene: Scene, roles: Sequence[str], decision: Try) -> Try:
    def tried() -> object:
        if scene.principal.roles.isdisjoint(roles):
            raise Refused("role-not-allowed", roles=roles)
        return decision()

    return tried


def _of_district(scene: Scene, role: str, decision: Try) -> Try:
    def tried() -> object:
        of_district(scene.principal, scene.programme, scene.site["programme"])
        return decision()

    return _by(scene, (role,), tried)


def _appoint(scene: Scene) -> Sequence[CaseEvent]:
    """Some team that could be: three strangers who mark everything."""
    codes = tuple(one.code for one in pinned(scene.case, scene.programme).categories)
    seats = [
        team.Seat(officer=f"\0{number}", leads=number == 0, categories=codes)
        for number in range(team.TEAM_AT_LEAST)
    ]
    return team.appoint_team(
        scene.case,
        scene.programme,
        seats,
        organisations={one.officer: "-" for one in seats},
        site=scene.site,
    )


def _recuse(scene: Scene) -> Sequence[CaseEvent]:
    return team.recuse_member(scene.case, scene.principal.officer, reason_code="-", site=scene.site)


def _hold(scene: Scene, inspection_id: str) -> Sequence[CaseEvent]:
    if scene.case.inspections[inspection_id].level == "city":
        for_city(scene.principal, scene.programme, scene.site["programme"])
    return team.hold_inspection(
        scene.case,
        inspection_id,
        officer=scene.principal.officer,
        present=(),
        site=scene.site,
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
        scene.case,
        scene.programme,
        marks,
        officer=scene.principal.officer,
        site=scene.site,
    )


def _agree(scene: Scene) -> Sequence[CaseEvent]:
    """As if every claim were denied and every item marked in full."""
    claimed = verdict.claims(team.counting_marks(scene.case), scene.own_marks)
    return verdict.record_consensus(
        scene.case,
        scene.programme,
        _full(scene),
        [NotApplicableDecision(item=one, allowed=False, reason="-") for one in claimed],
        own_marks=scene.own_marks,
        officer=scene.principal.officer,
        site=scene.site,
    )


def _grant(scene: Scene) -> Sequence[CaseEvent]:
    """Any grant that is left; the refusal of the last kind where none is."""
    refused = Refused("title-missing")
    for fund in ("city", "district"):
        for basis in ("on-time", "demonstration", "rank"):
            try:
                return title.grant_reward(
                    scene.case,
                    scene.programme,
                    reward_id="-",
                    fund=fund,
                    basis=basis,
                    amount_fen=1,
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
