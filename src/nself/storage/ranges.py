"""Byte ranges: the `Range` header against a size."""

from __future__ import annotations

import re

from nself.records import dataclass
from nself.storage.errors import RangeError

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")
_MANY_DIGITS = 18
"""More digits than any size has: not read as a number, which could be made slow."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` up to, not including, `end` of a content of `size` bytes."""

    start: int
    end: int
    size: int

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def whole(self) -> bool:
        return self.length == self.size

    @property
    def header(self) -> str:
        """The value of `Content-Range`."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def resolve(header: str | None, size: int) -> Span:
    """What to send. Several ranges and what is not a range get the whole, as RFC 9110 allows; RangeError is a 416."""
    whole = Span(0, size, size)
    match = _RANGE.fullmatch(header.strip()) if header else None
    if not match or not (match[1] or match[2]):
        return whole
    first, last = (int(text) if text and len(text) <= _MANY_DIGITS else None for text in match.groups())
    if match[1] == "":
        return _suffix(last, size)
    if first is None or first >= size:
        raise RangeError(size)
    if match[2] == "" or last is None:
        return Span(first, size, size)
    return Span(first, min(last + 1, size), size) if last >= first else whole


def _suffix(length: int | None, size: int) -> Span:
    if length == 0 or size == 0:
        raise RangeError(size)
    return Span(size - min(size if length is None else length, size), size, size)
