"""Who may do what in a case: one table, behind the routes and behind the greyed buttons."""

from datetime import date
from functools import reduce

import pytest

from services.review import veto
from services.review.access import RIGHTS, permit
from services.review.allowed import allowed
from services.review.applications import Applications
from services.review.case import evolve
from services.review.place import Scene
from shared.contracts.refusals import Refused
from shared.web.auth import Principal
from tests.unit.review_path import PROGRAMME, Path, site

# What a button is called by the sub-resource that it creates, whatever right that takes.
SHOWN = {"replacements": "recusals", "city-inspections": "inspections", "city-record": "record"}


def who(role: str, organisation: str = "district", officer: str = "x") -> Principal:
    return Principal(officer, organisation, frozenset({role}))


def scene(path: Path, principal: Principal) -> Scene:
    return Scene(principal, path.case, PROGRAMME, Applications(), site(date(2018, 12, 1)))


def scheduled() -> Path:
    return Path().appointed().scheduled()


def test_every_act_is_shown_with_the_rights_of_its_route() -> None:
    shown = {
        act.act
        for path in (scheduled(), Path().granted())
        for act in allowed(scene(path, who("leader")))
    }
    assert shown == {SHOWN.get(name, name) for name in RIGHTS}


def may(name: str, role: str, organisation: str) -> str | None:
    try:
        permit(name, who(role, organisation), PROGRAMME, "p")
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_no_role_beside_the_table_may_act(name: str) -> None:
    for role in ("clerk", "head", "gov", "auditor", "operator"):
        assert may(name, role, "district") == "role-not-allowed"


@pytest.mark.parametrize("name", sorted(RIGHTS))
def test_a_bureau_of_elsewhere_may_do_nothing_that_is_a_bureaus(name: str) -> None:
    right = RIGHTS[name]
    for role in right.roles:
        expected = None if right.whose == "team" else "other-organisation"
        assert may(name, role, "elsewhere") == expected


def test_the_district_acts_for_the_city_by_its_officer_and_only_there() -> None:
    assert permit("city-marks", who("officer"), PROGRAMME, "p") == "city"
    assert permit("city-marks", who("city", "city"), PROGRAMME, "p") is None
    assert may("city-marks", "leader", "district") == "role-not-allowed"
    assert may("city-marks", "city", "district") == "other-organisation"
    assert may("city-marks", "officer", "city") == "other-organisation"


def test_both_bureaus_record_a_veto_each_in_its_own_name() -> None:
    for role, organisation in (("officer", "district"), ("leader", "district"), ("city", "city")):
        assert permit("vetoes", who(role, organisation), PROGRAMME, "p") is None
    assert may("vetoes", "city", "district") == "other-organisation"
    assert may("vetoes", "leader", "city") == "other-organisation"


def test_a_veto_on_record_is_no_button_any_more() -> None:
    def buttons(path: Path) -> set[str | None]:
        return {one.of for one in allowed(scene(path, who("leader"))) if one.act == "vetoes"}

    path = Path()
    assert buttons(path) == {"fatal", "no-office"}
    found = veto.record_veto(
        path.case,
        PROGRAMME,
        "fatal",
        occurred_on=date(2018, 9, 2),
        reason="死亡事故",
        site=site(date(2018, 9, 6)),
    )
    path.case = reduce(evolve, found, path.case)
    assert buttons(path) == {"no-office"}
