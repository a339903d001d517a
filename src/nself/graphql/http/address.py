"""Where a request comes from, for counting its client's requests."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from starlette.types import Scope


def address_of(scope: Scope) -> str:
    """The peer; behind a proxy on this machine, the one that the proxy saw. Anybody else's word does not count."""
    client = scope.get("client")
    peer = str(client[0]) if client else ""
    if peer and not _is_loopback(peer):
        return peer
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return forwarded[-1].decode("latin-1").rpartition(",")[2].strip() if forwarded else peer


@lru_cache(maxsize=1024)
def _is_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
