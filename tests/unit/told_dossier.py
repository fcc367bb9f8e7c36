"""What a dossier announces, for the read models' tests."""

from datetime import date
from typing import Self

from shared.contracts import dossier
from shared.contracts.blocks import FoundBy, Grade
from tests.unit.told import FIRST_DUE, STANDARD, P, Told, totals


class DossierActs(Told):
    """What one office does by itself."""

    def planned(
        self, township: str, on: date, target: str = "first-2018", batch: str | None = None
    ) -> Self:
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
    ) -> Self:
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

    def found(
        self,
        township: str,
        on: date,
        name: str = "D1",
        *,
        blocking: bool = True,
        item: str = "i1",
        gap_cp: int = 100,
        found_by: FoundBy = "self",
        due_on: date | None = None,
    ) -> Self:
        return self.dossier(
            dossier.DeficiencyFound,
            township,
            on,
            deficiency_id=name,
            item=item,
            category="staff",
            nature="software",
            found_by=found_by,
            gap_cp=gap_cp,
            description="缺",
            blocking=blocking,
            due_on=due_on,
        )

    def reopened(self, township: str, on: date, name: str = "D1") -> Self:
        return self.dossier(
            dossier.DeficiencyReopened,
            township,
            on,
            deficiency_id=name,
            item="i1",
            by="district",
            reason="未改",
        )

    def withdrawn(self, township: str, on: date, name: str = "D1") -> Self:
        return self.dossier(
            dossier.DeficiencyWithdrawn,
            township,
            on,
            deficiency_id=name,
            item="i1",
            by="self",
            reason="误记",
        )

    def rectifying(self, township: str, on: date, due_on: date, name: str = "D1") -> Self:
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

    def rectified(self, township: str, on: date, name: str = "D1") -> Self:
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

    def applied(self, township: str, on: date, round: int = 1, batch: str | None = None) -> Self:
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

    def echo_returned(self, township: str, on: date, round: int = 1) -> Self:
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
    ) -> Self:
        return self.dossier(
            dossier.ApplicationClosed,
            township,
            on,
            application_id=f"A{round}",
            round=round,
            outcome=outcome,
        )

    def asked(
        self,
        township: str,
        on: date,
        name: str = "F1",
        kind: dossier.FundingKind = "money",
        *,
        amount_fen: int | None = None,
        posts: int | None = None,
    ) -> Self:
        return self.dossier(
            dossier.FundingRequested,
            township,
            on,
            funding_id=name,
            kind=kind,
            title="执法记录仪",
            lines=(),
            asked_of=f"{township}-gov",
            needed_on=on,
            deficiency_ids=(),
            evidence=(),
            amount_fen=amount_fen,
            posts=posts,
        )

    def answered(
        self,
        township: str,
        on: date,
        decision: dossier.FundingAnswer,
        name: str = "F1",
        *,
        granted_fen: int | None = None,
        granted_posts: int | None = None,
    ) -> Self:
        return self.dossier(
            dossier.FundingDecided,
            township,
            on,
            funding_id=name,
            decision=decision,
            decided_by=f"{township}-gov",
            decided_on=on,
            granted_fen=granted_fen,
            granted_posts=granted_posts,
        )
