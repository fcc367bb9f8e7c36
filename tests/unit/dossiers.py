"""A small programme to decide dossiers in: two targets, one batch, a standard of four items.

100 points, 80 to pass: `staff` 40 (hardware, prerequisite below 10, veto at 0), `rules` 30,
`files` 20 (both software, deducting by the point), `vehicle` 10 (hardware, may not apply).
"""

from dataclasses import fields, replace
from datetime import date
from functools import reduce
from typing import cast

from services.projection.models.dossier import DossierProgress
from services.submission import programmes
from services.submission.application import Terms
from services.submission.planning import Intent
from services.submission.programmes import Programme
from services.submission.rectification import Finding
from shared.contracts.blocks import Document, Mark, StandardRef, TownshipSite
from shared.contracts.dossier import DossierEvent, Duty
from shared.contracts.programme import (
    BatchAnnounced,
    CalendarPublished,
    Category,
    Gate,
    GateRule,
    Item,
    Opened,
    Organisation,
    OrganisationRenamed,
    Params,
    Phase,
    PhaseRescheduled,
    ProgrammeEvent,
    Span,
    StandardPublished,
    Target,
    TargetRescheduled,
    TownshipEnrolled,
)
from tests.unit.told import Told

PROGRAMME, TOWNSHIP, OFFICE = "shanting-2018", "370406001", "370406001-office"
FEBRUARY, MARCH, MAY = date(2018, 2, 8), date(2018, 3, 20), date(2018, 5, 10)
AUGUST, SEPTEMBER = date(2018, 8, 31), date(2018, 9, 3)

PAPER = Document(title="国务院办公厅关于2018年部分节假日安排的通知", issued_on=date(2017, 11, 30))
PHASES = (
    Phase(code="mobilisation", name="宣传发动", to_on=date(2018, 3, 31), applications_open=False),
    Phase(
        code="application",
        name="申报验收",
        from_on=date(2018, 9, 1),
        to_on=date(2019, 12, 31),
        applications_open=True,
    ),
)
FIRST = Target(
    code="first-2018",
    name="首批",
    due_on=date(2018, 12, 31),
    members="committed",
    achieved_by="city-passed",
    strength="aspire",
    freeze_on=date(2018, 9, 30),
)
ALL = Target(
    code="all-2019",
    name="全面达标",
    due_on=date(2019, 12, 31),
    members="all",
    achieved_by="city-passed",
    strength="require",
)
BATCH = BatchAnnounced(
    programme=PROGRAMME,
    effective_on=FEBRUARY,
    batch="2018-1",
    name="2018年首批",
    opens_on=date(2018, 9, 3),
    closes_on=date(2018, 10, 31),
    target="first-2018",
)


def _item(code: str, category: str, most: int, *, software: bool, na_allowed: bool = False) -> Item:
    return Item(
        code=code,
        category=category,
        name=code,
        criterion=code,
        method="deduct",
        params=Params(per_miss_cp=100),
        max_cp=most * 100,
        nature="software" if software else "hardware",
        na_allowed=na_allowed,
    )


STANDARD = StandardPublished(
    programme=PROGRAMME,
    effective_on=FEBRUARY,
    standard=StandardRef(code="example", version=1, digest="a" * 64),
    title="示例标准",
    illustrative=True,
    in_force_on=date(2018, 2, 9),
    total_cp=10_000,
    pass_cp=8_000,
    demonstration_cp=9_000,
    categories=(
        Category(code="people", name="人员队伍", max_cp=5_000),
        Category(code="paper", name="制度档案", max_cp=5_000, min_share_bp=5_000),
    ),
    items=(
        _item("staff", "people", 40, software=False),
        _item("rules", "paper", 30, software=True),
        _item("files", "paper", 20, software=True),
        _item("vehicle", "people", 10, software=False, na_allowed=True),
    ),
    gates=(
        Gate(
            code="has-staff",
            kind="prerequisite",
            name="已配备人员",
            rule=GateRule(item="staff", below_cp=1_000),
        ),
        Gate(
            code="no-full-time",
            kind="veto",
            name="无专职人员",
            rule=GateRule(item="staff", below_cp=2_000),
        ),
    ),
)
STRICTER = replace(
    STANDARD,
    standard=StandardRef(code="example", version=2, digest="b" * 64),
    in_force_on=date(2018, 8, 1),
    previous_version=1,
)
# It also asks for facts: one rules a pass out, the other an application.
ASKING = replace(
    STANDARD,
    gates=(
        *STANDARD.gates,
        Gate(code="accident", kind="veto", name="事故超标", rule=GateRule(fact="fatal-accident")),
        Gate(
            code="no-seal",
            kind="prerequisite",
            name="机构已挂牌",
            rule=GateRule(fact="office-unsealed"),
        ),
    ),
)

