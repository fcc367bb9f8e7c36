"""Vetoes, members who step down or are replaced, and conflicts by the dated directory."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.store.streams import Stream
from tests.integration.review import CITY, DISTRICT, FIRST, Review, full, review
from tests.integration.review_steps import (
    LETTER,
    TEAM,
    agreed,
    case,
    code,
    did,
    prepared,
    recommended,
    standard,
    team,
)

FATAL = {"gate": "fatal", "occurred_on": "2018-09-02", "reason": "一般事故，死亡一人"}


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        yield await prepared(serving)


async def fatal(service: Review) -> dict[str, Any]:
    """The first veto of the shipped standard that is a fact."""
    gates = (await standard(service)).gates
    gate = next(one for one in gates if one.kind == "veto" and one.rule.fact)
    return FATAL | {"gate": gate.code}


async def posted(service: Review, officer: str, *postings: dict[str, Any]) -> None:
    usual = {"post": "科员", "name": officer}
    body = {"postings": [usual | one for one in postings]}
    answer = await service.post(f"/v1/officers/{officer}", body, "o1", "officer", method="PUT")
    assert answer.status_code == 200, answer.text


async def test_a_veto_bars_the_district_and_the_city_whatever_the_score(service: Review) -> None:
    veto, at = await fatal(service), case(FIRST)
    await recommended(service, FIRST)
    service.on(10, 15)
    done = await did(await service.post(f"{at}/vetoes", veto, "sun", "city", organisation=CITY))
    again = await did(await service.post(f"{at}/vetoes", veto, "o1", "officer"))
    assert again["version"] == done["version"], "the same gate twice, once recorded"
    figures = {"granularity": "total", "total_cp": 95_000, "inspected_on": "2018-10-12"}
    seen = await did(
        await service.post(f"{at}/city-marks", figures, "sun", "city", organisation=CITY)
    )
    decide = f"{at}/city-decision"
    passing = await service.post(
        decide, {"decision": "pass"}, "sun", "city", organisation=CITY, version=seen["version"]
    )
    assert (passing.status_code, code(passing)) == (409, "vetoed")
    found = await service.get(at, "sun", "city", organisation=CITY)
    assert found["city_marks"]["totals"]["vetoes"] == [veto["gate"]]
    acts = {(one["act"], one["of"]): one["code"] for one in found["allowed"]}
    assert acts["city-decision", "pass"] == "vetoed"
    assert acts["city-decision", "fail"] is None
    failing = {"decision": "fail", "reasons": [{"code": "veto", "text": "死亡事故"}]}
    await did(
        await service.post(
            decide, failing, "sun", "city", organisation=CITY, version=seen["version"]
        )
    )


async def test_a_veto_is_for_the_two_bureaus_alone(service: Review) -> None:
    veto, at = await fatal(service), f"{case(FIRST)}/vetoes"
    for officer, role, organisation, refusal in (
        ("li", "member", DISTRICT, "role-not-allowed"),
        ("x", "leader", "370402-safety", "other-organisation"),
        ("x", "city", DISTRICT, "other-organisation"),
        ("x", "officer", CITY, "other-organisation"),
    ):
        answer = await service.post(at, veto, officer, role, organisation=organisation)
        assert (answer.status_code, code(answer)) == (403, refusal), (role, organisation)
    await did(await service.post(at, veto, "liu", "leader"))


async def test_an_officer_replaces_a_member_and_the_team_stands_again(service: Review) -> None:
    at = case(FIRST)
    await did(await service.post(f"{at}/team", team(), "o1", "officer"))
    await posted(service, "song", {"organisation": DISTRICT, "from_on": "2015-01-01"})
    swap = {"reason_code": "kin", "officer": "li", "replaced_by": "song"}
    barred = await service.post(f"{at}/recusals", swap, "wang", "member")
    assert code(barred) == "role-not-allowed"
    await did(await service.post(f"{at}/recusals", swap, "o1", "officer"))
    found = await service.get(at, "o1", "officer")
    assert (found["team"]["team_version"], set(found["members"])) == (2, {"chen", "song", "wang"})
    history = await service.log.history(Stream("case", f"shanting-2018/{FIRST}/1"))
    assert b'"replaced_by":"song"' in history[-2].data
    back = await service.post(f"{at}/team", team(), "o1", "officer")
    assert (back.status_code, code(back)) == (409, "officer-recused")


async def test_nobody_but_oneself_steps_down_without_a_successor(service: Review) -> None:
    at = case(FIRST)
    await did(await service.post(f"{at}/team", team(), "o1", "officer"))
    other = {"reason_code": "kin", "officer": "li"}
    for officer, role, refusal in (
        ("wang", "member", (403, "role-not-allowed")),
        ("o1", "officer", (422, "replacement-missing")),
    ):
        refused = await service.post(f"{at}/recusals", other, officer, role)
        assert (refused.status_code, code(refused)) == refusal
    await did(await service.post(f"{at}/recusals", {"reason_code": "kin"}, "li", "member"))
    assert set((await service.get(at))["members"]) == {"chen", "wang"}


async def test_who_came_from_the_office_after_it_applied_is_no_stranger(service: Review) -> None:
    await posted(
        service,
        "wang",
        {"organisation": f"{FIRST}-office", "from_on": "2015-01-01", "to_on": "2018-09-03"},
        {"organisation": DISTRICT, "from_on": "2018-09-04"},
    )
    service.on(9, 5)
    refused = await service.post(f"{case(FIRST)}/team", team(), "o1", "officer")
    assert (refused.status_code, code(refused)) == (409, "own-office-reviewer")


async def test_who_left_the_office_before_it_applied_may_judge_it(service: Review) -> None:
    await posted(
        service,
        "wang",
        {"organisation": f"{FIRST}-office", "from_on": "2015-01-01", "to_on": "2018-09-02"},
        {"organisation": DISTRICT, "from_on": "2018-09-03"},
    )
    service.on(9, 5)
    await did(await service.post(f"{case(FIRST)}/team", team(), "o1", "officer"))


async def test_who_is_moved_to_the_office_during_the_visit_marks_no_more(service: Review) -> None:
    at = case(FIRST)
    version = await agreed(service, FIRST)
    await posted(
        service,
        "li",
        {"organisation": DISTRICT, "from_on": "2015-01-01", "to_on": "2018-09-09"},
        {"organisation": f"{FIRST}-office", "from_on": "2018-09-10"},
    )
    marks = [{"item": one.item, "mark_cp": one.mark_cp} for one in full(await standard(service))]
    for officer, act in (("li", "marks"), ("chen", "consensus")):
        refused = await service.post(f"{at}/{act}", {"marks": marks}, officer, "member")
        assert (refused.status_code, code(refused)) == (409, "own-office-reviewer")
    assert (await service.get(at))["version"] == version
    assert set(TEAM) == {"chen", "li", "wang"}


async def test_the_minutes_and_the_letter_are_named_documents(service: Review) -> None:
    await recommended(service, FIRST)
    found = await service.get(case(FIRST))
    assert found["held"][0]["record"]["number"] == LETTER["number"]
