"""Who may read an office's files: by role, and by the team of a case while one is on it."""

from datetime import timedelta
from functools import reduce

import pytest

from services.submission.evidence.grants import Grants, Reader, evolve, grounds, may_add
from shared.contracts.case import (
    CaseEvent,
    Closed,
    MemberRecused,
    RecommendationReturned,
)
from tests.unit.dossiers import OFFICE, OPEN, OPENING, REFORM, TOWNSHIP, heard
from tests.unit.evidence import CASE, CITY, DISTRICT, OTHER, appointed, of_case, recommended

GOVERNMENT = OPEN.townships[TOWNSHIP].enrolled.government

NEXT = f"{CASE.removesuffix('1')}2"


def after(*events: CaseEvent) -> dict[str, Grants]:
    return {CASE: reduce(evolve, events, Grants())}


def who(officer: str, organisation: str, *roles: str) -> Reader:
    return Reader(officer=officer, organisation=organisation, roles=frozenset(roles))


@pytest.mark.parametrize(
    ("reader", "why"),
    [
        (who("o1", OFFICE, "clerk"), "office"),
        (who("o1", OFFICE, "head"), "office"),
        (who("o1", GOVERNMENT, "gov"), "government"),
        (who("o1", DISTRICT, "officer"), "district"),
        (who("o1", DISTRICT, "leader"), "district"),
        (who("o1", "370400-audit", "auditor"), "audit"),
        (who("o1", OTHER, "clerk", "head"), None),
        (who("o1", OFFICE, "gov"), None),
        (who("o1", GOVERNMENT, "clerk"), None),
        (who("o1", DISTRICT, "member", "city"), None),
        (who("o1", CITY, "city"), None),
        (who("o1", "370405-safety", "officer", "leader"), None),
        (who("o1", OFFICE, "operator", "integrator"), None),
    ],
    ids=lambda one: "-".join(sorted(one.roles)) if isinstance(one, Reader) else None,
)
def test_by_role_and_organisation(reader: Reader, why: str | None) -> None:
    assert grounds(reader, OPEN, TOWNSHIP, {}) == why


def test_a_member_reads_from_the_appointment_until_they_step_down() -> None:
    member = who("m1", OTHER, "member")
    team, stepped_down = (
        appointed("m1", "m2"),
        MemberRecused(**of_case(), officer="m1", organisation=OTHER, reason_code="kin"),
    )
    assert grounds(member, OPEN, TOWNSHIP, after()) is None
    assert grounds(member, OPEN, TOWNSHIP, after(team)) == f"team:{CASE}"
    assert grounds(member, OPEN, TOWNSHIP, after(team, stepped_down)) is None
    assert grounds(who("m2", OTHER, "member"), OPEN, TOWNSHIP, after(team, stepped_down))


def test_a_new_team_replaces_the_old_one() -> None:
    cases = after(appointed("m1"), appointed("m2"))
    assert grounds(who("m1", OTHER, "member"), OPEN, TOWNSHIP, cases) is None
    assert grounds(who("m2", OTHER, "member"), OPEN, TOWNSHIP, cases) == f"team:{CASE}"


def test_a_member_is_one_in_the_organisation_they_were_appointed_from_and_by_that_role() -> None:
    cases = after(appointed("m1"))
    assert grounds(who("m1", CITY, "member"), OPEN, TOWNSHIP, cases) is None
    assert grounds(who("m1", OTHER, "clerk"), OPEN, TOWNSHIP, cases) is None


def test_the_city_reads_while_the_case_is_recommended_to_it() -> None:
    city, back = (
        who("c1", CITY, "city"),
        RecommendationReturned(**of_case(), recommendation_id="R1", reasons=()),
    )
    assert grounds(city, OPEN, TOWNSHIP, after(recommended())) == f"city:{CASE}"
    assert grounds(who("c1", "370300-safety", "city"), OPEN, TOWNSHIP, after(recommended())) is None
    assert grounds(city, OPEN, TOWNSHIP, after(recommended(), back)) is None


def test_clerks_and_inspectors_add_files_and_nobody_else() -> None:
    cases = after(appointed("m1"))
    assert may_add(who("o1", OFFICE, "clerk"), OPEN, TOWNSHIP, cases)
    assert may_add(who("m1", OTHER, "member"), OPEN, TOWNSHIP, cases)
    assert not may_add(who("m2", OTHER, "member"), OPEN, TOWNSHIP, cases)
    assert not may_add(who("o1", OFFICE, "head"), OPEN, TOWNSHIP, cases)
    assert not may_add(who("o1", OTHER, "clerk"), OPEN, TOWNSHIP, cases)
    assert not may_add(who("o1", OFFICE, "clerk"), OPEN, "370406999", cases)


def test_the_team_of_a_closed_case_reads_what_was_kept_until_then_and_adds_nothing() -> None:
    day = of_case()["effective_on"]
    closed = Closed(**of_case(), outcome="returned", closed_on=day)
    cases, member = after(appointed("m1"), recommended(), closed), who("m1", OTHER, "member")
    assert grounds(member, OPEN, TOWNSHIP, cases, day) == f"team:{CASE}"
    assert grounds(member, OPEN, TOWNSHIP, cases, day + timedelta(1)) is None
    assert grounds(who("c1", CITY, "city"), OPEN, TOWNSHIP, cases, day + timedelta(1)) is None
    assert grounds(who("o1", OFFICE, "clerk"), OPEN, TOWNSHIP, cases, day + timedelta(1))
    assert not may_add(member, OPEN, TOWNSHIP, cases)


def test_whoever_is_on_the_team_of_the_next_round_reads_and_adds_again() -> None:
    day = of_case()["effective_on"]
    closed = Closed(**of_case(), outcome="returned", closed_on=day)
    cases = after(appointed("m1"), closed) | {NEXT: evolve(Grants(), appointed("m1"))}
    member = who("m1", OTHER, "member")
    assert grounds(member, OPEN, TOWNSHIP, cases, day + timedelta(1)) == f"team:{NEXT}"
    assert may_add(member, OPEN, TOWNSHIP, cases)


def test_who_took_over_the_district_reads_as_the_district() -> None:
    heir = who("o1", REFORM.organisation, "officer")
    assert grounds(heir, OPEN, TOWNSHIP, {}) is None
    assert grounds(heir, heard(*OPENING, REFORM), TOWNSHIP, {}) == "district"
