"""What a programme refuses over HTTP: each code once at least, and nothing moves by it."""

import ast
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.refusals import REFUSALS
from tests.integration.review import (
    CITY,
    DEFINITION,
    DISTRICT,
    FIRST,
    PROGRAMME,
    ROOT,
    Review,
    review,
)
from tests.integration.review_steps import code, did

# Those that are raised here for others to hear: cases ask for deadlines and for their district.
OF_CASES = {"rules-not-in-force"}
ROOM = ROOT / "services" / "review"
MODULES = (
    *("programme", "opening", "publishing", "schedule", "organisations", "annual"),
    *("definition", "standards", "programme_acts", "annual_api", "programme_views"),
)

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
    facts: Mapping[str, Any] = field(default_factory=dict)


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


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        await did(await serving.post("/v1/programmes", DEFINITION, "o1", "officer"))
        yield serving


async def refuses(service: Review, attempts: Sequence[Attempt], under: str = PROGRAMME) -> None:
    """Each attempt gets its code and its status, and the programme is as it was."""
    for one in attempts:
        service.on(*one.on)
        before = await service.get(PROGRAMME)
        answer = await service.post(
            f"{under}{one.path}",
            dict(one.body),
            "liu",
            one.role,
            organisation=one.organisation,
            method=one.method,
        )
        assert (code(answer), answer.status_code) == (
            one.code,
            REFUSALS[one.code].status,
        ), f"{one.path}: {answer.text}"
        assert (await service.get(PROGRAMME))["version"] == before["version"], one.path


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_what_cannot_be_is_refused_and_changes_nothing(service: Review, subject: str) -> None:
    await refuses(service, SUBJECTS[subject])


async def test_what_cannot_be_opened_is_not_there_afterwards(service: Review) -> None:
    await refuses(service, OPENINGS, "/v1/programmes")
    assert (await service.get("/v1/programmes/other"))["code"] == "unknown-programme"


async def test_a_programme_that_nobody_opened_takes_nothing(service: Review) -> None:
    for one in (*SCHEDULE, *NAMES, *SHEETS):
        if one.code == "role-not-allowed" or one.code == "invalid-body":
            continue
        answer = await service.post(
            f"/v1/programmes/other{one.path}", dict(one.body), "liu", one.role, method=one.method
        )
        assert (answer.status_code, code(answer)) == (404, "unknown-programme")


async def test_what_was_never_there_is_not_found(service: Review) -> None:
    for path, wanted in (
        ("/annual-assessments/2018", "annual-assessment-missing"),
        ("/organisations/x", "unknown-organisation"),
    ):
        answer = await service.http.get(f"{PROGRAMME}{path}", headers=service.who("o1", "officer"))
        assert (answer.status_code, code(answer)) == (404, wanted)


@pytest.mark.parametrize("as_of", ["0", "1527782400", "2018-06", "x", "2018-06-01T00:00:00Z"])
async def test_a_day_that_is_none_is_the_callers_mistake(service: Review, as_of: str) -> None:
    for path in ("", "/organisations", f"/organisations/{DISTRICT}"):
        found = await service.get(f"{PROGRAMME}{path}?as_of={as_of}")
        assert found["code"] == "invalid-parameter"


async def test_a_place_is_taken_and_a_year_is_signed_once(service: Review) -> None:
    service.on(6, 1)
    heir = NAME | {"successor_of": DISTRICT}
    await did(await service.post(f"{PROGRAMME}/organisations/x/names", heir, "o1", "officer"))
    await did(await service.post(f"{PROGRAMME}/annual-assessments", sheet(), "liu", "leader"))
    await refuses(service, SECOND_TIME)


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


async def test_a_programme_that_is_over_keeps_what_it_was(service: Review) -> None:
    service.on(6, 1)
    await did(await service.post(f"{PROGRAMME}/closure", {"achieved": 0}, "liu", "leader"))
    over = [
        Attempt("programme-closed", one.path, one.body, role=one.role, method=one.method)
        for one in (*STANDARDS, *RULES, *SCHEDULE, *TAKING_PART)
        if one.code not in ("role-not-allowed", "other-organisation", "invalid-body")
    ]
    await refuses(service, over)


def test_every_code_that_a_programme_raises_is_asked_for_here() -> None:
    raised = {
        node.args[0].value
        for module in MODULES
        for node in ast.walk(ast.parse((ROOM / f"{module}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Refused"
        and isinstance(node.args[0], ast.Constant)
    }
    asked = {one.code for group in (*SUBJECTS.values(), OPENINGS, SECOND_TIME) for one in group}
    asked |= {"programme-closed", "unknown-programme"}
    assert raised - asked - OF_CASES == set()