OPENING: tuple[ProgrammeEvent, ...] = (
    Opened(
        programme=PROGRAMME,
        effective_on=FEBRUARY,
        name_zh="复验工作",
        name_en="Re-verification",
        district=Organisation(organisation="370406-safety", name="山亭区安监局"),
        city=Organisation(organisation="370400-safety", name="枣庄市安监局"),
        basis=(),
        rehearsal=False,
        phases=PHASES,
        targets=(FIRST, ALL),
        standard=STANDARD.standard,
    ),
    STANDARD,
    CalendarPublished(
        programme=PROGRAMME,
        effective_on=FEBRUARY,
        year=2018,
        holidays=(date(2018, 4, 5), date(2018, 4, 6)),
        worked_weekends=(date(2018, 4, 8),),
        provisional=False,
        source=PAPER,
    ),
    BATCH,
    TownshipEnrolled(
        programme=PROGRAMME,
        effective_on=FEBRUARY,
        township=TOWNSHIP,
        name="山城街道",
        kind="subdistrict",
        office=OFFICE,
        office_name="山城街道安监办",
        government="370406001-gov",
        government_name="山城街道办事处",
        enrolled_on=FEBRUARY,
    ),
)

LATER = TargetRescheduled(
    programme=PROGRAMME,
    effective_on=AUGUST,
    target="first-2018",
    due_on=date(2019, 1, 31),
    previous_due_on=FIRST.due_on,
    reason="机构改革",
)
EXTENDED = PhaseRescheduled(
    programme=PROGRAMME,
    effective_on=date(2018, 3, 30),
    phase="mobilisation",
    from_on=None,
    to_on=date(2018, 4, 30),
    previous=Span(to_on=date(2018, 3, 31)),
    reason="文件下发较迟",
)
REFORM = OrganisationRenamed(
    programme=PROGRAMME,
    effective_on=AUGUST,
    organisation="370406-emergency",
    name="山亭区应急管理局",
    previous_name="山亭区安监局",
    from_on=AUGUST,
    successor_of="370406-safety",
)


def with_targets(*targets: Target) -> ProgrammeEvent:
    """The opening with other targets."""
    return replace(cast("Opened", OPENING[0]), targets=targets)


def heard(*events: ProgrammeEvent) -> Programme:
    """The programme after these events."""
    return reduce(programmes.evolve, events, Programme())


OPEN = heard(*OPENING)


def progress(*events: DossierEvent) -> DossierProgress:
    """What the read model makes of the same events, so that both sides can be held to one rule."""
    told = Told()
    for event in events:
        data = {each.name: getattr(event, each.name) for each in fields(event)}
        del data["programme"]
        told.dossier(type(event), data.pop("township"), data.pop("effective_on"), **data)
    return told.rows().dossiers[TOWNSHIP]


def site(on: date) -> TownshipSite:
    """Whatever happens in 山城街道 on that day."""
    return programmes.site(OPEN, TOWNSHIP, on)


def marks(staff: int = 40, rules: int = 30, files: int = 20, vehicle: int = 10) -> tuple[Mark, ...]:
    """Whole points by item; nothing lacks unless it is named."""
    given = {"staff": staff, "rules": rules, "files": files, "vehicle": vehicle}
    most = {item.code: item.max_cp for item in STANDARD.items}
    return tuple(
        Mark(item=item, mark_cp=points * 100, max_cp=most[item]) for item, points in given.items()
    )


def intent(target: str = "first-2018", reach_on: date = date(2018, 11, 30)) -> Intent:
    """A plan for the first batch."""
    return Intent(
        target=target,
        reach_on=reach_on,
        batch="2018-1" if target == "first-2018" else None,
        goals=("达标",),
        duties=(Duty(duty="档案", post="内勤"),),
    )


def terms(batch: BatchAnnounced | None = None, standard: StandardPublished = STANDARD) -> Terms:
    """What the programme asks of an application."""
    targets = {target.code: target for target in (FIRST, ALL)}
    return Terms(standard=standard, phases=PHASES, targets=targets, batch=batch)


def finding(item: str, *, blocking: bool = True, due_on: date | None = None) -> Finding:
    """A gap, named after its item."""
    return Finding(
        deficiency_id=f"D-{item}",
        item=item,
        description="不全",
        blocking=blocking,
        due_on=due_on,
    )
