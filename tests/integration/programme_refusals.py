"""Requests that a programme refuses, by what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.integration.review import CITY, DEFINITION, DISTRICT, FIRST

DIGEST, OTHER = "ab" * 32, "cd" * 32
STANDARD: dict[str, Any] = DEFINITION["standard"]
TOWNSHIPS = [one["township"] for one in DEFINITION["townships"]]
ITEM: dict[str, Any] = STANDARD["items"][0]


@dataclass(frozen=True)
class Attempt:
    """A request that is refused, and with which code."""

    code: str
    path: str
    body: Mapping[str, Any]
    role: str = "leader"
    organisation: str = DISTRICT
    method: str = "POST"
    on: tuple[int, int, int] = (6, 1, 2018)


def table(**changes: Any) -> dict[str, Any]:
    return {**STANDARD, **changes}


def items(**changes: Any) -> dict[str, Any]:
    """The standard with its first item changed."""
    return table(items=[ITEM | changes, *STANDARD["items"][1:]])


def gates(**rule: Any) -> dict[str, Any]:
    return table(gates=[{"code": "g", "kind": "veto", "name": "g", "rule": rule}])


def definition(**changes: Any) -> dict[str, Any]:
    return {**DEFINITION, "code": "other", **changes}


def rows(*points: tuple[int, int | None]) -> list[dict[str, Any]]:
    """A row for each township; those not told about have no points and are last."""
    given = [*points, *[(0, 100)] * (len(TOWNSHIPS) - len(points))]
    return [
        {"township": township, "points_cp": points_cp, "rank": rank}
        for township, (points_cp, rank) in zip(TOWNSHIPS, given, strict=True)
    ]


def sheet(**changes: Any) -> dict[str, Any]:
    return {
        "year": 2018,
        "figures_digest": DIGEST,
        "as_of_on": "2018-05-31",
        "known_at": "2018-06-01T00:00:00+08:00",
        "cut": [],
        "rules": [{"kind": "ranking", "version": 1}],
        "rows": rows((9000, 1), (8000, 2)),
    } | changes


def posting(refused: str, path: str, *bodies: Mapping[str, Any], **more: Any) -> list[Attempt]:
    return [Attempt(refused, path, body, **more) for body in bodies]


BATCH = {
    "batch": "b",
    "name": "b",
    "opens_on": "2018-09-01",
    "closes_on": "2018-09-30",
    "target": "all-2019",
}
TOWN = DEFINITION["townships"][0]
CALENDAR = {"holidays": [], "worked_weekends": [], "source": {"title": "通知"}}
NAME = {"name": "新名", "from_on": "2018-06-01"}
LATE = {"effective_on": "2018-02-01", "backdated_reason": "补录"}

STANDARDS = [
    *posting("role-not-allowed", "/standards", STANDARD, role="officer"),
    *posting("other-organisation", "/standards", STANDARD, organisation=CITY),
    *posting("standard-code-differs", "/standards", table(code="x")),
    *posting("in-force-too-early", "/standards", table(title="二", in_force_on="2018-06-01")),
    *posting(
        "change-not-made", "/standards", table(changes=[{"item": ITEM["code"], "what": "改"}])
    ),
    *posting("weights-do-not-add-up", "/standards", items(max_cp=1), table(total_cp=1)),
    *posting("thresholds-out-of-order", "/standards", table(pass_cp=0)),
    *posting("unknown-category", "/standards", items(category="x")),
    *posting("method-params-unfit", "/standards", items(params={"per_unit_cp": 1})),
    *posting("duplicate-code", "/standards", table(items=[*STANDARD["items"], ITEM])),
    *posting("gate-rule-unfit", "/standards", gates(), gates(fact="f", below_cp=1)),
    *posting("unknown-item", "/standards", gates(item="x", below_cp=1)),
    *posting("gated-item-not-applicable", "/standards", items(na_allowed=True, key_min_cp=1)),
    *posting("invalid-body", "/standards", table(pass_mark=1)),
    *posting("effective-day-too-early", "/standards", STANDARD | LATE),
    *posting("effective-day-in-future", "/standards", table(title="二", effective_on="9999-12-31")),
]
RULES = [
    *posting("deadlines-incomplete", "/rules", {"kind": "deadlines", "rules": {"decide_wd": 1}}),
    *posting("rules-unfit", "/rules", {"kind": "risk", "rules": {"odd": 1}}),
    *posting(
        "in-force-too-early",
        "/rules",
        {"kind": "risk", "rules": {"learn_from": 4}, "in_force_on": "2018-05-31"},
    ),
    *posting(
        "calendar-day-outside-year",
        "/calendars/2019",
        CALENDAR | {"holidays": ["2018-05-01"]},
        role="officer",
        method="PUT",
    ),
    *posting(
        "calendar-day-unfit",
        "/calendars/2019",
        CALENDAR | {"worked_weekends": ["2019-05-01"]},
        CALENDAR | {"worked_weekends": ["2019-05-05"], "holidays": ["2019-05-05"]},
        role="officer",
        method="PUT",
    ),
]
SCHEDULE = [
    *posting("duplicate-code", "/batches", BATCH | {"batch": "2018-1"}, role="officer"),
    *posting("unknown-target", "/batches", BATCH | {"target": "x"}, role="officer"),
    *posting("days-reversed", "/batches", BATCH | {"closes_on": "2018-08-01"}, role="officer"),
    *posting("batch-outside-phase", "/batches", BATCH | {"opens_on": "2018-08-31"}, role="officer"),
    *posting("unknown-phase", "/phases/x/reschedulings", {"to_on": "2018-04-30", "reason": "x"}),
    *posting(
        "phases-overlap",
        "/phases/mobilisation/reschedulings",
        {"to_on": "2018-04-01", "reason": "x"},
    ),
    *posting(
        "phases-reordered",
        "/phases/mobilisation/reschedulings",
        {"from_on": "2020-01-01", "to_on": "2020-01-31", "reason": "x"},
    ),
    *posting(
        "days-reversed",
        "/phases/application/reschedulings",
        {"from_on": "2019-01-02", "to_on": "2019-01-01", "reason": "x"},
    ),
    *posting(
        "batch-outside-phase",
        "/phases/application/reschedulings",
        {"from_on": "2018-09-02", "to_on": "2019-12-31", "reason": "x"},
    ),
    *posting(
        "phase-day-passed",
        "/phases/application/reschedulings",
        {"from_on": "2018-09-02", "to_on": "2019-12-31", "reason": "x"},
        on=(10, 8, 2018),
    ),
    *posting(
        "role-not-allowed",
        "/phases/application/reschedulings",
        {"to_on": "2020-12-31", "reason": "x"},
        role="officer",
    ),
    *posting("unknown-target", "/targets/x/reschedulings", {"due_on": "2020-01-01", "reason": "x"}),
    *posting(
        "target-settled",
        "/targets/first-2018/reschedulings",
        {"due_on": "2019-03-31", "reason": "x"},
        {
            "due_on": "2019-03-31",
            "reason": "x",
            "effective_on": "2018-12-31",
            "backdated_reason": "补录",
        },
        on=(1, 1, 2019),
    ),
    *posting(
        "due-day-passed", "/targets/all-2019/reschedulings", {"due_on": "2018-05-31", "reason": "x"}
    ),
    *posting(
        "target-before-phases",
        "/targets/all-2019/reschedulings",
        {"due_on": "2018-08-31", "reason": "x"},
    ),
    *posting(
        "other-organisation",
        "/targets/all-2019/reschedulings",
        {"due_on": "2020-08-31", "reason": "x"},
        organisation=f"{FIRST}-office",
    ),
]
TAKING_PART = [
    *posting("township-enrolled", "/townships", TOWN, role="officer"),
    *posting("duplicate-code", "/townships", TOWN | {"township": "2"}, role="officer"),
    *posting(
        "effective-day-in-future",
        "/townships",
        TOWN | {"township": "2", "office": "o2", "effective_on": "2018-06-02"},
        role="officer",
    ),
    *posting(
        "backdated-reason-missing",
        "/townships",
        TOWN | {"township": "2", "office": "o2", "effective_on": "2018-05-31"},
        role="officer",
    ),
    *posting("township-not-enrolled", "/townships/2/withdrawal", {"reason": "撤并"}),
    *posting(
        "township-not-enrolled",
        f"/townships/{FIRST}/withdrawal",
        {"reason": "撤并", "successor": "2"},
    ),
    *posting(
        "own-successor", f"/townships/{FIRST}/withdrawal", {"reason": "撤并", "successor": FIRST}
    ),
    *posting("achieved-over-members", "/closure", {"achieved": 11}),
]
NAMES = [
    *posting("unknown-organisation", "/organisations/x/names", NAME, role="officer"),
    *posting(
        "unknown-organisation",
        "/organisations/x/names",
        NAME | {"successor_of": "y"},
        role="officer",
    ),
    *posting(
        "organisation-takes-part",
        f"/organisations/{CITY}/names",
        NAME | {"successor_of": DISTRICT},
        role="officer",
    ),
    *posting(
        "document-missing",
        "/organisations/x/names",
        NAME | {"successor_of": DISTRICT},
        role="officer",
    ),
    *posting(
        "succession-to-come",
        "/organisations/x/names",
        NAME | {"successor_of": DISTRICT, "from_on": "2018-06-02"},
        role="officer",
    ),
    *posting(
        "name-too-early",
        f"/organisations/{DISTRICT}/names",
        NAME | {"from_on": "2018-02-04"},
        role="officer",
    ),
    *posting("role-not-allowed", f"/organisations/{DISTRICT}/names", NAME),
]
SHEETS = [
    *posting("role-not-allowed", "/annual-assessments", sheet(), role="officer"),
    *posting("assessment-before-year", "/annual-assessments", sheet(year=2019)),
    *posting("effective-day-too-early", "/annual-assessments", sheet(as_of_on="2018-06-02")),
    *posting(
        "known-at-in-future",
        "/annual-assessments",
        sheet(known_at="2018-06-01T09:00:01+08:00"),
        sheet(effective_on="2018-05-31", backdated_reason="补录"),
    ),
    *posting(
        "rules-unknown", "/annual-assessments", sheet(rules=[{"kind": "ranking", "version": 2}])
    ),
    *posting(
        "rows-not-of-townships",
        "/annual-assessments",
        sheet(rows=rows()[1:]),
        sheet(rows=[*rows(), {"township": "2", "points_cp": 0, "rank": 100}]),
    ),
    *posting("ranks-incomplete", "/annual-assessments", sheet(rows=rows((9000, None)))),
    *posting("ranks-inconsistent", "/annual-assessments", sheet(rows=rows((9000, 2), (8000, 1)))),
    *posting("annual-assessment-missing", "/annual-assessments", sheet(replaces_digest=OTHER)),
    *posting(
        "invalid-body",
        "/annual-assessments",
        sheet(rows=rows((10_000_001, 1))),
        sheet(rows=rows((-1, 1))),
        sheet(figures_digest="x"),
        sheet(known_at="2018-06-01T00:00:00"),
        sheet(known_at=1527782400),
        sheet(known_at="0001-01-01T00:00:00+08:00"),
        sheet(known_at="9999-12-31T23:59:59-08:00"),
    ),
]
PHASES, TARGETS = DEFINITION["phases"], DEFINITION["targets"]
OPENINGS = [
    Attempt(refused, "", body, role="officer")
    for refused, body in (
        ("programme-exists", DEFINITION),
        ("no-application-phase", definition(phases=PHASES[:1])),
        ("phases-overlap", definition(phases=[*PHASES, PHASES[0] | {"code": "x"}])),
        ("target-before-phases", definition(targets=[TARGETS[0] | {"due_on": "2018-08-31"}])),
        ("freeze-after-due", definition(targets=[TARGETS[0] | {"freeze_on": "2019-01-01"}])),
        ("deadlines-incomplete", definition(rules=[])),
        ("invalid-body", definition(city=DEFINITION["district"])),
    )
]
SUBJECTS = {
    "standards": STANDARDS,
    "rules": RULES,
    "schedule": SCHEDULE,
    "taking part": TAKING_PART,
    "names": NAMES,
    "sheets": SHEETS,
}
SECOND_TIME = [
    *posting(
        "organisation-succeeded",
        "/organisations/y/names",
        NAME | {"successor_of": DISTRICT},
        role="officer",
    ),
    *posting(
        "annual-assessment-issued",
        "/annual-assessments",
        sheet(figures_digest=OTHER),
        sheet(figures_digest=OTHER, replaces_digest=OTHER),
    ),
]
