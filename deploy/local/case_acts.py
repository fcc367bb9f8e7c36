"""What bureaus and their teams do in a scenario, as commands to the review service."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from deploy.local.marks import lower
from deploy.local.office_acts import Office, Stage, check_total, dated, mark_body, marks_of
from deploy.local.scenario import Act, Person
from shared.clock import SHANGHAI
from shared.contracts.blocks import Mark

SERVICE = "review"
# Of the two who do not lead, the one sees papers and people, the other rooms, gear and the field.
_SHARES = (("JG", "RY", "ZD", "DA"), ("BG", "ZB", "ZF"))


async def open_programme(stage: Stage, act: Act) -> None:
    """Open the programme with all that belongs to it."""
    people = stage.scenario.people
    await stage.desk.command(
        act, SERVICE, "/v1/programmes", stage.scenario.definition, by=people["officer"]
    )


async def directory(stage: Stage, act: Act) -> None:
    """Enter who may sit on a team, and where they serve."""
    for name, person in stage.scenario.people.items():
        posting = {
            "organisation": person.organisation,
            "post": person.post,
            "name": f"{person.post}（示例）",
            "from_on": date(2017, 1, 1),
        }
        await stage.desk.command(
            act,
            SERVICE,
            f"/v1/officers/{person.officer}",
            {"postings": [posting]},
            by=stage.scenario.people["officer"],
            part=name,
            method="PUT",
        )


async def calendar(stage: Stage, act: Act) -> None:
    """Publish a year anew: what was known of it, and the days that are added."""
    officer, year = stage.scenario.people["officer"], act.facts["year"]
    path = f"/v1/programmes/{stage.scenario.programme}/calendars/{year}"
    known: Any = await stage.desk.read(SERVICE, path, by=officer)
    off = {day.isoformat() for day in act.facts["holidays"]}
    worked = {day.isoformat() for day in act.facts["worked"]}
    body = {
        "holidays": sorted({*known[-1]["holidays"], *off} - worked),
        "worked_weekends": sorted({*known[-1]["worked_weekends"], *worked}),
        "provisional": False,
        "source": act.facts["source"],
    }
    await stage.desk.command(act, SERVICE, path, body, by=officer, method="PUT")


async def appoint(stage: Stage, act: Act) -> None:
    """Appoint the team, once the case is open."""
    office, people = stage.offices[act.township], stage.scenario.people
    names = stage.scenario.teams[act.facts["team"]]
    every = [category.code for category in stage.scenario.standard.categories]
    members = [
        {
            "officer": people[name].officer,
            "role": "member" if place else "leader",
            "categories": list(_SHARES[place - 1]) if place else every,
        }
        for place, name in enumerate(names)
    ]
    await stage.desk.read(SERVICE, _case(stage, act), by=people["officer"])
    body = {"members": members, "min_markers": 2}
    if await _ask(stage, act, "team", body, by=people["officer"]):
        office.team = tuple(names)


async def schedule(stage: Stage, act: Act) -> None:
    """The leader of the team says when it comes."""
    office = stage.offices[act.township]
    body = _visit_on(act, f"{act.township}安监办")
    done = await _ask(stage, act, "inspections", body, by=_leader(stage, office))
    office.inspection = done["inspection_id"]


async def visit(stage: Stage, act: Act) -> None:
    """The team was there; its leader keeps the minutes."""
    office, people = stage.offices[act.township], stage.scenario.people
    present = [people[name].officer for name in office.team]
    await _held(stage, act, present, by=_leader(stage, office))


async def mark(stage: Stage, act: Act) -> None:
    """Each member marks alone; the leader sees two items more strictly than was agreed later."""
    office = stage.offices[act.township]
    office.agreed = marks_of(stage, act, act.facts)
    items = {item.code: item for item in stage.scenario.standard.items}
    for place, name in enumerate(office.team):
        marks = office.agreed
        if place:
            share = _SHARES[place - 1]
            marks = [one for one in marks if items[one.item].category in share]
        else:
            strict = _two_of(act, [one for one in marks if lower(items[one.item], one.mark_cp)])
            marks = [
                _marked(one, lower(items[one.item], one.mark_cp)) if one.item in strict else one
                for one in marks
            ]
        body = {"marks": [mark_body(one) for one in marks]}
        await _ask(stage, act, "marks", body, by=stage.scenario.people[name], part=name)


async def agree(stage: Stage, act: Act) -> None:
    """The team agrees, item by item, and decides each claim that an item does not apply."""
    office = stage.offices[act.township]
    check_total(stage, act, office.agreed)
    body = {
        "marks": [mark_body(one) for one in office.agreed],
        "na_decisions": [
            {"item": one.item, "allowed": True, "reason": "经现场核实，辖区确无此情况"}
            for one in office.agreed
            if not one.applicable
        ],
    }
    await _ask(stage, act, "consensus", body, by=_leader(stage, office))


async def pass_(stage: Stage, act: Act) -> None:
    """The district's leader finds the office up to the standard."""
    await _decide(stage, act, "decision", {"decision": "pass"}, by="leader")


