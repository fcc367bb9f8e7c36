"""Hand-made events of one small programme, for the read models' tests."""

from dataclasses import replace
from datetime import date
from typing import Any, Self

from shared.contracts import programme
from shared.contracts.blocks import Document
from tests.unit.told import ALL_DUE, FIRST_DUE, OPENED_ON, STANDARD, P
from tests.unit.told_case import CaseActs
from tests.unit.told_dossier import DossierActs
from tests.unit.told_reward import RewardActs

__all__ = ["ALL_DUE", "FIRST_DUE", "OPENED_ON", "P", "Story", "everyone", "first"]


class Story(DossierActs, CaseActs, RewardActs):
    """A programme with its dossiers and cases, told in the order it was recorded."""

    def opened(self, *, targets: tuple[programme.Target, ...] | None = None) -> Self:
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
        return self.standard(OPENED_ON, in_force_on=date(2018, 2, 6))

    def standard(
        self, on: date, *, in_force_on: date, version: int = 1, pass_cp: int = 80000
    ) -> Self:
        return self._programme(
            programme.StandardPublished,
            on,
            standard=replace(STANDARD, version=version),
            title="示例标准",
            illustrative=True,
            in_force_on=in_force_on,
            total_cp=100000,
            pass_cp=pass_cp,
            demonstration_cp=90000,
            categories=(
                programme.Category(code="staff", name="人员队伍", max_cp=50000),
                programme.Category(code="files", name="档案信息", max_cp=50000),
            ),
            items=(),
            gates=(),
            previous_version=version - 1 or None,
        )

    def risk(
        self, on: date = OPENED_ON, in_force_on: date | None = None, version: int = 1, **rules: Any
    ) -> Self:
        return self.rules("risk", on, in_force_on, version, **rules)

    def rules(
        self,
        kind: str,
        on: date = OPENED_ON,
        in_force_on: date | None = None,
        version: int = 1,
        **rules: Any,
    ) -> Self:
        return self._programme(
            programme.RulesPublished,
            on,
            kind=kind,
            version=version,
            digest="",
            rules=rules,
            in_force_on=in_force_on or on,
        )

    def calendar(self, year: int, holidays: tuple[date, ...], on: date = OPENED_ON) -> Self:
        return self._programme(
            programme.CalendarPublished,
            on,
            year=year,
            holidays=holidays,
            worked_weekends=(),
            provisional=False,
            source=Document(title="通知", issued_on=on),
        )

    def batch(self, code: str, opens_on: date, closes_on: date) -> Self:
        return self._programme(
            programme.BatchAnnounced,
            OPENED_ON,
            batch=code,
            name=code,
            opens_on=opens_on,
            closes_on=closes_on,
            target="first-2018",
        )

    def enrolled(self, *townships: str, on: date = OPENED_ON) -> Self:
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

    def target_moved(self, code: str, due_on: date, on: date) -> Self:
        return self._programme(
            programme.TargetRescheduled,
            on,
            target=code,
            due_on=due_on,
            previous_due_on=FIRST_DUE,
            reason="机构改革",
        )

    def phase_moved(self, phase: str, from_on: date | None, to_on: date, on: date) -> Self:
        return self._programme(
            programme.PhaseRescheduled,
            on,
            phase=phase,
            from_on=from_on,
            to_on=to_on,
            previous=programme.Span(to_on=to_on),
            reason="机构改革",
        )

    def renamed(
        self,
        organisation: str,
        name: str,
        on: date,
        *,
        from_on: date | None = None,
        successor_of: str | None = None,
    ) -> Self:
        return self._programme(
            programme.OrganisationRenamed,
            on,
            organisation=organisation,
            name=name,
            previous_name="",
            from_on=from_on or on,
            successor_of=successor_of,
        )

    def left(self, township: str, on: date) -> Self:
        return self._programme(
            programme.TownshipWithdrawn,
            on,
            township=township,
            township_name=f"{township}镇",
            office=f"{township}-office",
            withdrawn_on=on,
            reason="区划调整",
        )


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
