"""Services whose certificates are taken as they are, because the metadata's `network.tls_allowlist` says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from nself.records import dataclass

HTTPS_PORT = 443


@dataclass(slots=True)
class TlsAllowlist:
    """Shared by everything that calls out; `follow` brings it in step with the metadata."""

    services: frozenset[tuple[str, int | None]] = frozenset()
    """Host and port; without a port, all of the host's."""

    def follow(self, network: Mapping[str, Any]) -> None:
        """`suffix` is the port, `permissions` has one value, `self-signed`: absent means the same."""
        entries = [entry for entry in network.get("tls_allowlist") or () if isinstance(entry, Mapping)]
        self.services = frozenset((str(entry.get("host")).lower(), _port(entry.get("suffix"))) for entry in entries)

    def trusts(self, url: httpx.URL) -> bool:
        if not self.services or url.scheme != "https":
            return False
        return not self.services.isdisjoint({(url.host, None), (url.host, url.port or HTTPS_PORT)})


def _port(suffix: object) -> int | None:
    """What is no port fits none: -1."""
    if suffix is None:
        return None
    text = str(suffix).lstrip(":")
    return int(text) if text.isascii() and text.isdecimal() else -1
