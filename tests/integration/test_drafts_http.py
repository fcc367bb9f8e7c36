"""The working draft over HTTP, on a real database: several clerks, one sheet."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.submission.drafts.draft import Drafts, Edit
from shared.contracts.blocks import Mark
from shared.contracts.refusals import Refused
from shared.store.pool import Pool
from tests.integration.drafts import DISTRICT, FULL, NEIGHBOUR, Clerk, drafting, left
from tests.integration.submission import DOSSIER, Submission, submission
from tests.unit.dossiers import OFFICE, PROGRAMME, TOWNSHIP


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with drafting(database, tmp_path) as serving:
        yield serving


async def test_a_clerk_fills_the_sheet_and_sees_what_it_comes_to(service: Submission) -> None:
    clerk = Clerk(service)
    empty = await clerk.sheet()
    assert [row["item"]["code"] for row in empty["items"]] == ["staff", "rules", "files", "vehicle"]
    assert (empty["draft_version"], empty["preview"]["to_pass_cp"]) == (0, 8000)
    assert [one["code"] for one in empty["preview"]["blockers"]] == [
        "has-staff",
        "no-full-time",
        "paper",
    ]

    saved = await clerk.mark("staff", 0, mark_cp=4000, reason="六人在岗")
    assert (saved.status_code, saved.headers["ETag"]) == (200, '"1"')
    now = saved.json()
    assert (now["mark"]["mark_cp"], now["edited_by"]) == (4000, f"{OFFICE}:clerk-1")
    assert now["preview"]["totals"]["total_cp"] == 4000
    ways = [now["preview"][f"cheapest_to_{title}"] for title in ("pass", "demonstration")]
    assert [[one["item"] for one in way] for way in ways] == [["rules", "files"]] * 2
    assert (await clerk.sheet())["items"][0]["mark"]["reason"] == "六人在岗"


async def test_a_field_that_is_not_sent_stays_and_a_count_gives_the_mark(
    service: Submission,
) -> None:
    clerk = Clerk(service)
    await clerk.mark("rules", 0, measure="2", unit="处")
    kept = await clerk.mark("rules", 1, reason="两处不全")
    assert kept.json()["mark"] | {"evidence": []} == {
        "item": "rules",
        "applicable": True,
        "mark_cp": 2800,
        "max_cp": 3000,
        "measure": "2",
        "unit": "处",
        "reason": "两处不全",
        "evidence": [],
    }
    gone = await clerk.mark("vehicle", 0, applicable=False, reason="不配车")
    assert gone.json()["preview"]["totals"]["not_applicable"] == ["vehicle"]
    back = await clerk.mark("vehicle", 3, applicable=True)
    assert (back.status_code, back.json()["code"]) == (422, "mark-missing")


@pytest.mark.parametrize(
    ("item", "fields", "code"),
    [
        ("staff", {"mark_cp": 4001}, "mark-over-maximum"),
        ("staff", {"mark_cp": 3950}, "mark-not-attainable"),
        ("staff", {"applicable": False}, "not-applicable-not-allowed"),
        ("staff", {"measure": "1", "mark_cp": 4000}, "mark-differs-from-measure"),
        ("vehicle", {"applicable": False, "mark_cp": 100}, "not-applicable-with-mark"),
        ("vehicle", {"applicable": False, "measure": "1"}, "measure-not-applicable"),
        ("staff", {"reason": "？"}, "mark-missing"),
        ("boat", {"mark_cp": 0}, "unknown-item"),
        ("staff", {"mark_cp": 4000, "evidence": ["a" * 64]}, "evidence-unknown"),
        ("staff", {"mark_cp": "4000"}, "invalid-body"),
        ("staff", {"mark": 4000}, "invalid-body"),
    ],
)
async def test_a_mark_that_could_not_be_recorded_is_not_saved(
    service: Submission, item: str, fields: dict[str, Any], code: str
) -> None:
    clerk = Clerk(service)
    refused = await clerk.mark(item, 0, **fields)
    assert refused.json()["code"] == code
    assert (await clerk.sheet())["draft_version"] == 0


async def test_nobody_saves_an_item_they_have_not_seen(service: Submission) -> None:
    clerk, other = Clerk(service), Clerk(service, "clerk-2")
    unseen = await clerk.mark("staff", None, mark_cp=4000)
    assert (unseen.status_code, unseen.json()["code"]) == (428, "if-match-required")
    await clerk.mark("staff", 0, mark_cp=4000)
    late = await other.mark("staff", 0, mark_cp=3000)
    assert (late.status_code, late.json()["code"]) == (412, "draft-item-changed")
    assert late.json()["facts"]["mark"]["mark_cp"] == 4000
    assert late.json()["facts"] | {"mark": None} == {
        "item": "staff",
        "expected": 0,
        "version": 1,
        "by": f"{OFFICE}:clerk-1",
        "mark": None,
    }
    assert (await other.mark("staff", 1, mark_cp=3000)).headers["ETag"] == '"2"'


async def test_an_edit_whose_answer_was_lost_can_be_sent_again(service: Submission) -> None:
    clerk = Clerk(service)
    first = await clerk.mark("staff", 0, mark_cp=4000)
    again = await clerk.mark("staff", 0, mark_cp=4000)
    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    assert again.json() == first.json()


async def test_an_edit_of_what_was_cleared_meanwhile_is_told_so(service: Submission) -> None:
    clerk, other = Clerk(service), Clerk(service, "clerk-2")
    await clerk.mark("staff", 0, mark_cp=4000)
    await other.send("DELETE", "draft/items/staff", version=1)
    late = await clerk.mark("staff", 1, reason="六人在岗")
    assert (late.status_code, late.json()["code"]) == (412, "draft-item-changed")
    assert (late.json()["facts"]["version"], late.json()["facts"]["mark"]) == (0, None)


async def test_a_cleared_item_is_as_if_it_had_never_been_marked(service: Submission) -> None:
    clerk = Clerk(service)
    await clerk.fill(**FULL)
    stale = await clerk.send("DELETE", "draft/items/staff", version=9)
    assert stale.json()["code"] == "draft-item-changed"
    cleared = await clerk.send("DELETE", "draft/items/staff", version=1)
    assert (cleared.headers["ETag"], cleared.json()["mark"]) == ('"0"', None)
    assert cleared.json()["preview"]["unmarked"] == ["staff"]
    # Whoever still has the first mark before them cannot take the next one for it.
    anew = await clerk.mark("staff", 0, mark_cp=3000)
    assert (anew.status_code, anew.headers["ETag"]) == (200, '"6"')
    assert (await clerk.mark("staff", 1, mark_cp=2000)).json()["code"] == "draft-item-changed"


async def test_of_two_clerks_on_one_item_one_wins_and_the_other_sees_what_is_there(
    service: Submission,
) -> None:
    clerks = [Clerk(service, f"clerk-{number}") for number in range(8)]
    answers = await asyncio.gather(
        *(clerk.mark("staff", 0, mark_cp=100 * n) for n, clerk in enumerate(clerks))
    )
    won = [one for one in answers if one.status_code == 200]
    lost = [one.json() for one in answers if one.status_code == 412]
    assert (len(won), len(lost)) == (1, 7)
    there = won[0].json()["mark"]
    assert all(one["facts"]["mark"] == there for one in lost)
    assert (await clerks[0].sheet())["draft_version"] == 1


async def test_clerks_on_different_items_do_not_disturb_each_other(service: Submission) -> None:
    items = list(FULL)
    clerks = [Clerk(service, f"clerk-{item}") for item in items]
    answers = await asyncio.gather(
        *(clerk.mark(i, 0, mark_cp=FULL[i]) for clerk, i in zip(clerks, items, strict=True))
    )
    assert [one.status_code for one in answers] == [200] * 4
    sheet = await clerks[0].sheet()
    assert [row["mark"]["mark_cp"] for row in sheet["items"]] == list(FULL.values())
    assert sorted(row["version"] for row in sheet["items"]) == [1, 2, 3, 4]
    assert sheet["preview"]["totals"]["grade"] == "demonstration"


async def test_several_edits_are_done_together_or_not_at_all(
    service: Submission, database: str
) -> None:
    drafts = Drafts(Pool(database, "test-drafts", 2))
    at = service.log.clock()

    def full(item: str, expected: int | None) -> Edit:
        return Edit(Mark(item=item, mark_cp=FULL[item], max_cp=FULL[item]), expected)

    both = {"staff": full("staff", 0), "rules": full("rules", None)}
    draft = await drafts.edit(PROGRAMME, TOWNSHIP, both, actor="o:1", at=at)
    assert {item: one.version for item, one in draft.items.items()} == {"staff": 1, "rules": 1}
    with pytest.raises(Refused, match="draft-item-changed"):
        await drafts.edit(
            PROGRAMME,
            TOWNSHIP,
            {"files": full("files", 0), "staff": Edit(None, 7)},
            actor="o:1",
            at=at,
        )
    assert await drafts.read(PROGRAMME, TOWNSHIP) == draft
    left = await drafts.edit(PROGRAMME, TOWNSHIP, {"staff": Edit(None, None)}, actor="o:2", at=at)
    assert (left.version, list(left.items)) == (2, ["rules"])


async def test_the_sheet_tells_on_which_items_offices_lose_points(service: Submission) -> None:
    here, there = Clerk(service), Clerk(service, office=NEIGHBOUR)
    nobody = await here.sheet()
    assert nobody["losses"]["files"] == {"lost": 0, "assessed": 0}
    await there.freeze(await there.fill(**FULL | {"files": 500}))
    assert (await here.sheet())["losses"]["files"] == {"lost": 1, "assessed": 1}
    await here.freeze(await here.fill(**FULL | {"rules": 0}))
    losses = (await here.sheet())["losses"]
    assert losses["files"] == losses["rules"] == {"lost": 1, "assessed": 2}
    assert losses["staff"] == {"lost": 0, "assessed": 2}
    await service.hear(left(NEIGHBOUR))
    assert (await here.sheet())["losses"]["files"] == {"lost": 0, "assessed": 1}


async def test_the_office_edits_and_its_superiors_read(service: Submission) -> None:
    clerk = Clerk(service)
    await clerk.mark("staff", 0, mark_cp=4000)
    read = [
        await service.get("draft", "head"),
        await service.get("draft", "officer", organisation=DISTRICT),
        await service.get("draft", "leader", organisation=DISTRICT),
        await service.get("draft", "auditor", organisation="audit"),
    ]
    assert [one.status_code for one in read] == [200] * 4
    assert [one.json()["allowed"][0]["allowed"] for one in read] == [False] * 4
    strangers = [
        await service.get("draft", "clerk", organisation=NEIGHBOUR),
        await service.get("draft", "gov", organisation="370406001-gov"),
        await service.http.patch(
            f"{DOSSIER}/draft/items/staff",
            json={"mark_cp": 0},
            headers={**service.who("clerk", organisation=NEIGHBOUR), "If-Match": '"1"'},
        ),
        await service.http.patch(
            f"{DOSSIER}/draft/items/staff",
            json={"mark_cp": 0},
            headers={**service.who("head"), "If-Match": '"1"'},
        ),
    ]
    assert [one.status_code for one in strangers] == [403] * 4
    assert (await clerk.sheet())["items"][0]["mark"]["mark_cp"] == 4000


async def test_no_draft_is_edited_before_any_standard_is_in_force(
    database: str, tmp_path: Path
) -> None:
    async with submission(database, tmp_path / "clock", date(2018, 2, 8)) as service:
        early = await Clerk(service).mark("staff", 0, mark_cp=4000)
        assert early.json()["code"] == "no-standard-in-force"
