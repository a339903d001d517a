"""Mail over SMTP: one message, one connection, no waiting longer than a user would."""

from __future__ import annotations

import logging
import socket
from email import policy
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nself.auth.mail_templates import Templates
from nself.auth.redirects import AllowList
from nself.auth.settings import AuthSettings, SmtpAuthMethod
from nself.auth.tickets import EMAIL_CHANGE, TicketKind
from nself.auth.users import User
from nself.errors import NetworkError
from nself.records import dataclass

if TYPE_CHECKING:
    import aiosmtplib

log = logging.getLogger("nself.auth")
TIMEOUT_S = 10
_POLICY = policy.SMTP.clone(max_line_length=998)  # RFC 5322's limit, so that a link in a header is never cut or encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMail:
    """A mail that carries a ticket. `to` may differ from the user's address: a new one is confirmed by mail to it."""

    user: User
    to: str
    kind: TicketKind
    ticket: str
    redirect_to: str


class Mailer:
    """NetworkError when the mail server cannot be reached or refuses: what then, is the caller's to decide."""

    def __init__(self, settings: AuthSettings, redirects: AllowList) -> None:
        self.settings = settings
        self._home = redirects.home
        self._templates = Templates(Path(settings.templates_path), settings.default_locale)
        self._sender = settings.smtp_sender or f"noreply@{urlsplit(settings.public_url).hostname or 'localhost'}"

    async def send(self, mail: TicketMail) -> None:
        if not self.settings.smtp_host:
            raise NetworkError("no mail can be sent: AUTH_SMTP_HOST is not set")
        import aiosmtplib  # with the first mail: a start need not wait for it

        message = self.compose(mail)
        try:
            await self._deliver(message, mail.to)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NetworkError(f"the mail server did not take the {mail.kind.template} mail: {error}") from error
        log.info("sent %s mail to user %s", mail.kind.template, mail.user.id)

    def compose(self, mail: TicketMail) -> EmailMessage:
        """The message. EmailMessage refuses line breaks in headers, so nothing can be added to them."""
        link = mail.kind.link(self.settings.public_url, mail.ticket, mail.redirect_to)
        text = self._templates.fill(mail.kind.template, mail.user.locale, self._values(mail, link))
        message = EmailMessage(policy=_POLICY)
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = text.subject
        message["Date"] = localtime()
        message["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].rpartition("@")[2] or "localhost")
        message["X-Email-Template"] = mail.kind.template
        message["X-Link"] = link
        message["X-Ticket"] = mail.ticket
        message["X-Redirect-To"] = mail.redirect_to
        if self.settings.smtp_api_header:
            message["X-SMTPAPI"] = self.settings.smtp_api_header
        if text.plain is None:
            message.set_content(text.html, subtype="html")
        else:
            message.set_content(text.plain)
            message.add_alternative(text.html, subtype="html")
        return message

    def _values(self, mail: TicketMail, link: str) -> dict[str, str]:
        return {
            "link": link,
            "displayName": mail.user.display_name,
            "email": mail.user.email or mail.to,
            "newEmail": mail.to if mail.kind is EMAIL_CHANGE else mail.user.new_email or "",
            "ticket": mail.ticket,
            "redirectTo": mail.redirect_to,
            "locale": mail.user.locale,
            "serverUrl": self.settings.public_url,
            "clientUrl": self._home,
        }

    async def _deliver(self, message: EmailMessage, recipient: str) -> None:
        """STARTTLS whenever the server offers it."""
        import aiosmtplib

        settings = self.settings
        server = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            use_tls=settings.smtp_secure,
            local_hostname=socket.gethostname(),
            timeout=TIMEOUT_S,
        )
        async with server:
            if settings.smtp_user:
                await self._login(server)
            await server.send_message(message, sender=parseaddr(self._sender)[1], recipients=[recipient])

    async def _login(self, server: aiosmtplib.SMTP) -> None:
        user, password = self.settings.smtp_user, self.settings.smtp_password
        match self.settings.smtp_auth_method:
            case SmtpAuthMethod.LOGIN:
                await server.auth_login(user, password)
            case SmtpAuthMethod.CRAM_MD5:
                await server.auth_crammd5(user, password)
            case SmtpAuthMethod.PLAIN:
                await server.auth_plain(user, password)
