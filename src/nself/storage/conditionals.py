"""Conditional requests: may the caller's copy be used, does the caller know the current content?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

Verdict = Literal[200, 304, 412]


def evaluate(headers: Mapping[str, str], *, etag: str, modified: datetime) -> Verdict:
    """In the order of RFC 9110 §13.2.2: an entity tag, where given, decides instead of the date beside it."""
    if "if-match" in headers:
        if not matches(headers["if-match"], etag):
            return 412
    elif _after(modified, headers.get("if-unmodified-since")) is True:
        return 412
    if "if-none-match" in headers:
        return 304 if matches(headers["if-none-match"], etag) else 200
    return 304 if _after(modified, headers.get("if-modified-since")) is False else 200


def matches(listed: str, etag: str) -> bool:
    """Whether a list of entity tags names `etag`. Ours are strong; `W/` in the list is overlooked."""
    tags = [tag.strip().removeprefix("W/") for tag in listed.split(",")]
    return "*" in tags or etag in tags


def if_range_holds(value: str | None, *, etag: str, modified: datetime) -> bool:
    """Whether a `Range` may be answered in part: no If-Range, or it names the current content exactly."""
    if value is None:
        return True
    if value.startswith(('"', "W/")):
        return value == etag
    return _date(value) == modified.replace(microsecond=0)


def _after(modified: datetime, value: str | None) -> bool | None:
    """Modified after the date given, in whole seconds; None when there is no readable date."""
    date = _date(value) if value else None
    return None if date is None else modified.replace(microsecond=0) > date


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
