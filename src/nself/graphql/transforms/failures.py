"""What can be wrong with a template, and where in its text."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from nself.errors import NselfError

Code = Literal["Parse Error", "Name Error", "Path Error", "Type Error", "Function Error", "Limit Error"]


class Span(Struct, frozen=True):
    """Offsets in the template, the end exclusive."""

    start: int
    end: int


class TemplateError(NselfError):
    """`told` is how Hasura words it for the administrator: lines count from 0, columns from 1."""

    def __init__(self, code: Code, message: str, text: str, span: Span) -> None:
        super().__init__(message)
        self.code, self._text, self._span = code, text, span

    @property
    def told(self) -> dict[str, Any]:
        start_line, start_column = _position(self._text, self._span.start)
        end_line, end_column = _position(self._text, self._span.end)
        position = {
            "start_line": start_line,
            "start_column": start_column,
            "end_line": end_line,
            "end_column": end_column,
        }
        return {"error_code": self.code, "message": self.message, "source_position": position}


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n"), offset - before.rfind("\n")
