"""What this service is told beside what all are told."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from services.notification.smtp import Server
from shared.settings import ServiceSettings


class NotificationSettings(ServiceSettings):
    """The usual settings, where webhooks may lead, and who takes mail."""

    webhook_private: bool = False
    """Whether webhooks may lead to http:// and to private addresses (a bureau's own network)."""
    smtp: str | None = Field(default=None, pattern=r"^smtp(s|\+starttls)?://[^ /:@]+:[0-9]{1,5}$")
    """The mail server; without one no notice goes by e-mail."""
    smtp_from: str | None = Field(default=None, pattern=r"^[!-?A-~]+@[!-?A-~]+$")
    smtp_username: str | None = None
    smtp_password_file: Path | None = None

    @model_validator(mode="after")
    def _fit_for_mail(self) -> Self:
        if (self.smtp is None) != (self.smtp_from is None):
            raise ValueError("FUYAN_SMTP and FUYAN_SMTP_FROM go together")
        if (self.smtp_username is None) != (self.smtp_password_file is None):
            raise ValueError("FUYAN_SMTP_USERNAME and FUYAN_SMTP_PASSWORD_FILE go together")
        if self.smtp_username is not None and (self.smtp or "").startswith("smtp://"):
            raise ValueError("FUYAN_SMTP_PASSWORD_FILE needs smtps:// or smtp+starttls://")
        return self

    def mail_server(self) -> Server | None:
        """None where no mail is sent."""
        if self.smtp is None or self.smtp_from is None:
            return None
        return Server(self.smtp, self.smtp_from, self.smtp_username, self.smtp_password_file)
