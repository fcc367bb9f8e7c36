"""What this service is told beside what all are told."""

from shared.settings import ServiceSettings


class NotificationSettings(ServiceSettings):
    """The usual settings, and where webhooks may lead."""

    webhook_private: bool = False
    """Whether webhooks may lead to http:// and to private addresses (a bureau's own network)."""
