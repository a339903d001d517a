"""The search box's language -> conditions on `mail.messages`. Words are bound, never written into the SQL.

`welcome "your code" from:ada -is:read has:attachment` means: all of these. `-` or `!` in front turns one around.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import LiteralString

from nself.errors import NselfError
from nself.records import dataclass

_TERM = re.compile(r'(?P<not>[-!])?(?:(?P<field>[A-Za-z-]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))')
_SIZES = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1024**2, "mb": 1024**2}


class BadSearchError(NselfError):
    """The query cannot be understood."""

    http_status = 400


@dataclass(frozen=True, slots=True)
class Conditions:
    """SQL with placeholders from `$first` on, and what fills them."""

    sql: LiteralString
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """What one `name:` looks at. `{}` in `sql` is the placeholder; `read` makes the value of the word."""

    sql: LiteralString
    read: Callable[[str], object] = str


def conditions(query: str, *, first: int = 1) -> Conditions:
    """Everything in `query` must hold. An empty query holds for every message."""
    pieces: list[LiteralString] = []
    values: list[object] = []
    for match in _TERM.finditer(query):
        number = first + len(values)
        if number > len(_PLACEHOLDERS):
            raise BadSearchError(f"a search has at most {len(_PLACEHOLDERS) - first + 1} terms")
        sql, bound = _term(match["field"], match["word"] or match["phrase"] or "")
        negation: LiteralString = "NOT (" if match["not"] else "("
        pieces.append(negation + sql.replace("{}", _PLACEHOLDERS[number - 1]) + ")")
        values += bound
    return Conditions(" AND ".join(pieces) or "true", tuple(values))


def _term(name: str | None, word: str) -> tuple[LiteralString, list[object]]:
    key = (name or "").lower()
    if key in ("is", "has"):
        state = _STATES.get(f"{key}:{word.lower()}")
        if state is None:
            raise BadSearchError(f"unknown filter {key}:{word}; known: {', '.join(sorted(_STATES))}")
        return state, []
    field = _FIELDS.get(key)
    if field is None:
        # `https://example.com` and `12:30` are words to look for, not filters.
        field, word = _FIELDS[""], f"{name}:{word}"
    return field.sql, [field.read(word)]


def _moment(word: str) -> datetime:
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise BadSearchError(f"expected a date such as 2026-01-31, got {word}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _bytes(word: str) -> int:
    match = re.fullmatch(r"(\d{1,12})([a-z]*)", word.lower())
    if not match or match[2] not in _SIZES:
        raise BadSearchError(f"expected a size such as 500k or 2M, got {word}")
    return int(match[1]) * _SIZES[match[2]]


_STATES: dict[str, LiteralString] = {
    "is:read": "read",
    "is:unread": "NOT read",
    "has:attachment": "attachments > 0",
    "has:attachments": "attachments > 0",
}
_EVERYWHERE: LiteralString = (
    "strpos(lower(subject), lower({})) > 0 OR strpos(lower(searchable), lower({})) > 0"
    " OR mail.mentions(sender || recipients || copies || blind_copies || reply_to, {})"
)
_FIELDS: dict[str, Field] = {
    "": Field(_EVERYWHERE),
    "subject": Field("strpos(lower(subject), lower({})) > 0"),
    "from": Field("mail.mentions(sender, {})"),
    "to": Field("mail.mentions(recipients, {})"),
    "cc": Field("mail.mentions(copies, {})"),
    "bcc": Field("mail.mentions(blind_copies, {})"),
    "reply-to": Field("mail.mentions(reply_to, {})"),
    "addressed": Field("mail.mentions(sender || recipients || copies || blind_copies || reply_to, {})"),
    "message-id": Field("strpos(lower(message_id), lower({})) > 0"),
    "before": Field("created < {}", _moment),
    "after": Field("created >= {}", _moment),
    "larger": Field("size > {}", _bytes),
    "smaller": Field("size < {}", _bytes),
}
_PLACEHOLDERS: tuple[LiteralString, ...] = (
    *("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11"),
    *("$12", "$13", "$14", "$15", "$16", "$17", "$18", "$19", "$20", "$21", "$22"),
)
