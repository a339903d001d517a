"""Which e-mail addresses may have an account."""

from __future__ import annotations

from collections.abc import Iterable

from nself.auth.settings import AuthSettings
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailLists:
    """Allowed and blocked addresses and domains, all lower case."""

    allowed: frozenset[str]
    allowed_domains: frozenset[str]
    blocked: frozenset[str]
    blocked_domains: frozenset[str]

    @classmethod
    def from_settings(cls, settings: AuthSettings) -> EmailLists:
        return cls(
            allowed=_lower(settings.allowed_emails),
            allowed_domains=_lower(settings.allowed_email_domains),
            blocked=_lower(settings.blocked_emails),
            blocked_domains=_lower(settings.blocked_email_domains),
        )

    def allow(self, email: str) -> bool:
        """The first list naming the address or its domain decides; others pass if nothing is allow-listed."""
        address = email.lower()
        domain = address.rpartition("@")[2]
        if address in self.blocked:
            return False
        if address in self.allowed:
            return True
        if domain in self.blocked_domains:
            return False
        return domain in self.allowed_domains or not (self.allowed or self.allowed_domains)


def _lower(items: Iterable[str]) -> frozenset[str]:
    return frozenset(item.lower() for item in items)
