"""A notice by e-mail: asked for once, tried again after growing pauses, then left to the inbox."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.notification.mailing import (
    PAUSES,
    Attempt,
    Mailed,
    accepted,
    not_accepted,
    request_mail,
)
from services.notification.notice import Inbox, evolve
from shared.contracts.notice import Abandoned, Delivered, Failed, NoticeEvent
from tests.unit.given import Given
from tests.unit.test_notice import DELIVERED, GOV, REQUESTED, SITE

given: Given[Inbox, NoticeEvent] = Given(Inbox(), evolve)
NOW = datetime(2018, 9, 5, 4, tzinfo=UTC)
BY_MAIL = replace(REQUESTED, notice_id="m1", channel="email")
MAILED: Mailed = {**SITE, "notice_id": "m1", "organisation": GOV}
BUSY: Attempt = {"error_code": "450", "retryable": True}
UNKNOWN: Attempt = {"error_code": "550", "retryable": False}


def failures(count: int) -> list[NoticeEvent]:
    return [
        Failed(
            **MAILED,
            channel="email",
            attempt=number,
            error_code="450",
            retryable=True,
            next_at=NOW + PAUSES[number - 1],
        )
        for number in range(1, count + 1)
    ]


def test_a_mail_is_asked_for_once_and_is_no_second_notice() -> None:
    asked = given(REQUESTED, DELIVERED).when(request_mail, REQUESTED, "m1")
    asked.then_once(BY_MAIL)
    assert list(asked.state.notices) == ["n1"]
    assert asked.state.unread == 1


def test_a_mail_that_was_taken_is_delivered_once() -> None:
    delivered = Delivered(**MAILED, channel="email", attempt=1, delivered_at=NOW)
    given(REQUESTED, DELIVERED, BY_MAIL).when(accepted, MAILED, at=NOW).then_once(delivered)


def test_a_mail_does_not_touch_when_the_notice_itself_lay_there() -> None:
    later = Delivered(**MAILED, channel="email", attempt=1, delivered_at=NOW)
    state = given(REQUESTED, DELIVERED, BY_MAIL, later).state
    assert state.notices["n1"].delivered_at == DELIVERED.delivered_at


@pytest.mark.parametrize("before", range(len(PAUSES)))
def test_each_pause_is_longer_than_the_one_before(before: int) -> None:
    situation = given(REQUESTED, DELIVERED, BY_MAIL, *failures(before))
    situation.when(not_accepted, MAILED, BUSY, at=NOW).then(failures(before + 1)[-1])
    assert sorted(set(PAUSES)) == list(PAUSES)


def test_when_the_pauses_are_used_up_it_is_given_up() -> None:
    situation = given(REQUESTED, DELIVERED, BY_MAIL, *failures(len(PAUSES)))
    outcome = situation.when(not_accepted, MAILED, BUSY, at=NOW)
    last, given_up = outcome.events
    assert isinstance(last, Failed)
    assert (last.retryable, last.next_at) == (True, None)
    assert given_up == Abandoned(
        **MAILED, attempts=len(PAUSES) + 1, error_code="450", fallback_channel="in-app"
    )
    assert not_accepted(outcome.state, MAILED, BUSY, at=NOW) == []
    assert accepted(outcome.state, MAILED, at=NOW) == []


def test_a_recipient_that_nobody_knows_is_not_tried_again() -> None:
    outcome = given(REQUESTED, DELIVERED, BY_MAIL).when(not_accepted, MAILED, UNKNOWN, at=NOW)
    assert [type(event) for event in outcome.events] == [Failed, Abandoned]
