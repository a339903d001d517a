"""Ids, names and header values that strangers chose, made safe to use."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus
from uuid import UUID

from nself.storage.errors import InputError

_UNSAFE = re.compile(r"[^\x20-\x7e]+")


def file_id(text: str) -> str:
    """The canonical form of a file's id. Nothing else ever becomes part of a path or key."""
    try:
        return str(UUID(text))
    except ValueError:
        shown = header_text(text[:80])
        raise InputError(f'invalid input syntax for type uuid: "{shown}"') from None


def base_name(name: str) -> str:
    """A part's file name without the folders that some clients send along."""
    return re.split(r"[/\\]", name)[-1]


def disposition(name: str) -> str:
    """`Content-Disposition` with the name twice: as Nhost storage encodes it, and as RFC 6266 has it."""
    legacy, exact = quote_plus(name, errors="replace"), quote(name, safe="", errors="replace")
    return f"inline; filename=\"{legacy}\"; filename*=UTF-8''{exact}"


def header_text(text: str) -> str:
    """Text as it may stand in a header: one line of printable ASCII."""
    return _UNSAFE.sub("?", text)
