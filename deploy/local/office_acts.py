"""What an office does in a scenario, as commands to the submission service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from deploy.local.desk import Desk
from deploy.local.marks import Score, table
from deploy.local.photograph import photograph
from deploy.local.scenario import Act, Scenario
from shared.contracts.blocks import Mark
from shared.contracts.programme import Item
from shared.standard import score

SERVICE = "submission"


@dataclass(slots=True)
class Office:
    """What the player remembers of an office: only what its next lines build on.

    `marks` are those of its last assessment, `open` the items it has still to mend, `mended` those
    done since, `agreed` the team's marks until they are agreed.
    """

    marks: list[Mark] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    mended: set[str] = field(default_factory=set)
    application: str = ""
    round: int = 0
    team: tuple[str, ...] = ()
    agreed: list[Mark] = field(default_factory=list)
    inspection: str = ""
    photograph: str = ""
    rewards: dict[tuple[str, str], str] = field(default_factory=dict)

    def marks_cp(self) -> dict[str, int]:
        return {mark.item: mark.mark_cp for mark in self.marks}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a line is played: the scenario, the desk, and every office."""

    scenario: Scenario
    desk: Desk
    offices: Mapping[str, Office]

    def dossier(self, township: str) -> str:
        """A dossier's subject."""
        return f"{self.scenario.programme}/{self.scenario.codes[township]}"

    def case(self, township: str) -> str:
        """The subject of the case of the latest application."""
        return f"{self.dossier(township)}/{self.offices[township].round}"

    def heard_by_submission(self, township: str) -> list[str]:
        """The streams of others that a dossier's command may build on."""
        rounds = range(1, self.offices[township].round + 1)
        cases = [f"case/{self.dossier(township)}/{one}" for one in rounds]
        return [f"programme/{self.scenario.programme}", *cases]


