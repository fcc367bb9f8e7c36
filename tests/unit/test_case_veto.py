"""What bars an office from passing whatever its score, and what stays possible all the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from services.review import city, consensus, title, verdict, veto
from services.review.case import Case, evolve
from shared.contracts.blocks import Reason
from shared.contracts.case import CaseEvent, CityMarksRecorded, ConsensusRecorded, VetoRecorded
from tests.unit.given import Given, Outcome
from tests.unit.review_path import PROGRAMME, Path, marks, site

given = Given(Case(), evolve)
OCTOBER = date(2018, 10, 20)
FATAL = date(2018, 9, 2)


def record(
    path: Path, gate: str = "fatal", occurred_on: date = FATAL, day: date = OCTOBER
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        veto.record_veto,
        PROGRAMME,
        gate,
        occurred_on=occurred_on,
        reason="一般事故，死亡一人",
        site=site(day),
    )


def vetoed(path: Path, day: date = OCTOBER) -> Sequence[CaseEvent]:
    return [*path.events, *record(path, day=day).events]


@pytest.mark.parametrize(
    "path",
    [Path(), Path().appointed(), Path().inspected(), Path().passed(), Path().city_marked()],
    ids=["opened", "appointed", "agreed", "passed", "city-marked"],
)
def test_a_veto_is_recorded_once_until_the_city_decides(path: Path) -> None:
    (event,) = record(path).events
    assert isinstance(event, VetoRecorded)
    assert (event.gate, event.occurred_on) == ("fatal", FATAL)
    record(path).then_once(event)


def test_the_citys_decision_or_the_end_is_too_late_for_a_veto() -> None:
    record(Path().city_passed()).refused("wrong-stage", stage="city-passed")
    record(Path().closed()).refused("case-closed", outcome="awarded")
    record(Path(), day=date(2018, 9, 2)).refused("effective-day-too-early")


def test_only_what_the_standard_calls_a_veto_bars_the_way() -> None:
    for gate in ("head", "none"):
        record(Path(), gate).refused("unknown-gate", known=["fatal", "no-office"])


def test_nothing_is_recorded_before_it_happened() -> None:
    later = date(2018, 10, 21)
    record(Path(), occurred_on=later).refused("occurred-later", occurred_on=later)
    assert record(Path(), occurred_on=OCTOBER).events


def test_a_vetoed_office_passes_neither_district_nor_city() -> None:
    given(*vetoed(Path().inspected())).when(
        verdict.pass_preliminary, PROGRAMME, decided_by="chief", site=site(OCTOBER)
    ).refused("vetoed", gates=["死亡事故"])
    given(*vetoed(Path().city_marked())).when(
        city.pass_city, PROGRAMME, site=site(OCTOBER)
    ).refused("vetoed", gates=["死亡事故"])


def test_no_title_is_awarded_over_a_veto() -> None:
    path = Path().city_passed()
    (found,) = record(Path().city_marked()).events

    def award(case: Case) -> list[CaseEvent]:
        given_ = title.Award(title="compliant", plaque_number="1")
        return title.award_titles(
            [case], [given_], PROGRAMME, award_id="w", site=site(date(2018, 11, 1))
        )[0]

    assert given(*path.events).when(award).events
    given(*path.events, found).when(award).refused("vetoed")


def test_a_vetoed_office_can_still_fail_or_be_sent_back() -> None:
    why = (Reason(code="veto", text="死亡事故"),)
    events = vetoed(Path().inspected())
    assert (
        given(*events)
        .when(verdict.fail_preliminary, PROGRAMME, why, decided_by="chief", site=site(OCTOBER))
        .events
    )
    complaint = [verdict.Complaint(item="JG-1", reason="死亡事故")]
    assert (
        given(*events)
        .when(
            verdict.return_application,
            PROGRAMME,
            complaint,
            own_marks={},
            decided_by="chief",
            site=site(OCTOBER),
        )
        .events
    )
    assert (
        given(*vetoed(Path().city_marked()))
        .when(city.fail_city, PROGRAMME, why, site=site(OCTOBER))
        .events
    )


def test_a_fact_on_record_is_in_the_totals_reckoned_after_it() -> None:
    path = Path().inspected()
    day = date(2018, 9, 12)
    (event,) = (
        given(*vetoed(path, day))
        .when(
            consensus.record_consensus,
            PROGRAMME,
            marks(),
            (),
            own_marks=path.own,
            officer="lead",
            site=site(day),
        )
        .events
    )
    assert isinstance(event, ConsensusRecorded)
    assert (event.totals.vetoes, event.totals.grade) == (("fatal",), "none")

    total = city.CityMarks(granularity="total", total_cp=9100)
    (figures,) = (
        given(*vetoed(Path().recommended()))
        .when(city.record_city_marks, PROGRAMME, total, inspected_on=OCTOBER, site=site(OCTOBER))
        .events
    )
    assert isinstance(figures, CityMarksRecorded)
    assert figures.totals.vetoes == ("fatal",)


def test_a_veto_of_an_item_bars_the_way_though_its_points_are_there() -> None:
    path = Path().inspected()
    found = record(path, "no-office").events
    given(*path.events, *found).when(
        verdict.pass_preliminary, PROGRAMME, decided_by="chief", site=site(OCTOBER)
    ).refused("vetoed", gates=["未设机构"])


def test_vetoes_are_kept_apart() -> None:
    path = Path()
    path.events += record(path).events
    (second,) = record(path, "no-office").events
    assert isinstance(second, VetoRecorded)
    assert set(given(*path.events, replace(second)).state.vetoes) == {"fatal", "no-office"}
