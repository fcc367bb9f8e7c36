"""Dated names, and who takes whose place: 安监局 became 应急管理局 inside these two years."""

from dataclasses import replace
from datetime import date

from services.review.case import Case
from services.review.case_opening import open_case
from services.review.programmes.organisations import (
    Naming,
    Part,
    name_on,
    names,
    parts,
    rename_organisation,
)
from services.review.programmes.programme import (
    Programme,
    close,
    enrol_township,
    evolve,
    withdraw_township,
)
from shared.contracts.blocks import Document
from shared.contracts.programme import OrganisationRenamed, ProgrammeEvent
from tests.unit.given import Given
from tests.unit.review_path import OPENING, TOWN, application, opened, site

given = Given(Programme(), evolve)
OLD = opened()
NEW_YEAR, MARCH = date(2019, 1, 1), date(2019, 3, 1)
BUREAU = Naming(name="区应急管理局", from_on=NEW_YEAR, document_prefix="山应急发")
HEIR = Naming(name="区应急管理局", from_on=NEW_YEAR, successor_of="district")
PAPER = Document(title="机构改革方案", issued_on=date(2018, 12, 25))


def rename(
    programme: Programme,
    naming: Naming = BUREAU,
    organisation: str = "district",
    on: date = MARCH,
) -> list[ProgrammeEvent]:
    here = site(on)
    if naming.successor_of is not None:
        here["document"] = PAPER
    return rename_organisation(programme, organisation, naming, site=here)


def named(programme: Programme, organisation: str, day: date) -> str | None:
    name = name_on(names(programme).get(organisation, []), day)
    return name.name if name else None


def followed(organisation: str = "emergency", naming: Naming = HEIR) -> list[ProgrammeEvent]:
    return given(*OLD).when(rename, naming, organisation).events


def test_a_name_says_from_when_it_is_borne_and_what_it_replaces() -> None:
    given(*OLD).when(rename).then_once(
        OrganisationRenamed(
            **site(MARCH),
            organisation="district",
            name="区应急管理局",
            previous_name="区安监局",
            from_on=NEW_YEAR,
            document_prefix="山应急发",
        )
    )


def test_a_day_has_the_name_of_that_day_whenever_it_was_entered() -> None:
    state = given(*OLD).when(rename).state
    assert named(state, "district", date(2018, 12, 31)) == "区安监局"
    assert named(state, "district", NEW_YEAR) == "区应急管理局"


def test_before_it_took_part_an_organisation_has_no_name_here() -> None:
    state = given(*OLD).state
    assert named(state, "o-gov", date(2018, 2, 4)) is None
    assert named(state, "o-gov", OPENING) == "山城街道办事处"


def test_a_name_may_be_entered_ahead_of_its_day() -> None:
    state = given(*OLD).when(rename, on=date(2018, 12, 20)).state
    assert named(state, "district", date(2018, 12, 31)) == "区安监局"
    assert named(state, "district", NEW_YEAR) == "区应急管理局"


def test_a_name_does_not_begin_before_the_one_that_it_replaces() -> None:
    early = Naming(name="x", from_on=date(2018, 2, 4))
    given(*OLD).when(rename, early).refused("name-too-early", earliest_on=OPENING)
    (event,) = given(*OLD).when(rename).events
    second = Naming(name="x", from_on=date(2018, 12, 31))
    given(*OLD, event).when(rename, second).refused("name-too-early", earliest_on=NEW_YEAR)


def test_of_two_names_from_one_day_the_later_one_counts() -> None:
    (event,) = given(*OLD).when(rename).events
    fixed = Naming(name="山亭区应急管理局", from_on=NEW_YEAR)
    state = given(*OLD, event).when(rename, fixed).state
    assert named(state, "district", NEW_YEAR) == "山亭区应急管理局"


def test_the_name_already_borne_changes_nothing() -> None:
    given(*OLD).when(rename, Naming(name="区安监局", from_on=NEW_YEAR)).then_nothing()


def test_a_second_name_is_not_given_before_the_first() -> None:
    (event,) = given(*OLD).when(rename).events
    second = Naming(name="x", from_on=MARCH)
    given(*OLD, event).when(rename, second, on=date(2019, 2, 28)).refused(
        "effective-day-too-early", earliest_on=MARCH
    )


def test_an_organisation_is_not_renamed_before_it_took_part() -> None:
    late = replace(TOWN, township="2", office="o2", government="g2")
    joined = given(*OLD).when(enrol_township, late, site=site(NEW_YEAR)).events
    given(*OLD, *joined).when(rename, BUREAU, "o2", date(2018, 12, 31)).refused(
        "effective-day-too-early", earliest_on=NEW_YEAR
    )


def test_a_township_that_comes_back_may_bring_another_name() -> None:
    (left,) = (
        given(*OLD)
        .when(withdraw_township, TOWN.township, reason="撤并", site=site(NEW_YEAR))
        .events
    )
    (back,) = given(*OLD, left).when(enrol_township, TOWN, site=site(MARCH)).events
    found = names(given(*OLD, left, back).state)["o-office"]
    assert [one.from_on for one in found] == [OPENING, MARCH]


