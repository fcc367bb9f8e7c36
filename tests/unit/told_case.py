"""What a case announces, for the read models' tests."""

from datetime import date, timedelta
from typing import Self

from shared.contracts import case
from shared.events.envelope import noon
from tests.unit.told import FIRST_DUE, STANDARD, P, Told, totals


class CaseActs(Told):
    """The way of one application through district and city."""

    def opened_case(
        self,
        township: str,
        on: date,
        round: int = 1,
        decide_by_on: date = FIRST_DUE,
        batch: str | None = None,
    ) -> Self:
        return self.case(
            case.Opened,
            township,
            round,
            on,
            batch=batch,
            submitted_on=on,
            target="first-2018",
            standard=STANDARD,
            self_totals=totals(),
            decide_by_on=decide_by_on,
        )

    def rejected(self, township: str, on: date, round: int = 1) -> Self:
        return self.case(case.ApplicationRejected, township, round, on, reasons=())

    def team(self, township: str, on: date, round: int = 1) -> Self:
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

    def scheduled(self, township: str, on: date, level: str, round: int = 1) -> Self:
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

    def agreed(self, township: str, on: date, round: int = 1, *, total_cp: int = 85000) -> Self:
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
    ) -> Self:
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

    def passed(self, township: str, on: date, round: int = 1) -> Self:
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

    def failed(self, township: str, on: date, round: int = 1) -> Self:
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

    def recommended(self, township: str, on: date, round: int = 1) -> Self:
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

    def city_marks(self, township: str, on: date, round: int = 1, *, total_cp: int = 90000) -> Self:
        return self.case(
            case.CityMarksRecorded,
            township,
            round,
            on,
            granularity="total",
            marks=None,
            totals=totals(total_cp),
            sampled=(),
            inspected_on=on,
        )

    def verified(self, township: str, on: date, round: int = 1, *, total_cp: int = 90000) -> Self:
        return self.case(
            case.CityPassed,
            township,
            round,
            on,
            title="compliant",
            passed_on=on,
            totals=totals(total_cp),
            pass_cp=80000,
            margin_cp=10000,
        )

    def city_failed(self, township: str, on: date, round: int = 1) -> Self:
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
    ) -> Self:
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

    def revoked(self, township: str, on: date, round: int = 1, *, plaque: str = "1") -> Self:
        return self.case(
            case.TitleRevoked,
            township,
            round,
            on,
            title="compliant",
            plaque_number=plaque,
            revoked_on=on,
            code="forged-material",
            reason="材料造假",
            decided_by="o3",
        )

    def corrected(
        self, township: str, on: date, field: str, was: str, is_: str | None, round: int = 1
    ) -> Self:
        """Of the last award, or of the last correction of it."""
        subject = f"{P}/{township}/{round}"
        wrong = [
            one.record.id
            for one in self.received
            if one.record.subject == subject
            and isinstance(one.event, (case.TitleAwarded, case.TitleCorrected))
        ]
        return self.case(
            case.TitleCorrected,
            township,
            round,
            on,
            corrects=str(wrong[-1]),
            field=field,
            was=was,
            is_=is_,
            reason="笔误",
        )

    def sent_back_by_city(self, township: str, on: date, round: int = 1) -> Self:
        return self.case(
            case.RecommendationReturned,
            township,
            round,
            on,
            recommendation_id="R",
            reasons=(),
        )

    def vetoed(self, township: str, on: date, round: int = 1) -> Self:
        return self.case(
            case.VetoRecorded, township, round, on, gate="accident", occurred_on=on, reason="事故"
        )

    def closed(self, township: str, on: date, outcome: str, round: int = 1) -> Self:
        return self.case(case.Closed, township, round, on, outcome=outcome, closed_on=on)
