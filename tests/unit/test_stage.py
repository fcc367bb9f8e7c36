"""Where a township stands (rules 11-15), sentence by sentence."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from services.projection.models.dossier import DossierProgress
from services.projection.models.rows import Rows
from services.projection.stage import Stage, stage, title_in_force
from tests.unit.story import P, Story

D = date
T = "T"
END = D(2019, 12, 31)
MAY, JUNE, SEPTEMBER, OCTOBER = D(2018, 5, 7), D(2018, 6, 4), D(2018, 9, 3), D(2018, 10, 8)


def begun() -> Story:
    return Story().opened().enrolled(T)


def stage_of(rows: Rows, on: date = END) -> Stage | None:
    dossier = rows.dossiers.get(T, DossierProgress())
    return stage(dossier, rows.cases_of(T), rows.programme.townships().get(T, ()), on)


def ready() -> Story:
    return begun().assessed(T, MAY)


def applied(round: int = 1) -> Story:
    return ready().applied(T, SEPTEMBER, round).opened_case(T, SEPTEMBER, round)


def inspected() -> Story:
    return applied().team(T, D(2018, 9, 10))


def passed() -> Story:
    return inspected().passed(T, D(2018, 9, 20))


def recommended() -> Story:
    return passed().recommended(T, D(2018, 9, 25))


def verified() -> Story:
    return recommended().city_marks(T, OCTOBER).verified(T, OCTOBER)


def titled() -> Story:
    return verified().awarded(T, D(2018, 12, 20)).closed(T, D(2018, 12, 20), "awarded")


def returned() -> Story:
    return (
        inspected()
        .returned(T, OCTOBER)
        .closed(T, OCTOBER, "returned")
        .echo_returned(T, OCTOBER)
        .found(T, OCTOBER, "R1")
        .echo_closed(T, OCTOBER, "returned")
    )


AFTER = OCTOBER + timedelta(days=1)

CASES: list[tuple[str, Callable[[], Story], Stage | None]] = [
    # What an office does by itself.
    ("an enrolled township is enrolled", begun, Stage.ENROLLED),
    ("a plan makes it planned", lambda: begun().planned(T, MAY), Stage.PLANNED),
    (
        "any self-assessment makes it assessed",
        lambda: begun().assessed(T, MAY, "gap", complete=False),
        Stage.ASSESSED,
    ),
    (
        "a deficiency found is not yet rectifying",
        lambda: begun().assessed(T, MAY, "gap").found(T, MAY),
        Stage.ASSESSED,
    ),
    (
        "a rectification planned is rectifying",
        lambda: begun().found(T, MAY).rectifying(T, MAY, JUNE),
        Stage.RECTIFYING,
    ),
    (
        "a rectification completed is rectifying",
        lambda: begun().found(T, MAY).rectified(T, JUNE),
        Stage.RECTIFYING,
    ),
    (
        "a deficiency reopened is rectifying",
        lambda: begun().reopened(T, JUNE),
        Stage.RECTIFYING,
    ),
    ("a full assessment with a grade makes it ready", ready, Stage.READY),
    (
        "a pre-application assessment does too",
        lambda: begun().assessed(T, MAY, "pre-application"),
        Stage.READY,
    ),
    ("a gap assessment never does", lambda: begun().assessed(T, MAY, "gap"), Stage.ASSESSED),
    (
        "an incomplete assessment never does",
        lambda: begun().assessed(T, MAY, complete=False),
        Stage.ASSESSED,
    ),
    (
        "an assessment without a grade does not",
        lambda: begun().assessed(T, MAY, grade="none"),
        Stage.ASSESSED,
    ),
    (
        "the last complete assessment counts, not the best",
        lambda: ready().assessed(T, JUNE, grade="none"),
        Stage.ASSESSED,
    ),
    (
        "an incomplete one after it changes nothing",
        lambda: ready().assessed(T, JUNE, complete=False, grade="none"),
        Stage.READY,
    ),
    ("a blocking deficiency holds it", lambda: ready().found(T, JUNE), Stage.ASSESSED),
    (
        "one that does not block does not hold it",
        lambda: ready().found(T, JUNE, blocking=False),
        Stage.READY,
    ),
    (
        "a deficiency withdrawn holds nothing",
        lambda: ready().found(T, JUNE).withdrawn(T, JUNE),
        Stage.READY,
    ),
    (
        "a deficiency completed holds nothing",
        lambda: ready().found(T, JUNE).rectified(T, JUNE),
        Stage.READY,
    ),
    (
        "a reopened deficiency keeps its blocking",
        lambda: ready().found(T, JUNE).rectified(T, JUNE).reopened(T, JUNE),
        Stage.RECTIFYING,
    ),
    # Rules 11 and 13: the case.
    ("an application makes it applied", lambda: ready().applied(T, SEPTEMBER), Stage.APPLIED),
    ("an open case is applied", applied, Stage.APPLIED),
    (
        "a case whose application is not known here is applied",
        lambda: begun().opened_case(T, SEPTEMBER),
        Stage.APPLIED,
    ),
    ("a team makes it inspecting", inspected, Stage.INSPECTING),
    (
        "an inspection of the district's is not verifying",
        lambda: inspected().scheduled(T, D(2018, 9, 12), "district"),
        Stage.INSPECTING,
    ),
    ("the district's pass is passed", passed, Stage.PASSED),
    ("recommended is recommended", recommended, Stage.RECOMMENDED),
    (
        "an inspection of the city's is verifying",
        lambda: recommended().scheduled(T, OCTOBER, "city"),
        Stage.VERIFYING,
    ),
    ("city marks are verifying", lambda: recommended().city_marks(T, OCTOBER), Stage.VERIFYING),
    ("the city's pass is verified", verified, Stage.VERIFIED),
    ("a title is compliant", titled, Stage.COMPLIANT),
    (
        "the higher title is demonstration",
        lambda: verified().awarded(T, D(2018, 12, 20), title="demonstration"),
        Stage.DEMONSTRATION,
    ),
    (
        "the highest round decides",
        lambda: returned().applied(T, AFTER, 2).opened_case(T, AFTER, 2).team(T, AFTER, 2),
        Stage.INSPECTING,
    ),
    (
        "a higher round decides though its case is not known yet",
        lambda: returned().applied(T, AFTER, 2),
        Stage.APPLIED,
    ),
    (
        "the case outranks the dossier's echo of it",
        lambda: inspected().echo_returned(T, OCTOBER),
        Stage.INSPECTING,
    ),
    (
        "the echo counts while there is no case",
        lambda: ready().applied(T, SEPTEMBER).echo_returned(T, OCTOBER),
        Stage.RECTIFYING,
    ),
    # The ways back.
    ("a return leads back to rectifying", returned, Stage.RECTIFYING),
    (
        "an assessment before the return does not make it ready",
        lambda: returned().rectified(T, AFTER, "R1"),
        Stage.RECTIFYING,
    ),
    (
        "an assessment after it does",
        lambda: returned().rectified(T, AFTER, "R1").assessed(T, AFTER),
        Stage.READY,
    ),
    (
        "not while the returned item is open",
        lambda: returned().assessed(T, AFTER),
        Stage.RECTIFYING,
    ),
    (
        "an assessment of the same day, after the echo, is after the return",
        lambda: returned().rectified(T, OCTOBER, "R1").assessed(T, OCTOBER),
        Stage.READY,
    ),
    (
        "an assessment of the same day, before the echo, is not",
        lambda: inspected().assessed(T, OCTOBER).returned(T, OCTOBER).echo_returned(T, OCTOBER),
        Stage.RECTIFYING,
    ),
    (
        "failing at the district leads back to rectifying",
        lambda: inspected().failed(T, OCTOBER).closed(T, OCTOBER, "failed"),
        Stage.RECTIFYING,
    ),
    (
        "failing at the city leads back to rectifying",
        lambda: recommended().city_failed(T, OCTOBER),
        Stage.RECTIFYING,
    ),
    (
        "failing and assessing again is ready",
        lambda: inspected().failed(T, OCTOBER).assessed(T, AFTER),
        Stage.READY,
    ),
    (
        "a case withdrawn leads back to ready",
        lambda: inspected().closed(T, OCTOBER, "withdrawn"),
        Stage.READY,
    ),
    (
        "or to rectifying where that does not hold",
        lambda: inspected().found(T, OCTOBER).closed(T, OCTOBER, "withdrawn"),
        Stage.RECTIFYING,
    ),
    (
        "an application rejected leads back to ready",
        lambda: ready().applied(T, SEPTEMBER).rejected(T, SEPTEMBER),
        Stage.READY,
    ),
    ("a void case does too", lambda: inspected().closed(T, OCTOBER, "void"), Stage.READY),
    (
        "withdrawn before a case exists, told by the echo",
        lambda: ready().applied(T, SEPTEMBER).echo_closed(T, SEPTEMBER, "withdrawn"),
        Stage.READY,
    ),
    # Titles, and leaving.
    (
        "a title in force wins over an open application",
        lambda: titled().applied(T, D(2019, 3, 1), 2).opened_case(T, D(2019, 3, 1), 2),
        Stage.COMPLIANT,
    ),
    (
        "a later title replaces the earlier",
        lambda: titled().awarded(
            T, D(2019, 5, 6), 2, title="demonstration", plaque="2", replaces="1"
        ),
        Stage.DEMONSTRATION,
    ),
    ("left wins over everything", lambda: titled().left(T, D(2019, 6, 3)), Stage.LEFT),
    (
        "enrolling again restores it",
        lambda: titled().left(T, D(2019, 6, 3)).enrolled(T, on=D(2019, 7, 1)),
        Stage.COMPLIANT,
    ),
]


@pytest.mark.parametrize(
    ("story", "expected"),
    [(story, expected) for _, story, expected in CASES],
    ids=[c[0] for c in CASES],
)
def test_the_stage_is_what_the_rule_says(
    story: Callable[[], Story], expected: Stage | None
) -> None:
    assert stage_of(story().rows()) is expected


def test_before_its_enrolment_a_township_is_absent() -> None:
    story = Story().opened().planned(T, D(2018, 3, 1)).enrolled(T, on=D(2018, 3, 5))
    assert stage_of(story.rows(), D(2018, 3, 4)) is None
    assert stage_of(story.rows(), D(2018, 3, 5)) is Stage.PLANNED


def test_an_expired_title_still_counts() -> None:
    assert stage_of(titled().rows(), D(2019, 12, 31)) is Stage.COMPLIANT  # valid until 2018-12-21


def test_a_recommendation_returned_leads_back_to_passed() -> None:
    story = recommended().sent_back_by_city(T, OCTOBER)
    assert stage_of(story.rows()) is Stage.PASSED
    assert stage_of(story.recommended(T, AFTER).rows()) is Stage.RECOMMENDED


def test_a_veto_is_a_flag_and_moves_nobody() -> None:
    rows = inspected().vetoed(T, OCTOBER).rows()
    assert stage_of(rows) is Stage.INSPECTING
    [veto] = rows.cases[f"{P}/{T}/1"].vetoes()
    assert (veto.gate, veto.on) == ("accident", OCTOBER)


def test_a_veto_ends_with_its_case() -> None:
    story = inspected().vetoed(T, OCTOBER).failed(T, AFTER).closed(T, AFTER, "failed")
    assert story.rows().cases[f"{P}/{T}/1"].vetoes() == []


def test_a_revoked_title_is_revoked_until_the_next_application() -> None:
    rows = titled().revoked(T, D(2019, 3, 4)).rows()
    assert stage_of(rows, D(2019, 3, 3)) is Stage.COMPLIANT
    assert stage_of(rows, D(2019, 3, 4)) is Stage.REVOKED
    rows = titled().applied(T, D(2019, 4, 1), 2).revoked(T, D(2019, 3, 4)).rows()
    assert stage_of(rows, D(2019, 3, 31)) is Stage.REVOKED
    assert stage_of(rows, D(2019, 4, 1)) is Stage.APPLIED


def test_an_application_still_open_when_the_title_is_revoked_decides() -> None:
    story = titled().applied(T, D(2019, 2, 1), 2).opened_case(T, D(2019, 2, 1), 2)
    assert stage_of(story.revoked(T, D(2019, 3, 4)).rows()) is Stage.APPLIED


def test_an_application_over_before_the_revocation_does_not_follow_it() -> None:
    story = titled().applied(T, D(2019, 2, 1), 2).rejected(T, D(2019, 2, 1), 2)
    assert stage_of(story.revoked(T, D(2019, 3, 4)).rows()) is Stage.REVOKED


def test_a_replaced_title_never_revives() -> None:
    story = titled().awarded(T, D(2019, 5, 6), 2, plaque="2", replaces="1")
    rows = story.revoked(T, D(2019, 6, 3), 2, plaque="2").rows()
    assert stage_of(rows) is Stage.REVOKED


def test_a_title_replaced_within_its_case_never_revives() -> None:
    story = titled().awarded(T, D(2019, 5, 6), plaque="2", replaces="1")
    assert stage_of(story.revoked(T, D(2019, 6, 3), plaque="2").rows()) is Stage.REVOKED


def test_revoking_a_title_already_replaced_leaves_the_new_one() -> None:
    story = titled().awarded(T, D(2019, 5, 6), plaque="2", replaces="1")
    assert stage_of(story.revoked(T, D(2019, 6, 3), plaque="1").rows()) is Stage.COMPLIANT


def test_a_title_put_right_counts_from_the_day_the_correction_says() -> None:
    rows = titled().corrected(T, D(2019, 1, 7), "title", "compliant", "demonstration").rows()
    assert stage_of(rows, D(2019, 1, 6)) is Stage.COMPLIANT
    assert stage_of(rows, D(2019, 1, 7)) is Stage.DEMONSTRATION


def test_a_correction_put_right_again_is_about_the_same_award() -> None:
    story = titled().corrected(T, D(2019, 1, 7), "title", "compliant", "demonstration")
    story.corrected(T, D(2019, 1, 8), "title", "demonstration", "compliant")
    assert stage_of(story.rows()) is Stage.COMPLIANT


def test_a_corrected_plaque_number_is_the_one_shown_and_the_one_revoked() -> None:
    story = titled().corrected(T, D(2019, 1, 7), "plaque_number", "1", "7")
    held = title_in_force(story.rows().cases_of(T))
    assert held is not None
    assert held.plaque == "7"
    assert held.numbers == {"1", "7"}
    assert stage_of(story.revoked(T, D(2019, 3, 4), plaque="7").rows()) is Stage.REVOKED


@pytest.mark.parametrize("replaced", ["1", "7"])
def test_a_title_is_replaced_by_any_number_its_plaque_ever_bore(replaced: str) -> None:
    story = titled().corrected(T, D(2019, 1, 7), "plaque_number", "1", "7")
    story.awarded(T, D(2019, 5, 6), 2, plaque="2", replaces=replaced)
    assert stage_of(story.revoked(T, D(2019, 6, 3), 2, plaque="2").rows()) is Stage.REVOKED


def test_a_corrected_day_of_validity_changes_no_stage() -> None:
    rows = titled().corrected(T, D(2019, 1, 7), "valid_until_on", "2018-12-21", "2021-12-20").rows()
    assert stage_of(rows) is Stage.COMPLIANT
