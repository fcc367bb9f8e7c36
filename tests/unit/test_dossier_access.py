"""Who may read a dossier, who may act in it, and what each of them is told they may do next."""

from collections.abc import Sequence
from functools import reduce

import pytest

from services.submission import access
from services.submission.access import Right, acting_side, may_read, of_programme
from services.submission.allowed import allowed
from services.submission.dossier import Dossier, evolve
from services.submission.programmes import Programme
from shared.contracts.dossier import DossierEvent
from shared.contracts.refusals import Refused
from shared.web import acts
from shared.web.auth import Principal
from tests.unit.dossiers import (
    OFFICE,
    OPEN,
    OPENING,
    REFORM,
    SEPTEMBER,
    TOWNSHIP,
    heard,
)
from tests.unit.test_dossier_application import READY, SUBMITTED, found
from tests.unit.test_dossier_funding import ASKED, GRANTED
from tests.unit.test_dossier_programmes import LEFT, renamed
from tests.unit.test_dossier_rectification import COMPLETED, FILES

DISTRICT, GOVERNMENT = "370406-safety", "370406001-gov"
ALL_ACTS = [one for one in vars(access).values() if isinstance(one, Right)]


def who(organisation: str, *roles: str) -> Principal:
    return Principal("o1", organisation, frozenset(roles))


def refusal(principal: Principal, act: Right, programme: Programme = OPEN) -> str:
    with pytest.raises(Refused) as refused:
        acting_side(principal, programme, TOWNSHIP, act)
    return refused.value.code


@pytest.mark.parametrize(
    ("organisation", "role"),
    [
        (OFFICE, "clerk"),
        (OFFICE, "head"),
        (GOVERNMENT, "gov"),
        (DISTRICT, "officer"),
        (DISTRICT, "leader"),
        ("anywhere", "auditor"),
    ],
)
def test_an_office_its_government_the_district_and_auditors_read(
    organisation: str, role: str
) -> None:
    may_read(who(organisation, role), OPEN, TOWNSHIP)


@pytest.mark.parametrize(
    ("organisation", "role", "code"),
    [
        ("370406102-office", "clerk", "other-organisation"),
        ("370406102-gov", "gov", "other-organisation"),
        (GOVERNMENT, "clerk", "other-organisation"),
        (OFFICE, "gov", "other-organisation"),
        (OFFICE, "officer", "other-organisation"),
        ("370405-safety", "leader", "other-organisation"),
        (OFFICE, "member", "role-not-allowed"),
    ],
)
def test_nobody_else_reads(organisation: str, role: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        may_read(who(organisation, role), OPEN, TOWNSHIP)
    assert refused.value.code == code


def test_of_a_township_that_never_enrolled_nobody_reads() -> None:
    with pytest.raises(Refused) as refused:
        may_read(who("anywhere", "auditor"), OPEN, "370406999")
    assert refused.value.code == "township-not-enrolled"


@pytest.mark.parametrize("act", ALL_ACTS, ids=lambda act: act.path)
def test_each_act_is_taken_by_its_own_side_only(act: Right) -> None:
    organisations = {"office": OFFICE, "government": GOVERNMENT, "district": DISTRICT}
    for role, side in act.sides.items():
        assert acting_side(who(organisations[side], role), OPEN, TOWNSHIP, act) == side
        assert refusal(who("370406102-office", role), act) == "other-organisation"
    assert refusal(who(OFFICE, "auditor"), act) == "role-not-allowed"


def test_with_two_roles_one_acts_on_the_side_that_is_ones_own() -> None:
    both = who(DISTRICT, "clerk", "officer")
    assert acting_side(both, OPEN, TOWNSHIP, access.REOPEN) == "district"


def test_whoever_took_a_part_over_reads_and_acts_in_it() -> None:
    reformed = heard(*OPENING, REFORM, renamed("new-office", OFFICE))
    may_read(who("370406-emergency", "officer"), reformed, TOWNSHIP)
    clerk = who("new-office", "clerk")
    assert acting_side(clerk, reformed, TOWNSHIP, access.FIND) == "office"
    assert refusal(clerk, access.FIND) == "other-organisation"
    officer = who("370406-emergency", "officer")
    assert acting_side(officer, reformed, TOWNSHIP, access.REOPEN) == "district"


@pytest.mark.parametrize(
    "organisation", [OFFICE, GOVERNMENT, DISTRICT, "370400-safety", "370406-emergency"]
)
def test_the_organisations_of_a_programme_belong_to_it(organisation: str) -> None:
    assert of_programme(who(organisation, "clerk"), heard(*OPENING, REFORM))


def test_strangers_and_those_who_left_do_not_belong_to_it() -> None:
    assert not of_programme(who("370406102-office", "clerk"), OPEN)
    assert not of_programme(who(OFFICE, "clerk"), heard(*OPENING, LEFT))


HISTORY = (*READY, found("rules"), FILES, COMPLETED, ASKED, GRANTED)


def offered(principal: Principal, events: Sequence[DossierEvent] = HISTORY) -> list[acts.Act]:
    dossier = reduce(evolve, events, Dossier())
    return allowed(principal, dossier, OPEN, TOWNSHIP, SEPTEMBER)


def test_every_act_of_the_table_is_offered_or_said_why_not() -> None:
    shown = {(one.act, one.of) for one in offered(who(OFFICE, "clerk"), (*HISTORY, SUBMITTED))}
    assert {act for act, _ in shown} == {act.name for act in ALL_ACTS}
    assert {("withdrawal", "A1"), ("withdrawal", "D-rules"), ("decision", "F1")} <= shown


def open_to(*roles: str, organisation: str = OFFICE) -> set[str]:
    return {one.act for one in offered(who(organisation, *roles)) if one.allowed}


def test_the_clerk_prepares() -> None:
    assert open_to("clerk") == {
        "self-assessments",
        "deficiencies",
        "rectification-plans",
        "completion",
        "withdrawal",
        "reopening",
        "funding-requests",
        "decision",
    }


def test_the_head_signs() -> None:
    assert open_to("head") == {"plans", "good-practices"}


def test_the_government_answers_what_it_was_asked_for() -> None:
    assert open_to("gov", organisation=GOVERNMENT) == {"decision"}


def test_the_district_corrects() -> None:
    assert open_to("officer", organisation=DISTRICT) == {"withdrawal", "reopening"}


def test_an_auditor_does_nothing() -> None:
    assert open_to("auditor", organisation="anywhere") == set()


def test_why_the_head_may_not_apply_is_said_by_the_decision_itself() -> None:
    (apply,) = (one for one in offered(who(OFFICE, "head")) if one.act == "applications")
    assert (apply.code, apply.facts) == (
        "deficiencies-open",
        {"open_count": 1, "items": ["rules"]},
    )


def test_the_government_of_a_township_that_left_reads_its_dossier_on() -> None:
    may_read(who(GOVERNMENT, "gov"), heard(*OPENING, LEFT), TOWNSHIP)
