"""What is to do, what is remarkable, what is behind a number and what is quoted, over HTTP."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.canonical import canonical
from tests.integration.projection import Projection
from tests.integration.projection import projection as serving
from tests.unit.story import P
from tests.unit.test_models import told


@pytest.fixture
async def projection(database: str, tmp_path: Path) -> AsyncIterator[Projection]:
    async with serving(database, tmp_path / "clock") as service:
        await service.journal.tell(told().received)
        yield service


async def as_(
    projection: Projection, organisation: str, *roles: str, path: str, status: int = 200
) -> Any:
    token = projection.issuer.token("o9", organisation, roles)
    answer = await projection.http.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_everybody_has_their_own_list_of_what_is_to_do(projection: Projection) -> None:
    path = "/v1/tasks?as_of=2018-05-10"
    office = await as_(projection, "A-office", "clerk", path=path)
    assert [(one["kind"], one["due_on"]) for one in office["tasks"]] == [
        ("rectification", "2018-06-01"),
        ("assessment", "2018-08-31"),
    ]
    assert office["tasks"][0]["href"] == f"/v1/dossiers/{P}/A/deficiencies/D1"
    assert (await as_(projection, "A-office", "bureau", path=path))["tasks"] == []
    every = await projection.json(f"{path}&programme={P}&township=B")
    assert {one["township"] for one in every["tasks"]} == {"B"}
    await as_(projection, "A-office", "operator", path=path, status=403)


async def test_the_audit_list_is_told_in_pages_that_join(projection: Projection) -> None:
    whole = await projection.json(f"/v1/audit/{P}")
    items, after = [], 0
    while after is not None:
        page = await projection.json(f"/v1/audit/{P}?limit=1&after={after}")
        items += page["items"]
        after = page["next"]
    assert items == whole["items"]
    assert [one["type"] for one in items] == ["fuyan.case.title-corrected.v1"]
    assert [kind["code"] for kind in items[0]["kinds"]] == ["corrected"]


async def test_the_audit_list_is_searched_by_kind_township_and_day(projection: Projection) -> None:
    async def count(query: str) -> int:
        return len((await projection.json(f"/v1/audit/{P}?{query}"))["items"])

    assert await count("kind=corrected&township=A") == 1
    assert await count("kind=late") == 0
    assert await count("township=B") == 0
    assert await count("from=2018-02-05&to=2018-02-05") == 1
    assert await count("from=2018-02-06") == 0
    assert await count("to=2018-02-04") == 0
    await as_(projection, "A-office", "clerk", path=f"/v1/audit/{P}", status=403)
    await as_(projection, "x", "auditor", path="/v1/audit/nowhere", status=404)


async def test_the_audit_list_goes_into_a_spreadsheet(projection: Projection) -> None:
    table = await projection.get(f"/v1/audit/{P}?kind=corrected", accept="text/csv")
    header, line = table.text.strip().splitlines()
    assert header.startswith("\ufeff事件 Event,名称 What")
    assert line.startswith(f"case/{P}/A/2@")
    assert "更正" in line


async def test_an_event_is_read_whole_by_its_id_or_its_address(projection: Projection) -> None:
    one = next(one for one in told().received if "plan-filed" in one.record.type)
    by_id = await projection.get(f"/v1/events/{one.record.id}")
    assert by_id.headers["content-type"] == "application/cloudevents+json"
    event = by_id.json()
    assert event["data"] == orjson.loads(one.record.data)
    assert (event["specversion"], event["id"]) == ("1.0", str(one.record.id))
    assert event["subject"] == f"{P}/A"
    at = await projection.get(f"/v1/events/dossier/{P}/A@1", if_none_match=by_id.headers["etag"])
    assert at.status_code == 304


async def test_an_event_of_another_office_does_not_exist_for_an_office(
    projection: Projection,
) -> None:
    path = f"/v1/events/dossier/{P}/A@1"
    await as_(projection, "A-office", "clerk", path=path)
    await as_(projection, "A-gov", "gov", path=path)
    refused = await as_(projection, "B-office", "clerk", path=path, status=404)
    assert refused["code"] == "unknown-event"
    await as_(projection, "B-office", "clerk", path=f"/v1/events/programme/{P}@1")
    await as_(projection, "any", "member", path=path, status=404)
    await as_(projection, "any", "operator", path=path, status=403)
    await as_(projection, "any", "auditor", path="/v1/events/x", status=422)


async def test_a_number_is_opened_down_to_the_events_behind_it(projection: Projection) -> None:
    path = f"/v1/explain?programme={P}&what=stage&as_of=2018-06-01"
    one = await projection.json(f"{path}&township=A")
    assert one["values"] == [{"township": "A", "name": "A镇", "value": "rectifying"}]
    assert [item["became"] for item in one["items"]] == [
        "enrolled",
        "planned",
        "assessed",
        "rectifying",
    ]
    event = await projection.get(one["items"][-1]["href"])
    assert event.json()["type"] == "fuyan.dossier.rectification-planned.v1"
    every = await projection.json(path)
    items: list[Any] = []
    after = ""
    while after is not None:
        page = await projection.json(f"{path}&limit=1{after and f'&after={after}'}")
        items, after = items + page["items"], page["next"]
    assert items == every["items"]
    await as_(projection, "x", "auditor", path=f"{path}&township=Z", status=404)
    await as_(projection, "x", "auditor", path=f"/v1/explain?programme={P}&what=x", status=422)


async def test_figures_say_what_they_are_made_of_and_can_be_made_again(
    projection: Projection,
) -> None:
    await projection.journal.folding._connection.execute(
        "INSERT INTO fence VALUES ('fuyan.case.v1', 2, 41, gen_random_uuid())"
    )
    first = await projection.json(f"/v1/figures/{P}?as_of=2018-12-20")
    assert first["cut"] == [{"topic": "fuyan.case.v1", "partition": 2, "next_offset": 41}]
    assert [(one["kind"], one["version"]) for one in first["rules"]] == [("risk", 1)]
    assert first["digest"] == sha256(canonical(first["figures"])).hexdigest()
    known_at = first["figures"]["known_at"]
    again = await projection.json(f"/v1/figures/{P}?as_of=2018-12-20&known_at={known_at}")
    assert again["digest"] == first["digest"]


async def test_the_years_sheet_is_drafted_for_the_district_alone(projection: Projection) -> None:
    path = f"/v1/annual/{P}/2018"
    sheet = await as_(projection, "em", "leader", path=path)
    figures = await projection.json(f"/v1/figures/{P}")
    assert sheet["draft"]["figures_digest"] == figures["digest"]
    assert sheet["draft"]["rows"] == [
        {"township": "A", "points_cp": 90000, "rank": 1, "priority": True}
    ]
    await as_(projection, "A-office", "head", path=path, status=403)
    too_early = await as_(projection, "em", "leader", path=f"/v1/annual/{P}/2019", status=422)
    assert too_early["code"] == "assessment-before-year"


async def test_a_month_stands_beside_the_one_before(projection: Projection) -> None:
    november = await projection.json(f"/v1/monthly/{P}?month=2018-11")
    assert (november["as_of"], november["before_on"]) == ("2018-11-30", "2018-10-31")
    verified = next(line for line in november["standing"] if line["code"] == "verified")
    assert (verified["now"], verified["before"], verified["change"]) == (1, 0, 1)
    this = await projection.json(f"/v1/monthly/{P}")
    assert (this["month"], this["as_of"]) == ("2018-12", "2018-12-21")
    first = await projection.json(f"/v1/monthly/{P}?month=2018-02&known_at=2018-12-01")
    assert first["standing"][0]["before"] == 0
    await as_(projection, "x", "auditor", path=f"/v1/monthly/{P}?month=2019-01", status=422)