async def send_back(stage: Stage, act: Act) -> None:
    """The district's leader returns the application, item by item."""
    items = [{"item": item, "reason": why} for item, why in act.facts["items"].items()]
    await _decide(stage, act, "decision", {"decision": "return", "items": items}, by="leader")
    stage.offices[act.township].open |= set(act.facts["items"])


async def city_schedule(stage: Stage, act: Act) -> None:
    """The city says when it comes."""
    body = {**_visit_on(act, f"{act.township}安监办"), "level": "city"}
    done = await _ask(stage, act, "inspections", body, by=stage.scenario.people["city"])
    stage.offices[act.township].inspection = done["inspection_id"]


async def city_visit(stage: Stage, act: Act) -> None:
    """The city's people were there."""
    city = stage.scenario.people["city"]
    await _held(stage, act, [city.officer], by=city)


async def city_mark(stage: Stage, act: Act) -> None:
    """The city's figures, as finely as it gives them."""
    granularity = act.facts["granularity"]
    body: dict[str, Any] = {"granularity": granularity, "inspected_on": act.day}
    if granularity == "item":
        marks = marks_of(stage, act, act.facts)
        check_total(stage, act, marks)
        body["marks"] = [mark_body(one) for one in marks]
    elif granularity == "category":
        categories = stage.scenario.standard.categories
        body["categories"] = [
            {"category": one.code, "mark_cp": one.max_cp - lost * 100}
            for one, lost in zip(categories, act.facts["lost"], strict=True)
        ]
        if sum(one["mark_cp"] for one in body["categories"]) != act.facts["total"] * 100:
            raise ValueError(f"{act}: the categories do not come to {act.facts['total']}")
    else:
        body["total_cp"] = act.facts["total"] * 100
    await _ask(stage, act, "city-marks", body, by=stage.scenario.people["city"])


async def city_pass(stage: Stage, act: Act) -> None:
    """The city finds the office up to the standard."""
    body = {"decision": "pass", "title": act.facts["title"]}
    await _decide(stage, act, "city-decision", body, by="city")


async def city_fail(stage: Stage, act: Act) -> None:
    """The city finds the office below the standard."""
    reasons = [
        {"code": "below-standard", "text": why, "item": item}
        for item, why in act.facts["items"].items()
    ]
    await _decide(stage, act, "city-decision", {"decision": "fail", "reasons": reasons}, by="city")


async def recommend(stage: Stage, act: Act) -> None:
    """One letter to the city for several cases."""
    body = {
        "cases": [stage.case(name) for name in act.facts["townships"]],
        "document": _document(act, "关于推荐镇街安全监管机构参加市级复验的报告"),
    }
    await _about_many(stage, act, "recommendations", body, by="leader")