def test_nobody_unknown_is_named() -> None:
    given(*OLD).when(rename, organisation="stranger").refused(
        "unknown-organisation", organisation="stranger"
    )


def test_who_follows_another_may_do_what_it_could() -> None:
    before, after = given(*OLD).state, given(*OLD, *followed()).state
    assert not before.acts_as("emergency", "district")
    assert after.acts_as("emergency", "district")
    assert not after.acts_as("emergency", "city")
    assert not after.acts_as("emergency", "o-office")


def test_the_old_bureau_is_shut_out_by_no_successor() -> None:
    assert given(*OLD, *followed()).state.acts_as("district", "district")


def test_a_place_is_held_by_whoever_took_it_by_that_day() -> None:
    state = given(*OLD, *followed()).state
    assert state.holder("district", date(2018, 12, 31)) == "district"
    assert state.holder("district", NEW_YEAR) == "emergency"
    assert not state.acts_as("emergency", "district", date(2018, 12, 31))
    assert state.acts_as("emergency", "district", NEW_YEAR)


def test_a_successor_has_all_parts_and_the_name_before_is_its_predecessors() -> None:
    (event,) = followed()
    assert isinstance(event, OrganisationRenamed)
    assert (event.previous_name, event.successor_of) == ("区安监局", "district")
    state = given(*OLD, event).state
    assert parts(state)["emergency"] == [Part(part="district")]
    assert named(state, "emergency", date(2018, 12, 31)) is None
    assert named(state, "district", MARCH) == "区安监局"


def test_the_same_succession_again_changes_nothing() -> None:
    given(*OLD, *followed()).when(rename, HEIR, "emergency").then_nothing()


def test_a_line_of_successors_is_followed_to_its_end() -> None:
    second = Naming(name="区应急局", from_on=MARCH, successor_of="emergency")
    (event,) = given(*OLD, *followed()).when(rename, second, "third").events
    state = given(*OLD, *followed(), event).state
    assert state.acts_as("third", "district")
    assert state.holder("district") == "third"
    assert state.holder("district", NEW_YEAR) == "emergency"


def test_a_successor_that_is_renamed_takes_no_place_again() -> None:
    again = replace(HEIR, name="山亭区应急管理局")
    (event,) = given(*OLD, *followed()).when(rename, again, "emergency").events
    assert isinstance(event, OrganisationRenamed)
    assert (event.previous_name, event.successor_of) == ("区应急管理局", None)


def test_a_place_is_not_taken_before_the_last_name_was_entered() -> None:
    (event,) = given(*OLD).when(rename).events
    given(*OLD, event).when(rename, HEIR, "emergency", date(2019, 2, 1)).refused(
        "effective-day-too-early", earliest_on=MARCH
    )


def test_a_place_is_taken_with_a_paper_only() -> None:
    given(*OLD).when(rename_organisation, "emergency", HEIR, site=site(MARCH)).refused(
        "document-missing", of="succession"
    )


def test_a_place_is_taken_once() -> None:
    given(*OLD, *followed()).when(rename, HEIR, "other").refused(
        "organisation-succeeded", successor="emergency"
    )


def test_only_a_new_organisation_follows_another() -> None:
    given(*OLD).when(rename, HEIR, "city").refused("organisation-takes-part", organisation="city")


def test_nobody_follows_a_stranger() -> None:
    lost = Naming(name="x", from_on=NEW_YEAR, successor_of="stranger")
    given(*OLD).when(rename, lost, "other").refused("unknown-organisation", organisation="stranger")


def test_a_place_is_taken_when_it_happens_and_not_ahead() -> None:
    given(*OLD).when(rename, HEIR, "emergency", date(2018, 12, 31)).refused(
        "succession-to-come", from_on=NEW_YEAR
    )


def test_a_place_is_not_taken_before_it_existed() -> None:
    early = Naming(name="x", from_on=date(2018, 2, 4), successor_of="district")
    given(*OLD).when(rename, early, "emergency").refused("name-too-early", earliest_on=OPENING)


def test_names_change_after_the_programmes_end_too() -> None:
    (end,) = given(*OLD).when(close, achieved=0, site=site(NEW_YEAR)).events
    assert given(*OLD, end).when(rename).events


def test_an_office_that_was_followed_is_not_enrolled_again_for_another_township() -> None:
    heir = Naming(name="新办", from_on=NEW_YEAR, successor_of="o-office")
    other = replace(TOWN, township="2", office="new-office", government="g2")
    given(*OLD, *followed("new-office", heir)).when(
        enrol_township, other, site=site(MARCH)
    ).refused("duplicate-code", duplicate="new-office")


def test_an_application_may_come_from_whoever_took_the_offices_place() -> None:
    heir = Naming(name="新办", from_on=OPENING, successor_of="o-office")
    sent = replace(application(), office="new-office")

    def said(*programme: ProgrammeEvent) -> list[str]:
        (event,) = open_case(Case(), given(*programme).state, sent)
        return [one.code for one in getattr(event, "reasons", ())]

    assert said(*OLD) == ["office-differs"]
    assert said(*OLD, *followed("new-office", heir)) == []
