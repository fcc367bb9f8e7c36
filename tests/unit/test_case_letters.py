"""The district's letter to the city: whom it lists, what seals it, and its coming back."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from hashlib import sha256

from services.review import city, letters
from services.review.case import Case, evolve
from shared.contracts.blocks import Document, Reason
from shared.contracts.case import CaseEvent, RecommendationReturned, Recommended
from tests.unit.given import Given, Outcome
from tests.unit.review_path import ENCLOSED, PAPER, PROGRAMME, Path, second, site

given = Given(Case(), evolve)
OCTOBER = date(2018, 10, 15)
WHY = (Reason(code="papers", text="公函未附会议纪要"),)


def recommend(cases: Sequence[Case], letter: Document | None = PAPER) -> list[list[CaseEvent]]:
    return letters.recommend(
        cases,
        PROGRAMME,
        recommendation_id="r1",
        enclosed={case.opened.case_id: ENCLOSED for case in cases if case.opened},
        decided_by="chief",
        site=site(date(2018, 9, 20), letter),
    )


def recommending(path: Path, letter: Document | None = PAPER) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(lambda case: recommend([case], letter)[0])


def test_one_letter_recommends_several_cases_with_one_seal() -> None:
    path = Path().passed()
    (first,), (other,) = recommend([path.case, second(path)])
    assert isinstance(first, Recommended)
    assert isinstance(other, Recommended)
    assert first.cases == other.cases == ("p/370406001/1", "p/2/1")
    assert first.package_sha256 == other.package_sha256
    assert first.to == "city"


def test_another_letter_has_another_seal() -> None:
    path = Path().passed()
    seals = {
        event.package_sha256
        for letter in (PAPER, replace(PAPER, number="山安监发〔2018〕9号"))
        for (event,) in recommend([path.case], letter)
        if isinstance(event, Recommended)
    }
    assert len(seals) == 2


def test_one_unfit_case_holds_back_the_letter() -> None:
    path = Path().passed()

    def both(case: Case) -> list[CaseEvent]:
        return recommend([case, Path().inspected().case])[0]

    given(*path.events).when(both).refused("wrong-stage", stage="appointed")


def test_a_case_is_listed_once() -> None:
    path = Path().passed()
    given(*path.events).when(lambda case: recommend([case, case])[0]).refused("duplicate-code")


def test_a_letter_is_a_document_and_lists_something() -> None:
    recommending(Path().passed(), None).refused("document-missing")
    given().when(lambda case: recommend([])[0]).refused("cases-missing")


def test_the_seal_covers_every_file_and_the_order_of_none() -> None:
    other = letters.Enclosure.of("a.json", b"{}")
    seal = letters.manifest("r1", [*ENCLOSED, other])
    assert seal == letters.manifest("r1", [other, *ENCLOSED])
    named = {one["name"]: one["sha256"] for one in json.loads(seal)["files"]}
    assert named == {one.name: sha256(b"{}").hexdigest() for one in (*ENCLOSED, other)}
    touched = replace(other, sha256=sha256(b"{ }").hexdigest())
    assert letters.manifest("r1", [*ENCLOSED, touched]) != seal


def test_the_bytes_of_a_manifest_stay_what_they_are() -> None:
    # A seal that was given must be found again by every later version of this code.
    assert (
        letters.manifest("r1", [letters.Enclosure.of("信.json", b"")])
        == (
            '{"files":[{"bytes":0,"name":"信.json","sha256":"'
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            '"}],"format":1,"recommendation_id":"r1"}'
        ).encode()
    )


def send_back(
    path: Path,
    reasons: Sequence[Reason] = WHY,
    resubmit_by_on: date | None = None,
    on_behalf_of: str | None = None,
    document: Document | None = None,
) -> Outcome[Case, CaseEvent]:
    return given(*path.events).when(
        letters.return_recommendation,
        PROGRAMME,
        reasons,
        resubmit_by_on=resubmit_by_on,
        on_behalf_of=on_behalf_of,
        site=site(OCTOBER, document),
    )


def test_a_letter_that_comes_back_leaves_the_case_passed_by_the_district() -> None:
    for path in (Path().recommended(), Path().city_marked()):
        outcome = send_back(path)
        (event,) = outcome.events
        assert isinstance(event, RecommendationReturned)
        # Twenty working days of the deadline rules: nothing is off after 15 October.
        assert (event.recommendation_id, event.resubmit_by_on) == ("r1", date(2018, 11, 12))
        assert outcome.state.stage == "preliminary-passed"


def test_the_city_may_say_by_when_but_not_by_a_day_gone_by() -> None:
    path = Path().recommended()
    (event,) = send_back(path, resubmit_by_on=OCTOBER).events
    assert isinstance(event, RecommendationReturned)
    assert event.resubmit_by_on == OCTOBER
    send_back(path, resubmit_by_on=date(2018, 10, 14)).refused("days-reversed")


def test_a_letter_comes_back_with_reasons_and_for_the_city_with_its_paper() -> None:
    path = Path().recommended()
    send_back(path, ()).refused("reasons-missing")
    send_back(path, [replace(WHY[0], item="XX-9")]).refused("unknown-item", item="XX-9")
    send_back(path, on_behalf_of="city").refused("document-missing", of="city")
    assert send_back(path, on_behalf_of="city", document=PAPER).events


def test_only_a_letter_that_was_sent_comes_back() -> None:
    send_back(Path().passed()).refused("wrong-stage", stage="preliminary-passed")
    send_back(Path().city_passed()).refused("wrong-stage", stage="city-passed")
    sent = send_back(Path().recommended())
    given(*Path().recommended().events, *sent.events).when(
        letters.return_recommendation, PROGRAMME, WHY, site=site(OCTOBER)
    ).refused("wrong-stage")


def test_marks_upon_a_letter_that_came_back_do_not_count_for_the_next() -> None:
    back = send_back(Path().city_marked()).state
    ((again,),) = letters.recommend(
        [back],
        PROGRAMME,
        recommendation_id="r2",
        decided_by="chief",
        enclosed={"p/370406001/1": ENCLOSED},
        site=site(date(2018, 10, 16), PAPER),
    )
    sent = reduce(evolve, [again], back)
    events = [*Path().city_marked().events, *send_back(Path().city_marked()).events, again]
    assert sent.city_marks is None
    given(*events).when(city.pass_city, PROGRAMME, site=site(date(2018, 10, 17))).refused(
        "wrong-stage", stage="recommended"
    )
    total = city.CityMarks(granularity="total", total_cp=9000)
    stale = date(2018, 10, 15)
    given(*events).when(
        city.record_city_marks,
        PROGRAMME,
        total,
        inspected_on=stale,
        site=site(date(2018, 10, 17)),
    ).refused("inspected-outside", from_on=date(2018, 10, 16))


def test_a_case_is_recommended_again_only_after_its_letter_came_back() -> None:
    recommending(Path().recommended()).refused("wrong-stage", stage="recommended")