def dated(act: Act, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body, with the day and the reason where it is put on record later."""
    if act.recorded == act.day:
        return dict(body)
    return {**body, "effective_on": act.day, "backdated_reason": act.facts["why"]}


def marks_of(
    stage: Stage, act: Act, facts: Mapping[str, Any], *, mended: frozenset[str] = frozenset()
) -> list[Mark]:
    """The marks that a line stands for, as close as can be to the office's last ones."""
    standard, office = stage.scenario.standard, stage.offices[act.township]
    categories = [category.code for category in standard.categories]
    wanted = Score(
        lost=dict(zip(categories, facts["lost"], strict=True)),
        pins=facts.get("pins", {}),
        out=tuple(facts.get("out", ())),
        bonus=facts.get("bonus", {}),
    )
    before = office.marks_cp() if office.marks else None
    return table(standard, wanted, seed=act.township, before=before, mended=mended)


def check_total(stage: Stage, act: Act, marks: list[Mark]) -> None:
    """The line says what it comes to, so that whoever reads it need not add up.

    Raises ValueError where it does not come to that.
    """
    total_cp = score(stage.scenario.standard, marks).total_cp
    if Decimal(str(act.facts["total"])) * 100 != total_cp:
        raise ValueError(f"{act}: the marks come to {total_cp / 100:.2f}, not {act.facts['total']}")


def mark_body(mark: Mark) -> dict[str, Any]:
    body: dict[str, Any] = {
        "item": mark.item,
        "applicable": mark.applicable,
        "mark_cp": mark.mark_cp,
        "reason": mark.reason,
    }
    return {name: value for name, value in body.items() if value is not None}


async def plan(stage: Stage, act: Act) -> None:
    """File the plan, or with a reason revise it."""
    body = {
        "target": act.facts["target"],
        "batch": act.facts.get("batch"),
        "reach_on": act.facts["reach"],
        "goals": ["对照标准逐项达标", "软件、硬件同步整改", "按批次申报，一次通过"],
        "duties": [
            {"duty": "总负责", "post": "安监办主任"},
            {"duty": "自评与资料", "post": "综合岗"},
            {"duty": "执法与隐患整改", "post": "执法岗"},
        ],
    }
    if "why" in act.facts:
        body["reason"] = act.facts["why"]
    await _ask(stage, act, "plans", body, head=True)


async def assess(stage: Stage, act: Act) -> None:
    """Score the office."""
    office = stage.offices[act.township]
    marks = marks_of(stage, act, act.facts, mended=frozenset(office.mended))
    check_total(stage, act, marks)
    body = {"kind": act.facts["kind"], "marks": [mark_body(mark) for mark in marks]}
    await _ask(stage, act, "self-assessments", body)
    office.marks = marks
    office.mended = set()


async def find(stage: Stage, act: Act) -> None:
    """Note the items that lost most."""
    office, items = stage.offices[act.township], _items(stage)
    lost = {mark.item: mark.max_cp - mark.mark_cp for mark in office.marks if mark.applicable}
    ordinary = [code for code, item in items.items() if item.method != "capped-bonus"]
    most = sorted(ordinary, key=lambda code: -lost.get(code, 0))[: act.facts["largest"]]
    found = [
        {
            "item": code,
            "description": f"失 {lost[code] // 100} 分：{items[code].criterion}",
            "due_on": act.facts["due"],
        }
        for code in most
    ]
    await _ask(stage, act, "deficiencies", {"deficiencies": found})
    office.open |= set(most)


async def remedy(stage: Stage, act: Act) -> None:
    """Plan how each open item without a plan will be mended."""
    items = _items(stage)
    for one in await _open(stage, act):
        if one["plan"] is not None:
            continue
        item, gap_cp = items[one["found"]["item"]], one["found"]["gap_cp"]
        hardware = item.nature == "hardware"
        body = {
            "measure": f"{'购置配齐' if hardware else '修订完善并落实'}：{item.name}",
            "responsible_post": "综合岗" if hardware else "执法岗",
            "due_on": act.facts["due"],
            # 示例: a thousand yuan for each point of hardware.
            "cost_fen": gap_cp * 1000 if hardware else None,
        }
        path = f"deficiencies/{one['deficiency_id']}/rectification-plans"
        await _ask(stage, act, path, body, part=item.code)


async def complete(stage: Stage, act: Act) -> None:
    """Close open items with evidence: `count` of them, or all."""
    office = stage.offices[act.township]
    found = await _open(stage, act)
    shown = await _photographed(stage, act)
    for one in found[: act.facts.get("count", len(found))]:
        item = one["found"]["item"]
        body = {"result": "已整改到位，佐证材料附后", "evidence": [{"sha256": shown}]}
        path = f"deficiencies/{one['deficiency_id']}/completion"
        await _ask(stage, act, path, body, part=item)
        office.open.discard(item)
        office.mended.add(item)


async def apply(stage: Stage, act: Act) -> None:
    """Ask the district to inspect."""
    office = stage.offices[act.township]
    done = await _ask(stage, act, "applications", {"batch": act.facts["batch"]}, head=True)
    if done:
        office.application, office.round = done["application_id"], done["round"]
        office.team, office.agreed, office.inspection = (), [], ""


async def withdraw(stage: Stage, act: Act) -> None:
    """Ask to take the application back, and see it granted."""
    office = stage.offices[act.township]
    path = f"applications/{office.application}/withdrawal"
    await _ask(stage, act, path, {"reason": act.facts["why"]}, head=True)

    def granted(dossier: Any) -> bool:
        closed = dossier["applications"][-1]["closed"]
        return closed is not None and closed["outcome"] == "withdrawn"

    address = f"/v1/dossiers/{stage.dossier(act.township)}"
    await stage.desk.until(SERVICE, address, granted, by=stage.scenario.head(act.township))


async def _open(stage: Stage, act: Act) -> list[Any]:
    """The open deficiencies by item, once the office knows of all that inspectors found too."""
    office = stage.offices[act.township]
    address = f"/v1/dossiers/{stage.dossier(act.township)}/deficiencies?status=open"
    found: list[Any] = await stage.desk.until(
        SERVICE,
        address,
        lambda found: {one["found"]["item"] for one in found} == office.open,
        by=stage.scenario.clerk(act.township),
    )
    return sorted(found, key=lambda one: str(one["found"]["item"]))


async def _photographed(stage: Stage, act: Act) -> str:
    """The hash under which the office's photograph is kept; sent once, named as often as needed."""
    office = stage.offices[act.township]
    if not office.photograph:
        content = photograph(stage.scenario.codes[act.township])
        about = {
            "programme": stage.scenario.programme,
            "township": stage.scenario.codes[act.township],
            "name": f"{act.township}整改佐证.jpg",
            "media_type": "image/jpeg",
            "sha256": sha256(content).hexdigest(),
        }
        kept = await stage.desk.command(
            act,
            SERVICE,
            f"/v1/evidence/content?{urlencode(about)}",
            content,
            by=stage.scenario.clerk(act.township),
            part="photograph",
        )
        office.photograph = kept["sha256"]
    return office.photograph


def _items(stage: Stage) -> dict[str, Item]:
    return {item.code: item for item in stage.scenario.standard.items}


async def _ask(
    stage: Stage,
    act: Act,
    path: str,
    body: Mapping[str, Any],
    *,
    head: bool = False,
    part: str = "",
) -> Any:
    """A command about the act's dossier, by its clerk or its head."""
    people = stage.scenario
    return await stage.desk.command(
        act,
        SERVICE,
        f"/v1/dossiers/{stage.dossier(act.township)}/{path}",
        dated(act, body),
        by=people.head(act.township) if head else people.clerk(act.township),
        part=part,
        builds_on=stage.heard_by_submission(act.township),
    )