async def award(stage: Stage, act: Act) -> None:
    """The city gives plaques to several offices in one act."""
    body = {
        "titles": [
            {
                "case_id": stage.case(name),
                "title": one["title"],
                "plaque_number": one["plaque"],
            }
            for name, one in act.facts["plaques"].items()
        ],
        "document": _document(act, "关于授予镇街安全监管机构标准化建设奖牌的决定"),
    }
    await _about_many(stage, act, "awards", body, by="city")


async def reward(stage: Stage, act: Act) -> None:
    """The district's leader grants money."""
    facts = act.facts
    body = {
        "fund": facts["fund"],
        "basis": facts["basis"],
        "amount_fen": facts["yuan"] * 100,
        "rank": facts.get("rank"),
        "of": facts.get("of"),
    }
    done = await _ask(stage, act, "rewards", body, by=stage.scenario.people["leader"])
    stage.offices[act.township].rewards[facts["fund"], facts["basis"]] = done["reward_id"]


async def pay(stage: Stage, act: Act) -> None:
    """An instalment of a reward."""
    granted = stage.offices[act.township].rewards[act.facts["fund"], act.facts["basis"]]
    body = {"amount_fen": act.facts["yuan"] * 100}
    path = f"rewards/{granted}/payment"
    await _ask(stage, act, path, body, by=stage.scenario.people["leader"])


async def close(stage: Stage, act: Act) -> None:
    """The case ends."""
    await _decide(stage, act, "closure", {"reason": "已授牌，奖补办结"}, by="leader")


def _case(stage: Stage, act: Act) -> str:
    return f"/v1/cases/{stage.case(act.township)}"


def _leader(stage: Stage, office: Office) -> Person:
    return stage.scenario.people[office.team[0]]


def _visit_on(act: Act, place: str) -> dict[str, Any]:
    day = act.facts["for"]
    return {
        "starts_at": datetime.combine(day, time(9), SHANGHAI).isoformat(),
        "ends_at": datetime.combine(day, time(16, 30), SHANGHAI).isoformat(),
        "place": place,
    }


def _document(act: Act, title: str) -> dict[str, Any]:
    return {
        "number": act.facts.get("number"),
        "title": title,
        "issued_on": act.day,
        "sha256": sha256(act.key.encode()).hexdigest(),
    }


def _two_of(act: Act, marks: Sequence[Mark]) -> set[str]:
    """Two items that only this case's number chooses."""
    ordered = sorted(marks, key=lambda one: sha256(f"{act.key}/{one.item}".encode()).digest())
    return {one.item for one in ordered[:2]}


def _marked(one: Mark, mark_cp: int) -> Mark:
    return Mark(item=one.item, mark_cp=mark_cp, max_cp=one.max_cp, reason="佐证不充分")


async def _held(stage: Stage, act: Act, present: Sequence[str], *, by: Person) -> None:
    inspection = stage.offices[act.township].inspection
    body = {"present": present, "document": _document(act, "现场检查记录")}
    await _ask(stage, act, f"inspections/{inspection}/record", body, by=by)


async def _ask(
    stage: Stage,
    act: Act,
    path: str,
    body: Mapping[str, Any],
    *,
    by: Person,
    part: str = "",
    seen: str | None = None,
) -> Any:
    """A command about the act's case."""
    return await stage.desk.command(
        act,
        SERVICE,
        f"{_case(stage, act)}/{path}",
        dated(act, body),
        by=by,
        part=part,
        seen=seen,
        builds_on=[f"dossier/{stage.dossier(act.township)}"],
    )


async def _decide(stage: Stage, act: Act, path: str, body: Mapping[str, Any], *, by: str) -> None:
    """A decision names the version that it rests on."""
    person = stage.scenario.people[by]
    await _ask(stage, act, path, body, by=person, seen=_case(stage, act))


async def _about_many(
    stage: Stage, act: Act, path: str, body: Mapping[str, Any], *, by: str
) -> None:
    programme = stage.scenario.programme
    await stage.desk.command(
        act,
        SERVICE,
        f"/v1/programmes/{programme}/{path}",
        dated(act, body),
        by=stage.scenario.people[by],
    )
