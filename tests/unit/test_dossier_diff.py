"""What inspectors see first of a second application."""

from dataclasses import replace

from services.submission.diff import MarkChange, Mended, diff
from services.submission.dossier import Application
from shared.contracts.blocks import Mark
from shared.contracts.dossier import ApplicationReturned, ApplicationSubmitted, Prerequisite
from shared.standard import score
from tests.unit.dossiers import ASKING, STANDARD, marks
from tests.unit.test_dossier_application import RETURNED, SUBMITTED

(ECHO,) = (one for one in RETURNED if isinstance(one, ApplicationReturned))
BEFORE = Application(SUBMITTED, returned=ECHO)


def again(scored: tuple[Mark, ...], facts: tuple[str, ...] = ()) -> ApplicationSubmitted:
    return replace(
        SUBMITTED,
        application_id="A2",
        round=2,
        marks=scored,
        totals=score(ASKING, scored, facts=facts),
        facts=facts,
        previous_application_id="A1",
    )


def test_it_shows_what_the_office_stood_at_and_stands_at_now() -> None:
    shown = diff(BEFORE, again(marks(staff=19, files=20), ("fatal-accident",)))
    assert shown.previous_application_id == "A1"
    assert (shown.was.total_cp, shown.now.total_cp) == (9_900, 7_900)
    assert (shown.was.grade, shown.now.grade) == ("demonstration", "none")
    assert (shown.was.vetoes, shown.now.vetoes) == ((), ("no-full-time", "accident"))
    assert (shown.was.facts, shown.now.facts) == ((), ("fatal-accident",))


def test_it_shows_the_gates_that_stood_in_the_way() -> None:
    unmet = replace(
        SUBMITTED,
        marks=marks(rules=20, files=4),
        totals=score(STANDARD, marks(rules=20, files=4)),
        prerequisites=(Prerequisite(code="has-staff", met=False),),
    )
    shown = diff(Application(unmet), again(marks()))
    assert (shown.was.failed_gates, shown.now.failed_gates) == (("category:paper",), ())
    assert (shown.was.unmet_prerequisites, shown.now.unmet_prerequisites) == (("has-staff",), ())


def test_it_shows_every_item_that_is_marked_otherwise() -> None:
    shown = diff(BEFORE, again(marks(rules=29, files=20)))
    assert shown.changes == [
        MarkChange(item="rules", was_cp=3_000, is_cp=2_900),
        MarkChange(item="files", was_cp=1_900, is_cp=2_000),
    ]


def test_an_item_that_no_longer_applies_has_no_points() -> None:
    *most, vehicle = marks(files=19)
    out = (*most, replace(vehicle, applicable=False, mark_cp=0))
    assert diff(BEFORE, again(out)).changes == [
        MarkChange(item="vehicle", was_cp=1_000, is_cp=None)
    ]


def test_of_what_was_sent_back_it_shows_what_was_done_or_that_nothing_was() -> None:
    staff, rules, files, vehicle = marks()
    files = replace(files, mark_cp=2_000, evidence=("b" * 64,))
    shown = diff(BEFORE, again((staff, rules, files, vehicle)))
    assert shown.returned == [
        Mended(
            item="files",
            reason="台账缺页",
            was_cp=1_900,
            is_cp=2_000,
            marked_otherwise=True,
            evidence_added=("b" * 64,),
        ),
        Mended(
            item="rules",
            reason="制度未更新",
            was_cp=3_000,
            is_cp=3_000,
            marked_otherwise=False,
            evidence_added=(),
        ),
    ]


def test_evidence_that_was_shown_before_is_not_new() -> None:
    scored = marks(files=19)
    kept = tuple(replace(one, evidence=("a" * 64,)) for one in scored)
    before = Application(replace(SUBMITTED, marks=kept), returned=ECHO)
    assert [one.evidence_added for one in diff(before, again(kept)).returned] == [(), ()]


def test_after_a_withdrawal_nothing_was_sent_back() -> None:
    assert diff(Application(SUBMITTED), again(marks())).returned == []
