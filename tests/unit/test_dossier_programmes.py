"""What the submission service knows of a programme it follows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.submission.programmes import (
    Programme,
    acts_as,
    batch,
    known,
    site,
    standard_in_force,
    standard_version,
)
from shared.contracts.programme import (
    Closed,
    Opened,
    OrganisationRenamed,
    TownshipEnrolled,
    TownshipWithdrawn,
)
from shared.contracts.refusals import Refused
from tests.unit.dossiers import (
    ALL,
    BATCH,
    EXTENDED,
    FEBRUARY,
    FIRST,
    LATER,
    MAY,
    OFFICE,
    OPEN,
    OPENING,
    PROGRAMME,
    REFORM,
    STANDARD,
    STRICTER,
    TOWNSHIP,
    heard,
)

LEFT = TownshipWithdrawn(
    programme=PROGRAMME,
    effective_on=MAY,
    township=TOWNSHIP,
    township_name="山城街道",
    office=OFFICE,
    withdrawn_on=MAY,
    reason="撤并",
)


def refusal(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def test_a_programme_nobody_heard_of_is_unknown() -> None:
    with pytest.raises(Refused) as refused:
        known(Programme(), "elsewhere")
    assert refusal(refused) == "unknown-programme"


def test_a_township_is_named_as_it_enrolled() -> None:
    here = site(OPEN, TOWNSHIP, MAY, backdated_reason="补录")
    assert (here["township_name"], here["office"]) == ("山城街道", OFFICE)
    assert (here["effective_on"], here["backdated_reason"]) == (MAY, "补录")


@pytest.mark.parametrize("township", ["370406099", ""])
def test_a_township_that_never_enrolled_has_no_dossier(township: str) -> None:
    with pytest.raises(Refused) as refused:
        site(OPEN, township, MAY)
    assert refusal(refused) == "township-not-enrolled"


def test_before_its_enrolment_a_township_has_no_dossier() -> None:
    with pytest.raises(Refused) as refused:
        site(OPEN, TOWNSHIP, date(2018, 2, 7))
    assert refusal(refused) == "township-not-enrolled"


def test_from_the_day_it_leaves_nothing_happens_in_its_dossier() -> None:
    programme = heard(*OPENING, LEFT)
    assert site(programme, TOWNSHIP, date(2018, 5, 9))
    with pytest.raises(Refused) as refused:
        site(programme, TOWNSHIP, MAY)
    assert refusal(refused) == "township-not-enrolled"


def test_enrolled_again_it_goes_on() -> None:
    assert site(heard(*OPENING, LEFT, OPENING[-1]), TOWNSHIP, MAY)


JUNE = date(2018, 6, 1)
AGAIN = replace(
    next(one for one in OPENING if isinstance(one, TownshipEnrolled)),
    effective_on=JUNE,
    name="山城",
    office="370406001-new",
)


@pytest.mark.parametrize(
    ("on", "office"),
    [
        (date(2018, 2, 7), None),
        (date(2018, 5, 9), OFFICE),
        (MAY, None),
        (date(2018, 5, 31), None),
        (JUNE, "370406001-new"),
    ],
)
def test_what_is_told_late_of_an_earlier_enrolment_is_of_that_one(
    on: date, office: str | None
) -> None:
    programme = heard(*OPENING, LEFT, AGAIN)
    if office is not None:
        assert site(programme, TOWNSHIP, on)["office"] == office
        return
    with pytest.raises(Refused) as refused:
        site(programme, TOWNSHIP, on)
    assert refusal(refused) == "township-not-enrolled"


def test_after_it_left_a_township_may_still_do_what_ends_its_part() -> None:
    programme = heard(*OPENING, LEFT)
    for on in (date(2018, 5, 9), MAY, JUNE):
        assert site(programme, TOWNSHIP, on, after_leaving=True)["office"] == OFFICE
    with pytest.raises(Refused):
        site(programme, TOWNSHIP, date(2018, 2, 7), after_leaving=True)
    back = heard(*OPENING, LEFT, AGAIN)
    assert site(back, TOWNSHIP, MAY, after_leaving=True)["office"] == OFFICE


def test_after_the_programmes_last_day_nothing_is_taken_up() -> None:
    programme = heard(
        *OPENING,
        Closed(programme=PROGRAMME, effective_on=MAY, closed_on=MAY, achieved=0, members=1),
    )
    assert site(programme, TOWNSHIP, MAY)
    with pytest.raises(Refused) as refused:
        site(programme, TOWNSHIP, date(2018, 5, 11))
    assert refusal(refused) == "programme-closed"


def test_a_standard_is_in_force_from_its_day_on() -> None:
    programme = heard(*OPENING, STRICTER)
    assert standard_in_force(programme, date(2018, 7, 31)) == STANDARD
    assert standard_in_force(programme, date(2018, 8, 1)) == STRICTER


def test_before_the_first_standard_none_is_in_force() -> None:
    with pytest.raises(Refused) as refused:
        standard_in_force(OPEN, FEBRUARY)
    assert refusal(refused) == "no-standard-in-force"


def test_an_older_standard_is_still_known_by_its_version() -> None:
    assert standard_version(heard(*OPENING, STRICTER), 1) == STANDARD
    assert standard_version(OPEN, 2) is None


def test_no_batch_is_named_or_one_that_was_announced() -> None:
    assert batch(OPEN, None) is None
    assert batch(OPEN, "2018-1") == BATCH
    with pytest.raises(Refused) as refused:
        batch(OPEN, "2018-9")
    assert refusal(refused) == "unknown-batch"


def test_plans_are_due_when_the_first_phase_ends_however_the_phases_are_listed() -> None:
    opened, *rest = OPENING
    assert isinstance(opened, Opened)
    for phases in (opened.phases, opened.phases[::-1]):
        assert heard(replace(opened, phases=phases), *rest).plan_due_on == date(2018, 3, 31)


def test_a_phase_that_is_moved_has_its_new_days_and_its_new_place() -> None:
    programme = heard(*OPENING, EXTENDED)
    assert programme.plan_due_on == date(2018, 4, 30)
    last = replace(EXTENDED, from_on=date(2020, 1, 1), to_on=date(2020, 3, 31))
    assert [one.code for one in heard(*OPENING, last).phases] == ["application", "mobilisation"]
    assert heard(*OPENING, last).phases[1].from_on == date(2020, 1, 1)


def test_a_target_that_is_moved_is_due_on_its_new_day_and_else_as_it_was() -> None:
    programme = heard(*OPENING, LATER)
    assert programme.targets["first-2018"] == replace(FIRST, due_on=date(2019, 1, 31))
    assert programme.targets["all-2019"] == ALL


def renamed(organisation: str, successor_of: str | None = None) -> OrganisationRenamed:
    return replace(REFORM, organisation=organisation, successor_of=successor_of)


def test_whoever_took_a_part_over_acts_in_it_and_its_predecessor_stays() -> None:
    programme = heard(*OPENING, REFORM)
    assert acts_as(programme, "370406-emergency", "370406-safety")
    assert acts_as(programme, "370406-safety", "370406-safety")
    assert acts_as(programme, "370406-safety", "370406-emergency")
    assert not acts_as(programme, "370406-emergency", OFFICE)


def test_a_part_is_taken_over_from_its_day_on() -> None:
    programme = heard(*OPENING, REFORM)
    eve = REFORM.from_on - timedelta(days=1)
    assert not acts_as(programme, "370406-emergency", "370406-safety", eve)
    assert acts_as(programme, "370406-emergency", "370406-safety", REFORM.from_on)


def test_another_name_takes_nothing_over() -> None:
    programme = heard(*OPENING, renamed("370406-safety"))
    assert acts_as(programme, "370406-safety", programme.district)
    assert programme.district == "370406-safety"


def test_a_part_goes_on_to_the_successor_of_the_successor() -> None:
    programme = heard(*OPENING, renamed("b", "370406-safety"), renamed("c", "b"))
    assert acts_as(programme, "c", "370406-safety")
    assert acts_as(programme, "b", "370406-safety")
