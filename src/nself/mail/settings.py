"""What the development inbox reads from its environment. Names follow the project's `MAILPIT_*` variables."""

from __future__ import annotations

from nself.records import dataclass
from nself.settings import env


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """A development inbox: it accepts every message and delivers none."""

    database_url: str = env(
        "MAILPIT_DATABASE_URL",
        aliases=("DATABASE_URL",),
        secret=True,
        help="PostgreSQL connection string; messages live in its schema `mail`.",
    )
    ui_port: int = env(
        "MAILPIT_UI_PORT", default=8025, minimum=0, maximum=65535, help="Port of the inbox's page and JSON API."
    )
    smtp_port: int = env(
        "MAILPIT_SMTP_PORT", default=1025, minimum=0, maximum=65535, help="Port on which the inbox accepts mail."
    )
    smtp_host: str = env("MAILPIT_SMTP_HOST", default="127.0.0.1", help="Address on which the inbox accepts mail.")
    max_messages: int = env(
        "MAILPIT_MAX_MESSAGES",
        default=500,
        aliases=("MP_MAX_MESSAGES",),
        minimum=1,
        help="How many messages are kept; the oldest leave first.",
    )
    max_message_mb: int = env(
        "MAILPIT_MAX_MESSAGE_MB",
        default=25,
        aliases=("MP_MAX_MESSAGE_SIZE",),
        minimum=1,
        maximum=200,
        help="Largest message accepted, in MiB.",
    )
    max_recipients: int = env(
        "MAILPIT_MAX_RECIPIENTS",
        default=1000,
        aliases=("MP_SMTP_MAX_RECIPIENTS",),
        minimum=1,
        help="Most recipients one message may have.",
    )
    max_connections: int = env(
        "MAILPIT_MAX_CONNECTIONS", default=50, minimum=1, help="Most SMTP connections at one time."
    )
