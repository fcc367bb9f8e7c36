"""How an office may score itself."""

from datetime import date
from typing import cast

import pytest

from services.submission.dossier import Dossier, evolve
from services.submission.planning import record_assessment
from shared.contracts.blocks import Mark
from shared.contracts.dossier import AssessmentKind, DossierEvent, SelfAssessmentRecorded
from shared.contracts.programme import StandardPublished
from tests.unit.dossiers import ASKING, AUGUST, MARCH, MAY, STANDARD, STRICTER, marks, site
from tests.unit.given import Given

given = Given(Dossier(), evolve)


def assess(
    dossier: Dossier,
    on: date,
    kind: str = "full",
    scored: tuple[Mark, ...] | None = None,
    *,
    name: str = "S1",
    standard: StandardPublished = STANDARD,
    scored_under: int | None = None,
    facts: tuple[str, ...] = (),
) -> list[DossierEvent]:
    return record_assessment(
        dossier,
        site(on),
        assessment_id=name,
        kind=cast("AssessmentKind", kind),
        standard=standard,
        scored_under=scored_under or standard.standard.version,
        marks=marks() if scored is None else scored,
        facts=facts,
    )


(ASSESSED,) = cast("list[SelfAssessmentRecorded]", assess(Dossier(), MAY))


def test_a_full_assessment_is_added_up_here() -> None:
    situation = given().when(assess, MAY, "full", marks(staff=30, rules=20))
    (event,) = situation.events
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.complete, event.totals.total_cp, event.to_pass_cp) == (True, 8_000, 0)
    assert (event.to_demonstration_cp, event.totals.grade) == (1_000, "compliant")
    situation.then_once(event)


def test_a_gap_assessment_may_lack_items_and_says_so() -> None:
    (event,) = given().when(assess, MAY, "gap", marks()[:2]).events
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.complete, event.totals.total_cp, event.to_pass_cp) == (False, 7_000, 1_000)


def test_a_gap_assessment_that_lacks_nothing_is_complete() -> None:
    (event,) = given().when(assess, MAY, "gap").events
    assert isinstance(event, SelfAssessmentRecorded)
    assert event.complete


@pytest.mark.parametrize("kind", ["full", "pre-application"])
def test_any_other_assessment_marks_every_item(kind: str) -> None:
    given().when(assess, MAY, kind, marks()[:2]).refused(
        "missing-items", items=["files", "vehicle"]
    )


def test_a_mark_over_its_maximum_is_refused() -> None:
    over = (Mark(item="staff", mark_cp=4_001, max_cp=4_000), *marks()[1:])
    given().when(assess, MAY, "full", over).refused("mark-over-maximum", item="staff")


def test_an_unknown_item_is_refused() -> None:
    strange = (*marks(), Mark(item="drone", mark_cp=0, max_cp=0))
    given().when(assess, MAY, "full", strange).refused("unknown-item", item="drone")


def test_an_assessment_names_the_one_before_it() -> None:
    (event,) = given(ASSESSED).when(assess, AUGUST, name="S2").events
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.previous_assessment_id, event.previous_total_cp) == ("S1", 10_000)


def test_an_assessment_is_not_older_than_the_one_before_it() -> None:
    given(ASSESSED).when(assess, MARCH, name="S2").refused("effective-day-too-early")


def test_marks_made_by_an_older_standard_are_refused() -> None:
    given().when(assess, AUGUST, standard=STRICTER, scored_under=1).refused(
        "standard-not-in-force", version=1, in_force_version=2
    )


def test_a_fact_that_rules_a_pass_out_is_scored() -> None:
    (event,) = (
        given()
        .when(assess, MAY, standard=ASKING, facts=("fatal-accident", "fatal-accident"))
        .events
    )
    assert isinstance(event, SelfAssessmentRecorded)
    assert (event.facts, event.totals.vetoes) == (("fatal-accident",), ("accident",))
    assert (event.totals.total_cp, event.totals.grade) == (10_000, "none")


def test_a_fact_that_no_gate_asks_about_is_refused() -> None:
    given().when(assess, MAY, standard=ASKING, facts=("rain",)).refused(
        "unknown-fact", fact="rain", known=["fatal-accident", "office-unsealed"]
    )
