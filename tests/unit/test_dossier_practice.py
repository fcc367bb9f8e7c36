"""What an office may share of what worked."""

from dataclasses import replace

import pytest

from services.submission.dossier import Dossier, evolve
from services.submission.practice import Experience, share_practice
from shared.contracts.dossier import DossierEvent, GoodPracticeShared, Publicity
from shared.contracts.programme import StandardPublished
from tests.unit.dossiers import AUGUST, MAY, STANDARD, site
from tests.unit.given import Given

given = Given(Dossier(), evolve)
EXPERIENCE = Experience(
    title="网格化巡查", summary="每周一次", items=("rules",), publicity="internal"
)

OWN = site(MAY)["township"]
TAKING_PART = {OWN, "370406100", "370406101"}
FOR_SOME = replace(EXPERIENCE, publicity="named", shared_with=("370406101", "370406100"))


def share(
    dossier: Dossier,
    experience: Experience = EXPERIENCE,
    name: str = "G1",
    standard: StandardPublished = STANDARD,
) -> list[DossierEvent]:
    return share_practice(
        dossier, site(MAY), name, experience, standard=standard, townships=TAKING_PART
    )


(SHARED,) = share(Dossier())


def test_what_worked_is_shared() -> None:
    given().when(share).then_once(
        GoodPracticeShared(
            **site(MAY),
            practice_id="G1",
            title="网格化巡查",
            summary="每周一次",
            items=("rules",),
            publicity="internal",
            shared_with=(),
            evidence=(),
        )
    )


def test_it_is_about_items_of_the_standard_in_force() -> None:
    given().when(share, replace(EXPERIENCE, items=("rules", "drone"))).refused(
        "unknown-item", item="drone", version=1
    )
    without = replace(STANDARD, items=STANDARD.items[:1])
    given().when(share, standard=without).refused("unknown-item", item="rules")


def test_the_same_text_is_not_shared_twice() -> None:
    given(SHARED).when(share, name="G2").then_nothing()


@pytest.mark.parametrize(
    "other",
    [
        replace(EXPERIENCE, summary="每月一次"),
        replace(EXPERIENCE, title="联合执法"),
        replace(EXPERIENCE, publicity="public"),
        FOR_SOME,
    ],
)
def test_other_words_or_other_readers_make_another_practice(other: Experience) -> None:
    outcome = given(SHARED).when(share, other, "G2")
    assert [one.practice_id for one in outcome.state.practices] == ["G1", "G2"]


def test_it_may_be_for_some_townships_alone() -> None:
    (shared,) = share(Dossier(), FOR_SOME)
    assert isinstance(shared, GoodPracticeShared)
    assert (shared.publicity, shared.shared_with) == ("named", ("370406100", "370406101"))
    repeated = replace(FOR_SOME, shared_with=("370406100", "370406101", "370406100"))
    given(shared).when(share, repeated, "G2").then_nothing()
    fewer = replace(FOR_SOME, shared_with=("370406100",))
    assert len(given(shared).when(share, fewer, "G2").state.practices) == 2


@pytest.mark.parametrize("township", ["370406999", OWN])
def test_it_is_for_others_that_take_part(township: str) -> None:
    given().when(share, replace(FOR_SOME, shared_with=("370406100", township))).refused(
        "township-not-to-share-with", township=township
    )


@pytest.mark.parametrize("publicity", ["public", "internal"])
def test_townships_are_named_where_it_is_for_them_alone(publicity: Publicity) -> None:
    given().when(share, replace(FOR_SOME, publicity=publicity)).refused("shared-with-named-only")
    given().when(share, replace(FOR_SOME, shared_with=())).refused("shared-with-named-only")


def test_a_practice_keeps_its_day() -> None:
    (event,) = share_practice(Dossier(), site(AUGUST), "G1", EXPERIENCE, standard=STANDARD)
    assert event.effective_on == AUGUST
