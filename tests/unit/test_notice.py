"""An inbox: told once, delivered with it, opened once."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.notification.notice import Inbox, Telling, evolve, read, tell
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import Delivered, NoticeEvent, Read, Requested
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
