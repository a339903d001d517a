"""What a user writes as a route -> the public host it means."""

from __future__ import annotations

import re

from nself.model.keys import HOST_PATTERN

_TOP_LEVEL = frozenset(
    ("com net org io eu de uk fr nl ch at it es pl cz se us ca au nz jp cn in br co info biz").split()  # noqa: SIM905
)
"""Last labels that nobody means below their own domain. A guess kept small: a trailing dot says it for certain."""


def host(route: str, base_domain: str) -> str:
    """The full host of a route; ValueError when it cannot be one.

    `api` and `api.v2` are below the base domain; `https://x.org`, `x.org.` and `x.org` are hosts by themselves; so is
    what already ends in the base domain. The empty route is the base domain.
    """
    text = re.sub(r"^https?://", "", route.strip()).rstrip("/")
    if text != route.strip() or text.endswith("."):
        return _checked(text.rstrip("."), route)
    if text in ("", base_domain) or text.endswith(f".{base_domain}"):
        return _checked(text or base_domain, route)
    labels = text.replace("_", "-").split(".")
    if len(labels) > 1 and labels[-1].lower() in _TOP_LEVEL:
        return _checked(text, route)
    return _checked(f"{'.'.join(labels)}.{base_domain}", route)


def _checked(found: str, route: str) -> str:
    if not re.fullmatch(HOST_PATTERN, found):
        raise ValueError(f"expected a label (api) or a host (api.example.com), got {route!r}")
    return found.lower()
