from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from nself.auth import tickets
from nself.auth.tickets import LINKED, MFA_TOTP, VERIFY_EMAIL


def test_a_ticket_says_what_it_is_for_and_cannot_be_guessed() -> None:
    assert tickets.of(VERIFY_EMAIL.new()) is VERIFY_EMAIL
    assert VERIFY_EMAIL.new() != VERIFY_EMAIL.new() and len(VERIFY_EMAIL.new().partition(":")[2]) == 36


@pytest.mark.parametrize(
    "ticket", ["", "x", "verifyemail:1", MFA_TOTP.new(), ":1"], ids=["empty", "x", "case", "totp", "bare"]
)
def test_only_mailed_kinds_are_redeemed_by_links(ticket: str) -> None:
    assert tickets.of(ticket) is None


@pytest.mark.parametrize("kind", LINKED.values(), ids=str)
def test_links_carry_everything_back_unharmed(kind: tickets.TicketKind) -> None:
    target = "https://app.example.com/a?b=c&ticket=d#e é"
    parts = urlsplit(kind.link("https://auth.example.com/v1", "t:1&x=2", target))
    assert parts.path == "/v1/verify"
    assert parse_qs(parts.query) == {"type": [kind.link_type], "ticket": ["t:1&x=2"], "redirectTo": [target]}
