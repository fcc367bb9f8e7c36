"""When an office may apply, and what its dossier hears of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from services.submission.application import Terms, request_withdrawal, submit_application
from services.submission.dossier import Dossier, evolve
from services.submission.echoes import follow_close, follow_rejection, follow_return
from services.submission.planning import file_plan, record_assessment
from services.submission.rectification import find_deficiencies
from shared.contracts import case
from shared.contracts.blocks import CaseSite, Mark, Reason
from shared.contracts.dossier import (
    ApplicationSubmitted,
    AssessmentKind,
    DossierEvent,
    Prerequisite,
    WithdrawalRequested,
)
from shared.contracts.programme import StandardPublished
from tests.unit.dossiers import (
    ASKING,
    AUGUST,
    BATCH,
    MARCH,
    OPEN,
    SEPTEMBER,
    STANDARD,
    STRICTER,
    finding,
    intent,
    marks,
    site,
    terms,
)
from tests.unit.given import Given

given = Given(Dossier(), evolve)
OCTOBER, NOVEMBER = date(2018, 10, 15), date(2018, 11, 5)
CASE = "shanting-2018/370406001/1"


def apply(
    dossier: Dossier,
    on: date = SEPTEMBER,
    name: str = "A1",
    rules: Terms | None = None,
    facts: Sequence[str] = (),
) -> list[DossierEvent]:
    return submit_application(
        dossier,
        site(on),
        application_id=name,
        terms=rules or terms(),
        facts=facts,
        signed_by="h1",
    )


def assessed(
    scored: Sequence[Mark],
    on: date = AUGUST,
    name: str = "S1",
    kind: str = "full",
    facts: Sequence[str] = (),
) -> DossierEvent:
    (event,) = record_assessment(
        Dossier(),
        site(on),
        assessment_id=name,
        kind=cast("AssessmentKind", kind),
        standard=ASKING,
        scored_under=1,
        marks=scored,
        facts=facts,
    )
    return event


def found(item: str, *, blocking: bool = True) -> DossierEvent:
    findings = [finding(item, blocking=blocking)]
    (event,) = find_deficiencies(Dossier(), site(AUGUST), findings, standard=STANDARD)
    return event


def case_site(on: date, round_: int = 1) -> CaseSite:
    return CaseSite(
        **site(on),
        case_id=f"shanting-2018/370406001/{round_}",
        application_id=f"A{round_}",
        round=round_,
        batch=None,
    )


def returned(
    dossier: Dossier, on: date = OCTOBER, standard: StandardPublished | None = STANDARD
) -> list[DossierEvent]:
    event = case.Returned(
        **case_site(on),
        by="district",
        items=(
            case.ReturnedItem(item="files", reason="台账缺页", self_cp=2_000, agreed_cp=500),
            case.ReturnedItem(item="rules", reason="制度未更新", self_cp=2_500),
        ),
        totals=None,
        resubmit_by_on=date(2018, 11, 12),
        allowed_wd=20,
        decided_by="o1",
    )
    return follow_return(dossier, site(on), event, standard)


def closed(
    dossier: Dossier,
    outcome: str = "returned",
    on: date = OCTOBER,
    may_reapply_on: date | None = None,
) -> list[DossierEvent]:
    event = case.Closed(
        **case_site(on),
        outcome=outcome,  # type: ignore[arg-type]  # a literal by parameter
        closed_on=on,
        may_reapply_on=may_reapply_on,
    )
    return follow_close(dossier, site(on), event)


def rejected(dossier: Dossier, code: str = "standard-not-in-force") -> list[DossierEvent]:
    event = case.ApplicationRejected(**case_site(SEPTEMBER), reasons=(Reason(code=code, text="…"),))
    return follow_rejection(dossier, site(SEPTEMBER), event)


def withdraw(
    dossier: Dossier, on: date = OCTOBER, name: str = "A1", reason: str = "搬迁"
) -> list[DossierEvent]:
    return request_withdrawal(dossier, site(on), name, reason=reason)


(PLAN,) = file_plan(Dossier(), site(MARCH), OPEN, intent(), signed_by="h1")
FULL = assessed(marks(files=19))
READY = (PLAN, FULL)
SUBMITTED = cast("ApplicationSubmitted", apply(given(*READY).state)[0])
RETURNED = tuple(returned(given(*READY, SUBMITTED).state))
CLOSED = tuple(closed(given(*READY, SUBMITTED, *RETURNED).state))


def test_an_office_without_gaps_may_apply() -> None:
    given(*READY).when(apply).then_once(
        ApplicationSubmitted(
            **site(SEPTEMBER),
            application_id="A1",
            round=1,
            batch=None,
            target="first-2018",
            standard=STANDARD.standard,
            assessment_id="S1",
            marks=marks(files=19),
            totals=SUBMITTED.totals,
            evidence=(),
            prerequisites=(Prerequisite(code="has-staff", met=True),),
            plan_version=1,
            reach_on=date(2018, 11, 30),
            signed_by="h1",
        )
    )
    assert SUBMITTED.totals.total_cp == 9_900


def test_august_is_too_early() -> None:
    given(*READY).when(apply, AUGUST).refused("window-not-open", opens_on=date(2018, 9, 1))


def test_the_first_of_september_is_early_enough() -> None:
    assert given(*READY).when(apply, date(2018, 9, 1)).events


def test_after_the_last_day_nobody_applies() -> None:
    given(*READY).when(apply, date(2020, 1, 1)).refused("window-closed")


def test_on_the_last_day_an_office_may_apply() -> None:
    assert given(*READY).when(apply, date(2019, 12, 31)).events


def test_a_batch_that_is_open_is_named_in_the_application() -> None:
    (event,) = given(*READY).when(apply, rules=terms(BATCH)).events
    assert isinstance(event, ApplicationSubmitted)
    assert event.batch == "2018-1"


def test_a_batch_is_not_applied_to_before_it_opens() -> None:
    given(*READY).when(apply, date(2018, 9, 1), rules=terms(BATCH)).refused(
        "batch-not-open", opens_on=SEPTEMBER
    )


def test_a_batch_is_not_applied_to_after_it_closes() -> None:
    given(*READY).when(apply, date(2018, 11, 1), rules=terms(BATCH)).refused("batch-closed")


def test_a_batch_of_another_target_than_the_plans_is_refused() -> None:
    other = terms(replace(BATCH, target="all-2019"))
    given(*READY).when(apply, SEPTEMBER, "A1", other).refused(
        "batch-of-another-target", batch="2018年首批", target="首批"
    )


def test_who_missed_the_target_applies_in_a_batch_of_the_next() -> None:
    later = replace(BATCH, target="all-2019", closes_on=date(2019, 1, 31))
    given(*READY).when(apply, date(2018, 12, 31), rules=terms(later)).refused(
        "batch-of-another-target"
    )
    assert given(*READY).when(apply, date(2019, 1, 1), rules=terms(later)).events


def test_nobody_applies_without_a_plan() -> None:
    given(FULL).when(apply).refused("plan-missing")


def test_nobody_applies_unscored() -> None:
    given(PLAN).when(apply).refused("assessment-missing")


def test_a_gap_assessment_is_not_enough_even_if_complete() -> None:
    given(PLAN, assessed(marks(), kind="gap")).when(apply).refused("assessment-missing")


def test_a_later_gap_assessment_does_not_replace_the_full_one() -> None:
    gap = assessed(marks(staff=0), kind="gap", name="S2")
    assert given(*READY, gap).when(apply).events


def test_an_assessment_under_an_older_standard_is_not_enough() -> None:
    given(*READY).when(apply, rules=terms(standard=STRICTER)).refused(
        "assessment-outdated", version=1, in_force_version=2
    )


def test_an_open_blocking_deficiency_holds_the_application_back() -> None:
    given(*READY, found("rules"), found("files")).when(apply).refused(
        "deficiencies-open", open_count=2, items=["files", "rules"]
    )


def test_a_deficiency_that_does_not_block_holds_nothing_back() -> None:
    assert given(*READY, found("rules", blocking=False)).when(apply).events


def test_an_application_is_not_older_than_its_assessment() -> None:
    given(PLAN, assessed(marks(), OCTOBER)).when(apply).refused(
        "effective-day-too-early", earliest_on=OCTOBER
    )


def test_one_application_at_a_time() -> None:
    given(*READY, SUBMITTED).when(apply, name="A2").refused("application-open", round=1)


def test_a_withdrawal_is_asked_for() -> None:
    given(*READY, SUBMITTED).when(withdraw).then_once(
        WithdrawalRequested(
            **site(OCTOBER), application_id="A1", round=1, requested_on=OCTOBER, reason="搬迁"
        )
    )


def test_after_a_refusal_it_may_be_asked_for_another_reason() -> None:
    asked = withdraw(given(*READY, SUBMITTED).state)
    assert given(*READY, SUBMITTED, *asked).when(withdraw, reason="人员变动").events


def test_a_withdrawal_is_not_older_than_the_application() -> None:
    given(*READY, SUBMITTED).when(withdraw, AUGUST).refused("effective-day-too-early")


def test_nothing_is_withdrawn_that_was_not_applied_for() -> None:
    given(*READY).when(withdraw).refused("unknown-application", application_id="A1")


def test_what_is_closed_cannot_be_withdrawn() -> None:
    given(*READY, SUBMITTED, *RETURNED, *CLOSED).when(withdraw).refused("application-not-open")
