"""A programme over HTTP through its two years: what moves, who is renamed, what each day shows."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.review import (
    CITY,
    DEFINITION,
    DISTRICT,
    FIRST,
    PROGRAMME,
    Review,
    review,
)
from tests.integration.review_steps import code, did

EMERGENCY = "370406-emergency"
HEIR = {
    "name": "枣庄市山亭区应急管理局",
    "from_on": "2019-01-01",
    "document_prefix": "山应急发",
    "successor_of": DISTRICT,
    "document": {"title": "机构改革方案", "issued_on": "2018-12-25"},
}
TOWNSHIPS = [one["township"] for one in DEFINITION["townships"]]


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        await did(await serving.post("/v1/programmes", DEFINITION, "o1", "officer"))
        yield serving


def coded(rows: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(one for one in rows if one["code"] == code)


async def on_day(service: Review, day: str) -> Any:
    return await service.get(f"{PROGRAMME}?as_of={day}")


async def named(service: Review, organisation: str, day: str) -> Any:
    found = await service.get(f"{PROGRAMME}/organisations/{organisation}?as_of={day}")
    return found["name"]


def sheet(digest: str = "ab" * 32, **more: Any) -> dict[str, Any]:
    return {
        "year": 2018,
        "figures_digest": digest,
        "as_of_on": "2018-12-31",
        "known_at": "2019-01-09T17:00:00+08:00",
        "cut": [{"topic": "fuyan.case.v1", "partition": 0, "next_offset": 7}],
        "rules": [{"kind": "ranking", "version": 1}],
        "rows": [{"township": one, "points_cp": 9000, "rank": 1} for one in TOWNSHIPS],
    } | more


async def test_a_moved_target_is_shown_with_its_new_day_from_then_on(service: Review) -> None:
    service.on(12, 3)
    at = f"{PROGRAMME}/targets/first-2018/reschedulings"
    answer = await service.post(at, {"due_on": "2019-03-31", "reason": "机构改革"}, "liu", "leader")
    await did(answer)
    assert answer.headers["Location"] == at
    (told,) = await service.get(at)
    assert (told["due_on"], told["previous_due_on"]) == ("2019-03-31", "2018-12-31")
    now = await service.get(PROGRAMME)
    assert coded(now["targets"], "first-2018")["due_on"] == "2019-03-31"
    assert coded(now["opened"]["targets"], "first-2018")["due_on"] == "2018-12-31"
    before = await on_day(service, "2018-12-02")
    assert coded(before["targets"], "first-2018")["due_on"] == "2018-12-31"
    assert before["version"] == now["version"]


async def test_a_moved_phase_takes_the_batches_of_its_new_days(service: Review) -> None:
    service.on(12, 3)
    batch = {
        "batch": "2020-1",
        "name": "扫尾批次",
        "opens_on": "2020-01-02",
        "closes_on": "2020-03-31",
        "target": "all-2019",
    }
    early = await service.post(f"{PROGRAMME}/batches", batch, "o1", "officer")
    assert code(early) == "batch-outside-phase"
    days = {"from_on": "2018-09-01", "to_on": "2020-03-31", "reason": "机构改革"}
    at = f"{PROGRAMME}/phases/application/reschedulings"
    await did(await service.post(at, days, "liu", "leader"))
    await did(await service.post(f"{PROGRAMME}/batches", batch, "o1", "officer"))
    (told,) = await service.get(at)
    assert told["previous"] == {"from_on": "2018-09-01", "to_on": "2019-12-31"}
    before = await on_day(service, "2018-12-02")
    assert coded(before["phases"], "application")["to_on"] == "2019-12-31"
    assert "2020-1" not in [one["batch"] for one in before["batches"]]


async def test_what_is_said_again_moves_nothing(service: Review) -> None:
    service.on(12, 3)
    for path, body, role in (
        ("targets/first-2018/reschedulings", {"due_on": "2019-03-31", "reason": "x"}, "leader"),
        (
            "phases/application/reschedulings",
            {"from_on": "2018-09-01", "to_on": "2020-03-31", "reason": "x"},
            "leader",
        ),
        (f"organisations/{DISTRICT}/names", {"name": "新名", "from_on": "2018-12-01"}, "officer"),
    ):
        first = await did(await service.post(f"{PROGRAMME}/{path}", body, "liu", role))
        again = await did(await service.post(f"{PROGRAMME}/{path}", body, "liu", role))
        assert again["version"] == first["version"]


async def test_the_same_key_moves_a_target_once(service: Review) -> None:
    at = f"{PROGRAMME}/targets/all-2019/reschedulings"
    headers = {**service.who("liu", "leader"), "Idempotency-Key": uuid4().hex}
    body = {"due_on": "2020-03-31", "reason": "机构改革"}
    first = await service.http.post(at, json=body, headers=headers)
    back = {"due_on": "2019-12-31", "reason": "恢复"}
    await did(await service.post(at, back, "liu", "leader"))
    again = await service.http.post(at, json=body, headers=headers)
    assert again.json() == first.json()
    now = await service.get(PROGRAMME)
    assert coded(now["targets"], "all-2019")["due_on"] == "2019-12-31"


async def test_a_document_of_2018_prints_the_name_of_2018(service: Review) -> None:
    old = DEFINITION["district"]["name"]
    service.on(1, 15, 2019)
    new = {"name": "枣庄市山亭区应急管理局", "from_on": "2019-01-01", "document_prefix": "山应急发"}
    at = f"{PROGRAMME}/organisations/{DISTRICT}"
    answer = await service.post(f"{at}/names", new, "o1", "officer")
    await did(answer)
    assert answer.headers["Location"] == at
    assert await named(service, DISTRICT, "2018-12-31") == old
    assert await named(service, DISTRICT, "2019-01-01") == new["name"]
    found = await service.get(at)
    assert [(one["name"], one["from_on"]) for one in found["names"]] == [
        (old, "2018-02-05"),
        (new["name"], "2019-01-01"),
    ]
    shown = await on_day(service, "2019-01-10")
    (mine,) = (one for one in shown["organisations"] if one["organisation"] == DISTRICT)
    assert mine["name"] == new["name"]
    assert shown["opened"]["district"]["name"] == old


async def test_every_organisation_of_a_programme_is_listed_with_its_part(service: Review) -> None:
    found = await service.get(f"{PROGRAMME}/organisations")
    assert len(found) == 2 + 2 * len(TOWNSHIPS)
    parts = {one["organisation"]: one["parts"] for one in found}
    assert parts[DISTRICT] == [{"part": "district", "township": None}]
    assert parts[CITY] == [{"part": "city", "township": None}]
    assert parts[f"{FIRST}-office"] == [{"part": "office", "township": FIRST}]


async def test_whoever_follows_the_district_decides_for_it(service: Review) -> None:
    service.on(1, 15, 2019)
    move = {"due_on": "2020-03-31", "reason": "机构改革"}
    at = f"{PROGRAMME}/targets/all-2019/reschedulings"
    who: dict[str, Any] = {"organisation": EMERGENCY}
    early = await service.post(at, move, "liu", "leader", **who)
    assert (early.status_code, code(early)) == (403, "other-organisation")
    names = f"{PROGRAMME}/organisations/{EMERGENCY}/names"
    await did(await service.post(names, HEIR, "o1", "officer"))
    await did(await service.post(at, move, "liu", "leader", **who))
    posting = {"organisation": EMERGENCY, "post": "科员", "name": "钱", "from_on": "2019-01-01"}
    entered = await service.post(
        "/v1/officers/qian", {"postings": [posting]}, "o1", "officer", method="PUT", **who
    )
    assert entered.status_code == 200
    office = await service.post(at, move, "liu", "leader", organisation=f"{FIRST}-office")
    assert office.json()["facts"]["organisation"] == EMERGENCY
    found = await service.get(f"{PROGRAMME}/organisations/{DISTRICT}")
    assert (found["succeeded_by"], found["successor_of"]) == (EMERGENCY, None)
    heir = await service.get(f"{PROGRAMME}/organisations/{EMERGENCY}?as_of=2018-12-31")
    assert (heir["name"], heir["successor_of"]) == (None, DISTRICT)


async def test_a_years_sheet_is_signed_by_whoever_leads_and_can_be_replaced(
    service: Review,
) -> None:
    service.on(1, 10, 2019)
    at = f"{PROGRAMME}/annual-assessments"
    answer = await service.post(at, sheet(), "liu", "leader")
    first = await did(answer)
    assert answer.headers["Location"] == f"{at}/2018"
    again = await did(await service.post(at, sheet(), "liu", "leader"))
    assert again["version"] == first["version"]
    found = await service.get(f"{at}/2018", "x", "integrator")
    assert (found["signed_by"], found["known_at"]) == ("liu", "2019-01-09T09:00:00Z")
    rules = await service.get(f"{PROGRAMME}/rules")
    ranking = next(one["digest"] for one in rules if one["kind"] == "ranking")
    assert found["rules"] == [{"kind": "ranking", "version": 1, "digest": ranking}]
    service.on(2, 1, 2019)
    second = sheet("cd" * 32, replaces_digest="ab" * 32)
    await did(await service.post(at, second, "liu", "leader"))
    assert (await service.get(f"{at}/2018"))["figures_digest"] == "cd" * 32
    assert [one["figures_digest"] for one in await service.get(at)] == ["ab" * 32, "cd" * 32]
    for day, digest in (("2019-01-31", "ab" * 32), ("2019-02-01", "cd" * 32)):
        (shown,) = (await on_day(service, day))["annual_assessments"]
        assert shown["figures_digest"] == digest


async def test_a_day_shows_what_was_in_force_on_it(service: Review) -> None:
    service.on(6, 1)
    table = DEFINITION["standard"] | {"title": "第二版（示例）"}
    first = table["items"][0]
    changed = first | {"criterion": "有正式批文，独立设置"}
    table |= {"items": [changed, *table["items"][1:]]}
    await did(await service.post(f"{PROGRAMME}/standards", table, "liu", "leader"))
    shorter = {"kind": "deadlines", "rules": {"decide_wd": 20, "resubmit_wd": 10}}
    await did(await service.post(f"{PROGRAMME}/rules", shorter, "liu", "leader"))
    gone = {"reason": "区划调整"}
    await did(
        await service.post(f"{PROGRAMME}/townships/{FIRST}/withdrawal", gone, "liu", "leader")
    )
    service.on(6, 2)
    shown = {}
    for day in ("2018-05-31", "2018-06-01", "2018-06-02"):
        found = await on_day(service, day)
        deadlines = next(one for one in found["rules"] if one["kind"] == "deadlines")
        shown[day] = (
            found["standard"]["standard"]["version"],
            deadlines["rules"]["decide_wd"],
            FIRST in [one["township"] for one in found["townships"]],
        )
    assert shown == {
        "2018-05-31": (1, 30, True),
        "2018-06-01": (1, 20, False),
        "2018-06-02": (2, 20, False),
    }
    now = await service.get(PROGRAMME)
    assert now["standard"]["changes"] == [{"item": first["code"], "what": "修改：评分要求"}]
    assert (await on_day(service, "2018-02-04"))["code"] == "unknown-programme"


async def test_the_acts_that_are_open_are_those_that_the_routes_take(service: Review) -> None:
    async def codes(
        role: str, organisation: str = DISTRICT
    ) -> dict[tuple[str, str | None], str | None]:
        found = await service.get(PROGRAMME, "x", role, organisation=organisation)
        return {(one["act"], one["of"]): one["code"] for one in found["allowed"]}

    service.on(1, 1, 2019)
    leader, officer = await codes("leader"), await codes("officer")
    assert {act for (act, _), refused in leader.items() if refused is None} == {
        "standards",
        "rules",
        "reschedulings",
        "withdrawal",
        "annual-assessments",
        "closure",
    }
    assert {act for (act, _), refused in officer.items() if refused is None} == {
        "calendars",
        "batches",
        "townships",
        "names",
    }
    assert leader["reschedulings", "targets/first-2018"] == "target-settled"
    assert leader["reschedulings", "targets/all-2019"] is None
    assert set((await codes("clerk")).values()) == {"role-not-allowed"}
    assert (await codes("officer", CITY))["batches", None] == "other-organisation"

    service.on(1, 10, 2019)
    await did(await service.post(f"{PROGRAMME}/annual-assessments", sheet(), "liu", "leader"))
    await did(await service.post(f"{PROGRAMME}/closure", {"achieved": 3}, "liu", "leader"))
    over = {act: refused for (act, _), refused in (await codes("leader")).items()}
    assert over["annual-assessments"] is None
    assert over["standards"] == over["closure"] == "programme-closed"


async def test_a_township_that_left_comes_back_no_earlier(service: Review) -> None:
    service.on(6, 1)
    at = f"{PROGRAMME}/townships"
    await did(await service.post(f"{at}/{FIRST}/withdrawal", {"reason": "撤并"}, "liu", "leader"))
    town = DEFINITION["townships"][0]
    late = {"effective_on": "2018-05-31", "backdated_reason": "补录"}
    early = await service.post(at, town | late, "o1", "officer")
    assert (early.status_code, code(early)) == (422, "effective-day-too-early")
    await did(await service.post(at, town, "o1", "officer"))
