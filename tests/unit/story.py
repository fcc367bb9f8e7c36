"""Hand-made events of one small programme, stream by stream, for the read models' tests."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.projection.models.rows import Rows, fold
from shared.contracts import case, dossier, programme
from shared.contracts.blocks import CategoryTotal, Document, Grade, StandardRef, Totals
from shared.contracts.registry import Event, encode, type_of
from shared.events.envelope import Record, noon
from shared.messaging.reactions import Received

P = "shanting-2018"
FIRST_DUE, ALL_DUE = date(2018, 12, 31), date(2019, 12, 31)
STANDARD = StandardRef(code="zz", version=1, digest="5d")
OPENED_ON = date(2018, 2, 5)


def totals(total_cp: int = 90000, grade: Grade = "compliant") -> Totals:
    parts = (
        CategoryTotal(category="staff", total_cp=40000, max_cp=50000, share_bp=8000),
        CategoryTotal(category="files", total_cp=total_cp - 40000, max_cp=50000, share_bp=None),
    )
    return Totals(
        raw_cp=total_cp,
        applicable_max_cp=100000,
        bonus_cp=0,
        total_cp=total_cp,
        out_of_cp=100000,
        by_category=parts,
        vetoes=(),
        failed_gates=(),
        not_applicable=(),
        grade=grade,
    )


@dataclass
class Story:
    """Events in the order they were recorded, a second apart; `on` is their effective day."""

    received: list[Received] = field(default_factory=list)

    def rows(self) -> Rows:
        return fold(Rows(), self.received)

    def opened(self, *, targets: tuple[programme.Target, ...] | None = None) -> "Story":
        self._programme(
            programme.Opened,
            OPENED_ON,
            name_zh="复验",
            name_en="Re-verification",
            district=programme.Organisation(organisation="d", name="区局"),
            city=programme.Organisation(organisation="c", name="市局"),
            basis=(),
            rehearsal=False,
            phases=(
                programme.Phase(
                    code="mobilisation",
                    name="宣传发动",
                    to_on=date(2018, 3, 31),
                    applications_open=False,
                ),
                programme.Phase(
                    code="preparation",
                    name="创建准备",
                    from_on=date(2018, 4, 1),
                    to_on=date(2018, 8, 31),
                    applications_open=False,
                ),
                programme.Phase(
                    code="application",
                    name="申报验收",
                    from_on=date(2018, 9, 1),
                    to_on=ALL_DUE,
                    applications_open=True,
                ),
            ),
            targets=targets or (first(), everyone()),
            standard=STANDARD,
        )
        self._programme(
            programme.StandardPublished,
            OPENED_ON,
            standard=STANDARD,
            title="示例标准",
            illustrative=True,
            in_force_on=date(2018, 2, 6),
            total_cp=100000,
            pass_cp=80000,
            demonstration_cp=90000,
            categories=(
                programme.Category(code="staff", name="人员队伍", max_cp=50000),
                programme.Category(code="files", name="档案信息", max_cp=50000),
            ),
            items=(),
            gates=(),
        )
        return self

    def risk(self, on: date = OPENED_ON, **rules: Any) -> "Story":
        return self._programme(
            programme.RulesPublished,
            on,
            kind="risk",
            version=1,
            digest="",
            rules=rules,
            in_force_on=on,
        )

    def calendar(self, year: int, holidays: tuple[date, ...], on: date = OPENED_ON) -> "Story":
        return self._programme(
            programme.CalendarPublished,
            on,
            year=year,
            holidays=holidays,
            worked_weekends=(),
            provisional=False,
            source=Document(title="通知", issued_on=on),
        )

    def batch(self, code: str, opens_on: date, closes_on: date) -> "Story":
        return self._programme(
            programme.BatchAnnounced,
            OPENED_ON,
            batch=code,
            name=code,
            opens_on=opens_on,
            closes_on=closes_on,
            target="first-2018",
        )

    def enrolled(self, *townships: str, on: date = OPENED_ON) -> "Story":
        for township in townships:
            self._programme(
                programme.TownshipEnrolled,
                on,
                township=township,
                name=f"{township}镇",
                kind="town",
                office=f"{township}-office",
                office_name="安监办",
                government=f"{township}-gov",
                government_name="政府",
                enrolled_on=on,
            )
        return self

    def left(self, township: str, on: date) -> "Story":
        return self._programme(
            programme.TownshipWithdrawn,
            on,
            township=township,
            township_name=f"{township}镇",
            office=f"{township}-office",
            withdrawn_on=on,
            reason="区划调整",
        )

    def planned(
        self, township: str, on: date, target: str = "first-2018", batch: str | None = None
    ) -> "Story":
        return self.dossier(
            dossier.PlanFiled,
            township,
            on,
            plan_version=1,
            target=target,
            batch=batch,
            reach_on=FIRST_DUE,
            goals=(),
            duties=(),
            due_on=date(2018, 3, 31),
            late_wd=0,
            signed_by="o1",
        )

    def assessed(
        self,
        township: str,
        on: date,
        kind: dossier.AssessmentKind = "full",
        *,
        complete: bool = True,
        grade: Grade = "compliant",
        total_cp: int = 90000,
    ) -> "Story":
        return self.dossier(
            dossier.SelfAssessmentRecorded,
            township,
            on,
            assessment_id="S",
            kind=kind,
            complete=complete,
            standard=STANDARD,
            marks=(),
            totals=totals(total_cp, grade),
            evidence=(),
            to_pass_cp=0,
            to_demonstration_cp=0,
        )

    def found(self, township: str, on: date, name: str = "D1", *, blocking: bool = True) -> "Story":
        return self.dossier(
            dossier.DeficiencyFound,
            township,
            on,
            deficiency_id=name,
            item="i1",
            category="staff",
            nature="software",
            found_by="self",
            gap_cp=100,
            description="缺",
            blocking=blocking,
        )

    def reopened(self, township: str, on: date, name: str = "D1") -> "Story":
        return self.dossier(
            dossier.DeficiencyReopened,
            township,
            on,
            deficiency_id=name,
            item="i1",
            by="district",
            reason="未改",
        )

    def withdrawn(self, township: str, on: date, name: str = "D1") -> "Story":
        return self.dossier(
            dossier.DeficiencyWithdrawn,
            township,
            on,
            deficiency_id=name,
            item="i1",
            by="self",
            reason="误记",
        )

    def rectifying(self, township: str, on: date, due_on: date, name: str = "D1") -> "Story":
        return self.dossier(
            dossier.RectificationPlanned,
            township,
            on,
            deficiency_id=name,
            item="i1",
            plan_version=1,
            measure="改",
            responsible_post="综合岗",
            due_on=due_on,
            expected_gain_cp=100,
        )

    def rectified(self, township: str, on: date, name: str = "D1") -> "Story":
        return self.dossier(
            dossier.RectificationCompleted,
            township,
            on,
            deficiency_id=name,
            item="i1",
            completed_on=on,
            due_on=None,
            late_wd=0,
            result="已改",
            evidence=(),
            open_left=0,
        )

    def applied(self, township: str, on: date, round: int = 1, batch: str | None = None) -> "Story":
        return self.dossier(
            dossier.ApplicationSubmitted,
            township,
            on,
            application_id=f"A{round}",
            round=round,
            batch=batch,
            target="first-2018",
            standard=STANDARD,
            assessment_id="S",
            marks=(),
            totals=totals(),
            evidence=(),
            prerequisites=(),
            plan_version=1,
            reach_on=FIRST_DUE,
            signed_by="o1",
        )

    def echo_returned(self, township: str, on: date, round: int = 1) -> "Story":
        return self.dossier(
            dossier.ApplicationReturned,
            township,
            on,
            application_id=f"A{round}",
            round=round,
            case_id=f"{P}/{township}/{round}",
            by="district",
            items=(),
            resubmit_by_on=date(2018, 11, 29),
        )

    def echo_closed(
        self, township: str, on: date, outcome: dossier.Outcome, round: int = 1
    ) -> "Story":
        return self.dossier(
            dossier.ApplicationClosed,
            township,
            on,
            application_id=f"A{round}",
            round=round,
            outcome=outcome,
        )

    def opened_case(
        self, township: str, on: date, round: int = 1, decide_by_on: date = FIRST_DUE
    ) -> "Story":
        return self.case(
            case.Opened,
            township,
            round,
            on,
            submitted_on=on,
            target="first-2018",
            standard=STANDARD,
            self_totals=totals(),
            decide_by_on=decide_by_on,
        )

    def rejected(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(case.ApplicationRejected, township, round, on, reasons=())

    def team(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.TeamAppointed,
            township,
            round,
            on,
            team_version=1,
            members=(),
            recused=(),
            min_markers=2,
        )

    def scheduled(self, township: str, on: date, level: str, round: int = 1) -> "Story":
        return self.case(
            case.InspectionScheduled,
            township,
            round,
            on,
            inspection_id="I",
            level=level,
            starts_at=noon(on),
            ends_at=noon(on),
            place="镇",
        )

    def agreed(self, township: str, on: date, round: int = 1, *, total_cp: int = 85000) -> "Story":
        return self.case(
            case.ConsensusRecorded,
            township,
            round,
            on,
            standard=STANDARD,
            marks=(),
            na_decisions=(),
            totals=totals(total_cp),
            self_total_cp=90000,
            leader="o2",
            members=("o2",),
        )

    def returned(
        self, township: str, on: date, round: int = 1, resubmit_by_on: date = FIRST_DUE
    ) -> "Story":
        return self.case(
            case.Returned,
            township,
            round,
            on,
            by="district",
            items=(),
            totals=None,
            resubmit_by_on=resubmit_by_on,
            allowed_wd=20,
            decided_by="o3",
        )

    def passed(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.PreliminaryPassed,
            township,
            round,
            on,
            totals=totals(),
            pass_cp=80000,
            margin_cp=1,
            proposed_title="compliant",
            decided_by="o3",
            decided_on=on,
        )

    def failed(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.PreliminaryFailed,
            township,
            round,
            on,
            totals=totals(70000, "none"),
            pass_cp=80000,
            shortfall_cp=10000,
            reasons=(),
            decided_by="o3",
            decided_on=on,
        )

    def recommended(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.Recommended,
            township,
            round,
            on,
            recommendation_id="R",
            to="c",
            cases=(),
            proposed_title="compliant",
            district_total_cp=85000,
            package_sha256="",
            decided_by="o3",
        )

    def city_marks(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.CityMarksRecorded,
            township,
            round,
            on,
            granularity="total",
            marks=None,
            totals=totals(),
            sampled=(),
            inspected_on=on,
        )

    def verified(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.CityPassed,
            township,
            round,
            on,
            title="compliant",
            passed_on=on,
            totals=totals(),
            pass_cp=80000,
            margin_cp=10000,
        )

    def city_failed(self, township: str, on: date, round: int = 1) -> "Story":
        return self.case(
            case.CityFailed,
            township,
            round,
            on,
            failed_on=on,
            totals=None,
            shortfall_cp=None,
            reasons=(),
        )

    def awarded(
        self,
        township: str,
        on: date,
        round: int = 1,
        *,
        title: str = "compliant",
        plaque: str = "1",
        replaces: str | None = None,
    ) -> "Story":
        return self.case(
            case.TitleAwarded,
            township,
            round,
            on,
            title=title,
            plaque_number=plaque,
            city_passed_on=on,
            awarded_on=on,
            award_id="W",
            replaces_title=replaces,
            valid_until_on=on + timedelta(days=1),
        )

    def closed(self, township: str, on: date, outcome: str, round: int = 1) -> "Story":
        return self.case(case.Closed, township, round, on, outcome=outcome, closed_on=on)

    def dossier(self, kind: Any, township: str, on: date, /, **data: Any) -> "Story":
        site = {"township": township, "township_name": f"{township}镇", "office": "x"}
        return self._add("dossier", f"{P}/{township}", on, kind, site | data)

    def case(self, kind: Any, township: str, round: int, on: date, /, **data: Any) -> "Story":
        subject = f"{P}/{township}/{round}"
        site = {
            "township": township,
            "township_name": f"{township}镇",
            "office": "x",
            "case_id": subject,
            "application_id": f"A{round}",
            "round": round,
        }
        return self._add("case", subject, on, kind, site | data)

    def _programme(self, kind: Any, on: date, /, **data: Any) -> "Story":
        return self._add("programme", P, on, kind, data)

    def _add(self, context: str, subject: str, on: date, kind: Any, data: Any) -> "Story":
        event: Event = kind(programme=P, effective_on=on, **data)
        stream = [one for one in self.received if one.record.subject == subject]
        version = sum(one.record.context == context for one in stream) + 1
        bytes_ = encode(event)
        recorded_at = datetime(2018, 2, 5, tzinfo=UTC) + timedelta(seconds=len(self.received))
        id_ = uuid5(NAMESPACE_URL, f"{context}/{subject}@{version}")
        record = Record(
            position=len(self.received) + 1,
            context=context,
            subject=subject,
            version=version,
            id=id_,
            type=type_of(event),
            effective_on=on,
            effective_at=noon(on),
            recorded_at=recorded_at,
            actor="x:o1",
            on_behalf_of=None,
            correlation=id_,
            causation=id_,
            command=sha256(bytes_).digest(),
            traceparent=None,
            data=bytes_,
            salt=b"",
            leaf=b"",
        )
        self.received.append(Received(record, event))
        return self


def first(**changes: Any) -> programme.Target:
    known: dict[str, Any] = {
        "code": "first-2018",
        "name": "2018年首批",
        "due_on": FIRST_DUE,
        "members": "committed",
        "achieved_by": "city-passed",
        "strength": "aspire",
        "freeze_on": date(2018, 8, 31),
    }
    return programme.Target(**(known | changes))


def everyone(**changes: Any) -> programme.Target:
    known: dict[str, Any] = {
        "code": "all-2019",
        "name": "2019年全部",
        "due_on": ALL_DUE,
        "members": "all",
        "achieved_by": "city-passed",
        "strength": "require",
    }
    return programme.Target(**(known | changes))
