"""A notice on its way by e-mail: requested beside the one in the app, sent, retried, given up."""

from datetime import datetime, timedelta
from typing import TypedDict

from services.notification.notice import EMAIL, IN_APP, Inbox
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import Abandoned, Delivered, Failed, NoticeEvent, Requested

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
"""Before each further attempt; when they are used up the mail is given up."""


class Mailed(ProgrammeSite):
    """Which mail an attempt was about, to be unpacked into its event."""

    notice_id: str
    organisation: str


class Attempt(TypedDict):
    """How an attempt went wrong: a code, and whether another may go better."""

    error_code: str
    retryable: bool


def request_mail(inbox: Inbox, requested: Requested, mail_id: str) -> list[NoticeEvent]:
    """Send what lies in the inbox by e-mail as well, once."""
    if mail_id in inbox.mails:
        return []
    return [
        Requested(
            programme=requested.programme,
            effective_on=requested.effective_on,
            notice_id=mail_id,
            organisation=requested.organisation,
            role=requested.role,
            policy=requested.policy,
            policy_version=requested.policy_version,
            cause=requested.cause,
            channel=EMAIL,
            template=requested.template,
            template_version=requested.template_version,
            language=requested.language,
            copy=requested.copy,
            digest=requested.digest,
            township=requested.township,
            due_on=requested.due_on,
        )
    ]


def accepted(inbox: Inbox, mailed: Mailed, *, at: datetime) -> list[NoticeEvent]:
    """The mail server took it."""
    mail = inbox.mails[mailed["notice_id"]]
    if mail.over:
        return []
    return [Delivered(**mailed, channel=EMAIL, attempt=mail.attempts + 1, delivered_at=at)]


def not_accepted(
    inbox: Inbox, mailed: Mailed, attempt: Attempt, *, at: datetime
) -> list[NoticeEvent]:
    """It was not taken: try again after a pause that grows, or leave it to the inbox."""
    mail = inbox.mails[mailed["notice_id"]]
    if mail.over:
        return []
    number, code = mail.attempts + 1, attempt["error_code"]
    again = attempt["retryable"] and number <= len(PAUSES)
    failed = Failed(
        **mailed,
        channel=EMAIL,
        attempt=number,
        error_code=code,
        retryable=attempt["retryable"],
        next_at=at + PAUSES[number - 1] if again else None,
    )
    if again:
        return [failed]
    return [failed, Abandoned(**mailed, attempts=number, error_code=code, fallback_channel=IN_APP)]
