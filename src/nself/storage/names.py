"""Ids, names and header values that strangers chose, made safe to use."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus
from uuid import UUID

from nself.storage.errors import InputError

_LONGEST_SHOWN = 255
"""Characters of a name that go into a header: its end, which has the extension. Proxies refuse headers without end."""
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


def text(value: str) -> str:
    """`value`, which PostgreSQL must be able to hold."""
    if "\0" in value:
        raise InputError("text must not contain null characters")
    return value


def disposition(name: str) -> str:
    """`Content-Disposition` with the name twice: as Nhost storage encodes it, and as RFC 6266 has it."""
    name = name[-_LONGEST_SHOWN:]
    legacy, exact = quote_plus(name, errors="replace"), quote(name, safe="", errors="replace")
    return f"inline; filename=\"{legacy}\"; filename*=UTF-8''{exact}"


def header_text(text: str) -> str:
    """Text as it may stand in a header: one line of printable ASCII."""
    return _UNSAFE.sub("?", text)
