"""A small programme and one case of it, taken as far along its path as a test needs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce

from services.review import (
    appointment,
    city,
    consensus,
    letters,
    reward,
    team,
    title,
    verdict,
)
from services.review.case import Case, evolve
from services.review.case_opening import open_case
from services.review.programmes.definition import (
    BatchDraft,
    CalendarDraft,
    Definition,
    RulesDraft,
    StandardDraft,
    TownshipDraft,
)
from services.review.programmes.opening import open_programme
from services.review.programmes.programme import Programme
from services.review.programmes.programme import evolve as evolve_programme
from shared.contracts.blocks import Document, Mark, ProgrammeSite, Title
from shared.contracts.case import CaseEvent, NotApplicableDecision
from shared.contracts.dossier import ApplicationSubmitted
from shared.contracts.programme import (
    Category,
    Gate,
    GateRule,
    Item,
    Organisation,
    Params,
    Phase,
    ProgrammeEvent,
    Target,
)
from shared.standard import prerequisites, score

OPENING, SEPTEMBER = date(2018, 2, 5), date(2018, 9, 3)
PAPER = Document(title="通知", issued_on=OPENING, number="山安监发〔2018〕8号", sha256="ab" * 32)


def site(day: date = OPENING, document: Document | None = None) -> ProgrammeSite:
    return {"programme": "p", "effective_on": day, "document": document}


def item(code: str, category: str, max_cp: int, na_allowed: bool = False) -> Item:
    return Item(
        code=code,
        category=category,
        name=code,
        criterion=code,
        method="deduct",
        params=Params(per_miss_cp=100),
        max_cp=max_cp,
        nature="software",
        na_allowed=na_allowed,
    )


STANDARD = StandardDraft(
    code="s",
    title="标准（示例）",
    illustrative=True,
    total_cp=10000,
    pass_cp=8000,
    demonstration_cp=9000,
    categories=(
        Category(code="JG", name="机构", max_cp=6000, min_share_bp=5000),
        Category(code="DA", name="档案", max_cp=4000),
    ),
    items=(
        item("JG-1", "JG", 6000),
        item("DA-1", "DA", 3000),
        item("DA-2", "DA", 1000, na_allowed=True),
    ),
    gates=(
        Gate(
            code="head",
            kind="prerequisite",
            name="主任到位",
            rule=GateRule(item="JG-1", below_cp=1000),
        ),
        Gate(
            code="no-office",
            kind="veto",
            name="未设机构",
            rule=GateRule(item="JG-1", below_cp=2000),
        ),
        Gate(code="fatal", kind="veto", name="死亡事故", rule=GateRule(fact="fatal-accident")),
    ),
)
DEADLINES = RulesDraft(kind="deadlines", rules={"decide_wd": 10, "resubmit_wd": 20})
REWARD = RulesDraft(kind="reward", rules={"grants": []})
CALENDAR = CalendarDraft(
    year=2018,
    holidays=(date(2018, 9, 24), *(date(2018, 10, day) for day in range(1, 8))),
    worked_weekends=(date(2018, 9, 29), date(2018, 9, 30)),
    source=PAPER,
)
BATCH = BatchDraft(
    batch="b1",
    name="首批",
    opens_on=date(2018, 9, 1),
    closes_on=date(2018, 11, 30),
    target="all",
)
TOWN = TownshipDraft(
    township="370406001",
    name="山城街道",
    kind="subdistrict",
    office="o-office",
    office_name="山城街道安监办",
    government="o-gov",
    government_name="山城街道办事处",
)
PREPARE = Phase(code="prepare", name="准备", to_on=date(2018, 8, 31), applications_open=False)
APPLY = Phase(
    code="apply",
    name="申报",
    from_on=date(2018, 9, 1),
    to_on=date(2019, 12, 31),
    applications_open=True,
)
TARGET = Target(
    code="all",
    name="全部达到",
    due_on=date(2019, 12, 31),
    members="all",
    achieved_by="city-passed",
    strength="require",
)
DEFINITION = Definition(
    code="p",
    name_zh="复验",
    name_en="Re-verification",
    district=Organisation(organisation="district", name="区安监局"),
    city=Organisation(organisation="city", name="市安监局"),
    basis=(PAPER,),
    rehearsal=False,
    phases=(PREPARE, APPLY),
    targets=(TARGET,),
    standard=STANDARD,
    rules=(DEADLINES, REWARD),
    calendars=(CALENDAR,),
    batches=(BATCH,),
    townships=(TOWN,),
)


def opened(definition: Definition = DEFINITION) -> list[ProgrammeEvent]:
    return open_programme(Programme(), definition, site=site())


PROGRAMME = reduce(evolve_programme, opened(), Programme())


def mark(code: str, mark_cp: int, applicable: bool = True) -> Mark:
    max_cp = next(one.max_cp for one in STANDARD.items if one.code == code)
    return Mark(item=code, mark_cp=mark_cp, max_cp=max_cp, applicable=applicable)


def marks(jg: int = 5000, da: int = 3000, da2: int = 1000) -> tuple[Mark, ...]:
    """9000 of 10000 unless told otherwise."""
    return mark("JG-1", jg), mark("DA-1", da), mark("DA-2", da2)


def application(own: Sequence[Mark] | None = None, day: date = SEPTEMBER) -> ApplicationSubmitted:
    standard = PROGRAMME.standards[0]
    own = tuple(own or marks())
    return ApplicationSubmitted(
        programme="p",
        effective_on=day,
        township="370406001",
        township_name="山城街道",
        office="o-office",
        application_id="a1",
        round=1,
        batch="b1",
        target="all",
        standard=standard.standard,
        assessment_id="sa1",
        marks=own,
        totals=score(standard, own),
        evidence=(),
        prerequisites=prerequisites(standard, own),
        plan_version=1,
        reach_on=date(2018, 12, 31),
        signed_by="head",
    )


def seat(officer: str, *categories: str, leads: bool = False) -> appointment.Seat:
    return appointment.Seat(officer=officer, leads=leads, categories=categories)


SEATS = (seat("lead", "JG", leads=True), seat("m1", "DA"), seat("m2", "JG", "DA"))
SERVES = {
    "lead": "district",
    "m1": "district",
    "m2": "other-office",
    "m3": "o-office",
    "m0": "district",
}
ENCLOSED = (letters.Enclosure.of("cases/370406001-1/decision.json", b"{}"),)
MORNING = datetime(2018, 9, 10, 1, tzinfo=UTC)


class Path:
    """One case, step by step; each step is decided, so no test starts from an impossible past."""

    def __init__(self, submitted: ApplicationSubmitted | None = None) -> None:
        self.submitted = submitted or application()
        self.own = {one.item: one for one in self.submitted.marks}
        self.case = Case()
        self.events: list[CaseEvent] = []
        self._add(open_case(self.case, PROGRAMME, self.submitted))

    def _add(self, events: Sequence[CaseEvent]) -> None:
        self.events += events
        self.case = reduce(evolve, events, self.case)

    def _site(self, day: int) -> ProgrammeSite:
        """That day of September, or the day of the last step where that is later."""
        return site(max(date(2018, 9, day), self.case.since))

    def appointed(self, seats: Sequence[appointment.Seat] = SEATS, min_markers: int = 1) -> "Path":
        self._add(
            appointment.appoint_team(
                self.case,
                PROGRAMME,
                seats,
                organisations=SERVES,
                min_markers=min_markers,
                site=self._site(5),
            )
        )
        return self

    def scheduled(self) -> "Path":
        self._add(
            team.schedule_inspection(
                self.case,
                PROGRAMME,
                "i1",
                level="district",
                officer="lead",
                starts_at=MORNING,
                ends_at=MORNING.replace(hour=9),
                place="山城街道",
                site=site(date(2018, 9, 6)),
            )
        )
        return self

    def held(self) -> "Path":
        self._add(
            team.hold_inspection(
                self.case,
                "i1",
                officer="lead",
                present=("lead", "m1"),
                site=site(date(2018, 9, 10), PAPER),
            )
        )
        return self

    def marked(self, officer: str, *given: Mark) -> "Path":
        self._add(
            team.record_marks(self.case, PROGRAMME, given, officer=officer, site=self._site(11))
        )
        return self

    def agreed(
        self, agreed: Sequence[Mark] | None = None, claims: Sequence[NotApplicableDecision] = ()
    ) -> "Path":
        self._add(
            consensus.record_consensus(
                self.case,
                PROGRAMME,
                agreed or marks(),
                claims,
                own_marks=self.own,
                officer="lead",
                site=self._site(12),
            )
        )
        return self

    def inspected(self, agreed: Sequence[Mark] | None = None) -> "Path":
        """As far as a consensus: everyone marks what the office marked itself."""
        self.appointed().scheduled().held()
        self.marked("lead", mark("JG-1", 5000))
        self.marked("m1", mark("DA-1", 3000), mark("DA-2", 1000))
        return self.agreed(agreed)

    def passed(self) -> "Path":
        self.inspected()
        self._add(
            verdict.pass_preliminary(
                self.case, PROGRAMME, decided_by="chief", site=site(date(2018, 9, 14))
            )
        )
        return self

    def recommended(self) -> "Path":
        self.passed()
        (events,) = letters.recommend(
            [self.case],
            PROGRAMME,
            recommendation_id="r1",
            decided_by="chief",
            enclosed={"p/370406001/1": ENCLOSED},
            site=site(date(2018, 9, 20), PAPER),
        )
        self._add(events)
        return self

    def city_marked(self, total_cp: int = 9100) -> "Path":
        self.recommended()
        given = city.CityMarks(granularity="total", total_cp=total_cp)
        self._add(
            city.record_city_marks(
                self.case,
                PROGRAMME,
                given,
                inspected_on=date(2018, 10, 10),
                site=site(date(2018, 10, 10)),
            )
        )
        return self

    def city_passed(self, title: Title = "demonstration") -> "Path":
        self.city_marked()
        self._add(city.pass_city(self.case, PROGRAMME, title=title, site=site(date(2018, 10, 15))))
        return self

    def awarded(self) -> "Path":
        self.city_passed()
        award = title.Award(title="demonstration", plaque_number="枣安标〔2018〕1号")
        (events,) = title.award_titles(
            [self.case], [award], PROGRAMME, award_id="w1", site=site(date(2018, 11, 1))
        )
        self._add(events)
        return self

    def granted(self, amount_fen: int = 5_000_00) -> "Path":
        self.awarded()
        self._add(
            reward.grant_reward(
                self.case,
                PROGRAMME,
                reward_id="m1",
                fund="city",
                basis="on-time",
                amount_fen=amount_fen,
                site=site(date(2018, 11, 5)),
            )
        )
        return self

    def closed(self) -> "Path":
        self.awarded()
        self._add(title.close_case(self.case, site=site(date(2018, 11, 2))))
        return self


def with_standard(**changes: object) -> Definition:
    """The definition with another scoring table."""
    return replace(DEFINITION, standard=replace(STANDARD, **changes))  # type: ignore[arg-type]  # any field


def of(path: Path, **changes: object) -> Case:
    """The same path as another township's case, or in another round."""
    events = [replace(event, **changes) for event in path.events]  # type: ignore[arg-type]  # any field
    return reduce(evolve, events, Case())


def second(path: Path) -> Case:
    return of(path, township="2", case_id="p/2/1", application_id="a9")
