"""Tickets: one-time secrets that travel in mails. The prefix says what a ticket is for."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from nself.records import dataclass

HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketKind:
    """`link_type` and `template` are the names the link and the mail carry; empty for tickets that are not mailed."""

    prefix: str
    life_s: int
    template: str = ""
    link_type: str = ""

    def new(self) -> str:
        return f"{self.prefix}:{uuid.uuid4()}"

    def link(self, server_url: str, ticket: str, redirect_to: str) -> str:
        query = urlencode({"type": self.link_type, "ticket": ticket, "redirectTo": redirect_to})
        return f"{server_url}/verify?{query}"


VERIFY_EMAIL = TicketKind(prefix="verifyEmail", life_s=30 * 24 * HOUR, template="email-verify", link_type="emailVerify")
PASSWORD_RESET = TicketKind(prefix="passwordReset", life_s=HOUR, template="password-reset", link_type="passwordReset")
EMAIL_CHANGE = TicketKind(
    prefix="emailConfirmChange", life_s=HOUR, template="email-confirm-change", link_type="emailConfirmChange"
)
MFA_TOTP = TicketKind(prefix="mfaTotp", life_s=300)

LINKED = {kind.prefix: kind for kind in (VERIFY_EMAIL, PASSWORD_RESET, EMAIL_CHANGE)}
"""Kinds that `/verify` redeems."""


def of(ticket: str) -> TicketKind | None:
    """The kind of a ticket that came in a link."""
    return LINKED.get(ticket.partition(":")[0])
