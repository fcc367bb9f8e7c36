"""An inbox: told once, delivered with it, opened once."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.notification.notice import (
    Inbox,
    Line,
    Telling,
    evolve,
    raise_overdue,
    read,
    tell,
)
from services.notification.templates import overdue_title
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import About, Delivered, Escalated, NoticeEvent, Read, Requested
from tests.unit.given import Given

given: Given[Inbox, NoticeEvent] = Given(Inbox(), evolve)
SITE: ProgrammeSite = {"programme": "shanting-2018", "effective_on": date(2018, 9, 5)}
MORNING = datetime(2018, 9, 5, 1, tzinfo=UTC)
NOON = datetime(2018, 9, 5, 4, tzinfo=UTC)
GOV = "370406001-gov"

TELLING = Telling(
    notice_id="n1",
    organisation=GOV,
    role="gov",
    policy="government-copy",
    policy_version=1,
    cause="e1",
    template="fuyan.case.opened.v1",
    template_version=1,
    copy=True,
    township="370406001",
    due_on=date(2018, 10, 12),
)
REQUESTED = Requested(
    **SITE,
    notice_id="n1",
    organisation=GOV,
    role="gov",
    policy="government-copy",
    policy_version=1,
    cause="e1",
    channel="in-app",
    template="fuyan.case.opened.v1",
    template_version=1,
    language="zh",
    copy=True,
    digest=False,
    township="370406001",
    due_on=date(2018, 10, 12),
)
DELIVERED = Delivered(
    **SITE, notice_id="n1", organisation=GOV, channel="in-app", attempt=1, delivered_at=MORNING
)
READ = Read(**SITE, notice_id="n1", organisation=GOV, officer="o31", channel="in-app", read_at=NOON)


def test_a_notice_in_the_app_is_delivered_with_being_requested_and_only_once() -> None:
    given().when(tell, TELLING, SITE, at=MORNING).then_once(REQUESTED, DELIVERED)


def test_the_same_notice_decided_later_changes_nothing() -> None:
    given(REQUESTED, DELIVERED).when(tell, TELLING, SITE, at=NOON).then_nothing()


def test_another_notice_joins_the_first() -> None:
    another = replace(TELLING, notice_id="n2", cause="e2")
    after = given(REQUESTED, DELIVERED).when(tell, another, SITE, at=NOON).state
    assert [(n.notice_id, n.cause) for n in after.notices.values()] == [("n1", "e1"), ("n2", "e2")]
    assert after.unread == 2


def test_opening_a_notice_is_said_once() -> None:
    opened = given(REQUESTED, DELIVERED).when(read, "n1", GOV, "o31", SITE, at=NOON)
    opened.then_once(READ)
    assert opened.state.unread == 0


def test_a_second_officer_who_opens_it_does_not_replace_the_first() -> None:
    later = datetime(2018, 9, 6, tzinfo=UTC)
    given(REQUESTED, DELIVERED, READ).when(read, "n1", GOV, "o32", SITE, at=later).then_nothing()


def test_nobody_opens_a_notice_that_was_never_theirs() -> None:
    outcome = given(REQUESTED, DELIVERED).when(read, "n2", GOV, "o31", SITE, at=NOON)
    outcome.refused("no-such-notice", notice_id="n2")


def test_what_was_told_is_remembered_with_when_it_came_and_who_opened_it() -> None:
    notice = given(REQUESTED, DELIVERED, READ).state.notices["n1"]
    assert (notice.cause, notice.copy, notice.due_on) == ("e1", True, date(2018, 10, 12))
    assert (notice.delivered_at, notice.read_at) == (MORNING, NOON)


PLAN_LATE = Line(
    about=About(kind="plan", subject="shanting-2018/370406001"),
    due_on=date(2018, 3, 31),
    overdue_wd=3,
    step=2,
    of=3,
    cause="e7",
)
RETURN_LATE = replace(
    PLAN_LATE, about=About(kind="resubmission", subject="shanting-2018/370406001/1"), step=2
)


def test_a_digest_of_late_work_is_one_notice_with_a_line_for_each() -> None:
    lines = [PLAN_LATE, RETURN_LATE]
    outcome = given().when(raise_overdue, "n1", GOV, "gov", lines, 3, SITE, at=MORNING)
    requested, delivered, *raised = outcome.events
    assert isinstance(requested, Requested)
    assert isinstance(delivered, Delivered)
    assert (requested.digest, requested.role, requested.cause) == (True, "gov", "e7")
    assert [one.about.kind for one in raised if isinstance(one, Escalated)] == [
        "plan",
        "resubmission",
    ]
    [notice] = outcome.state.notices.values()
    assert (outcome.state.unread, len(notice.lines)) == (1, 2)


def test_what_was_raised_once_is_not_raised_again_and_the_next_step_is() -> None:
    def again(line: Line, notice_id: str = "n2") -> list[NoticeEvent]:
        before = given().when(raise_overdue, "n1", GOV, "gov", [PLAN_LATE], 3, SITE, at=MORNING)
        return raise_overdue(before.state, notice_id, GOV, "gov", [line], 3, SITE, at=NOON)

    assert again(PLAN_LATE) == []
    assert again(replace(PLAN_LATE, overdue_wd=4)) == []
    assert again(replace(PLAN_LATE, step=3)) != []
    assert again(replace(PLAN_LATE, due_on=date(2018, 4, 30))) != []
    assert again(replace(PLAN_LATE, step=3), "n1") == []  # one digest a day


def test_another_role_of_the_same_organisation_is_told_for_itself() -> None:
    before = given().when(raise_overdue, "n1", GOV, "gov", [PLAN_LATE], 3, SITE, at=MORNING)
    assert raise_overdue(before.state, "n2", GOV, "head", [PLAN_LATE], 3, SITE, at=NOON) != []


def test_a_digest_says_what_is_late_for_whom_and_how_long() -> None:
    lines = [PLAN_LATE, replace(PLAN_LATE, overdue_wd=5)]
    state = given().when(raise_overdue, "n1", GOV, "gov", lines, 3, SITE, at=MORNING).state
    said = overdue_title(state.notices["n1"].lines, {"370406001": "山城街道"})
    assert said.zh == (
        "2 项工作逾期：山城街道报送实施方案（期限2018年3月31日，已逾期5 个工作日）；"
        "山城街道报送实施方案（期限2018年3月31日，已逾期3 个工作日）"
    )
    assert said.en.startswith(
        "2 overdue: the plan of 山城街道 (due on 31 March 2018, 5 working days"
    )


def test_a_long_digest_says_how_many_more_there_are() -> None:
    lines = [replace(PLAN_LATE, due_on=date(2018, 3, day)) for day in range(1, 8)]
    state = given().when(raise_overdue, "n1", GOV, "gov", lines, 3, SITE, at=MORNING).state
    said = overdue_title(state.notices["n1"].lines, {})
    assert said.zh.endswith("；另有 2 项")
    assert said.en.endswith("; and 2 more")
