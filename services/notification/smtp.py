"""Handing one message to the bureau's mail server."""

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

from services.notification.mailing import Attempt

TIMEOUT_S = 20


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent; `id` names it to the mail server, so that a copy can be told."""

    id: str
    to: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True)
class Server:
    """`smtp://host:port` plain, `smtp+starttls://` and `smtps://` over TLS."""

    url: str
    sender: str
    username: str | None = None
    password_file: Path | None = None

    def send(self, letter: Letter, now: datetime) -> Attempt | None:
        """None once the server took it, else what went wrong; blocks for half a minute at most."""
        try:
            with self._connected() as session:
                session.send_message(_message(letter, self.sender, now))
        except smtplib.SMTPAuthenticationError as error:  # ours to mend, not the recipient's fault
            return Attempt(error_code=str(error.smtp_code), retryable=True)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            return Attempt(error_code=str(code), retryable=code < 500)
        except smtplib.SMTPResponseException as error:
            return Attempt(error_code=str(error.smtp_code), retryable=error.smtp_code < 500)
        except (OSError, smtplib.SMTPException) as error:
            return Attempt(error_code=type(error).__name__, retryable=True)
        return None

    def _connected(self) -> smtplib.SMTP:
        address = urlsplit(self.url)
        host, port = address.hostname or "", address.port or 0
        if address.scheme == "smtps":
            context = ssl.create_default_context()
            session: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
        else:
            session = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        if address.scheme == "smtp+starttls":
            session.starttls(context=ssl.create_default_context())
        if self.username is not None and self.password_file is not None:
            session.login(self.username, self.password_file.read_text().strip())
        return session


def _message(letter: Letter, sender: str, now: datetime) -> MIMEText:
    """Its headers as they are given: `EmailMessage` would decode what looks encoded in a title or
    a mailbox, line ends and all, and so begin another header."""
    message = MIMEText(
        f"{letter.title}\n\n{letter.title_en}\n\n"
        "详情请登录系统查看，本邮件无需回复。\nSign in to read more; this mail needs no answer.\n",
        "plain",
        "utf-8",
    )
    message["Message-ID"] = f"<{letter.id}@{sender.partition('@')[2]}>"
    message["Date"] = format_datetime(now)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = Header(" ".join(letter.title.split()), "utf-8").encode()
    return message
