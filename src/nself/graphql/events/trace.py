"""The trace a request belongs to, as its headers tell: W3C's `traceparent`, else B3, in one header or in several."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_B3: Final = re.compile(r"([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(-.*)?")


class Trace(Struct, frozen=True):
    """The caller's own span, since the engine records none: what an event causes hangs from there."""

    trace_id: str
    span_id: str


def of(headers: Mapping[str, str]) -> Trace:
    """Headers (lower-case names) that say nothing sensible begin a trace of their own."""
    return _told(headers) or Trace(secrets.token_hex(16), secrets.token_hex(8))


def _told(headers: Mapping[str, str]) -> Trace | None:
    several = f"{headers.get('x-b3-traceid', '')}-{headers.get('x-b3-spanid', '')}".lower()
    candidates = (
        _TRACEPARENT.fullmatch(headers.get("traceparent", "")),
        _B3.fullmatch(headers.get("b3", "").lower()),
        _B3.fullmatch(several),
    )
    for match in filter(None, candidates):
        if match[1].strip("0") and match[2].strip("0"):
            return Trace(match[1], match[2])
    return None
