"""What beside and below the points keeps an office from applying."""

from dataclasses import replace

from services.submission.dossier import Dossier
from services.submission.planning import record_assessment
from shared.contracts.dossier import ApplicationSubmitted
from shared.contracts.programme import Gate, GateRule
from tests.unit.dossiers import ASKING, AUGUST, STANDARD, marks, site, terms
from tests.unit.test_dossier_application import PLAN, READY, apply, assessed, found, given

ASKED = terms(standard=ASKING)


def test_below_the_pass_mark_it_says_how_much_is_missing_and_what_is_open() -> None:
    given(PLAN, assessed(marks(staff=25, rules=18)), found("rules")).when(apply).refused(
        "below-pass-mark", short_cp=700, open_count=1
    )


def test_the_pass_mark_itself_is_enough() -> None:
    assert given(PLAN, assessed(marks(staff=25, rules=25))).when(apply).events


def test_an_unmet_prerequisite_is_named() -> None:
    given(PLAN, assessed(marks(staff=9))).when(apply).refused(
        "prerequisites-not-met", gates=["已配备人员"]
    )


def test_a_veto_is_named_whatever_the_score() -> None:
    given(PLAN, assessed(marks(staff=19))).when(apply).refused("vetoed", gates=["无专职人员"])


def test_a_fact_stated_with_the_application_rules_a_pass_out() -> None:
    given(*READY).when(apply, rules=ASKED, facts=("fatal-accident",)).refused(
        "vetoed", gates=["事故超标"]
    )


def test_a_fact_may_keep_an_office_from_applying_whatever_its_points() -> None:
    given(*READY).when(apply, rules=ASKED, facts=("office-unsealed",)).refused(
        "prerequisites-not-met", gates=["机构已挂牌"]
    )


def test_what_was_stated_with_the_assessment_is_not_taken_back_by_applying() -> None:
    admitted = assessed(marks(), facts=("fatal-accident",))
    given(PLAN, admitted).when(apply, rules=ASKED).refused("vetoed", gates=["事故超标"])


def test_facts_that_stand_in_no_ones_way_go_with_the_application() -> None:
    gate = Gate(code="shown", kind="demonstration", name="示范", rule=GateRule(fact="rebuilding"))
    rules = terms(standard=replace(ASKING, gates=(*ASKING.gates, gate)))
    (event,) = given(*READY).when(apply, rules=rules, facts=("rebuilding",)).events
    assert isinstance(event, ApplicationSubmitted)
    assert (event.facts, event.totals.failed_gates) == (("rebuilding",), ("demonstration:shown",))
    assert event.totals.grade == "compliant"


def test_a_fact_that_no_gate_asks_about_is_refused() -> None:
    given(*READY).when(apply, facts=("fatal-accident",)).refused("unknown-fact", known=[])


def test_a_category_below_its_minimum_holds_the_application_back() -> None:
    strict = replace(
        STANDARD,
        pass_cp=7_000,
        categories=(STANDARD.categories[0], replace(STANDARD.categories[1], min_share_bp=5_000)),
    )
    (weak,) = record_assessment(
        Dossier(),
        site(AUGUST),
        assessment_id="S1",
        kind="full",
        standard=strict,
        scored_under=1,
        marks=marks(rules=20, files=4),
    )
    given(PLAN, weak).when(apply, rules=terms(standard=strict)).refused(
        "minimums-not-met", gates=["category:paper"]
    )
