"""A script of SQL statements: where the last one begins. Enough of the lexer to skip quotes and comments."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>(?:(?:[A-Za-z_]|[^\x00-\x7f])(?:\w|[^\x00-\x7f])*)?)\$.*?\$(?P=tag)\$)
    | (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<word>(?:[\w$]|[^\x00-\x7f])+)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")
READS = frozenset({"select", "with", "values", "table", "show", "explain", "execute", "fetch", "call"})
WRITES = frozenset({"insert", "update", "delete", "merge"})


def split_last(script: str) -> tuple[str, str]:
    """(everything before, the last statement that is not empty); the semicolon after the last is dropped."""
    begins, last, open_at, words = 0, (0, len(script)), 0, False
    for kind, start, end in _tokens(script):
        if kind == "end":
            if words:
                last = (begins, start)
            open_at, begins, words = end, end, False
        elif kind not in ("line", "block"):
            words = True
    if words:
        last = (open_at, len(script))
    return script[: last[0]], script[last[0] : last[1]]


def first_word(statement: str) -> str:
    """The statement's verb in lower case, parentheses and comments skipped."""
    for kind, start, end in _tokens(statement):
        if kind == "word":
            return statement[start:end].lower()
    return ""


def says_nothing(script: str) -> bool:
    """Whether there is no statement in it, but comments, semicolons and spaces."""
    left = script
    for kind, start, end in reversed(_tokens(script)):
        if kind in ("line", "block", "end"):
            left = left[:start] + left[end:]
    return not left.strip()


def words(script: str) -> frozenset[str]:
    """Every bare word of a script in lower case: what is quoted or commented out does not count."""
    return frozenset(script[start:end].lower() for kind, start, end in _tokens(script) if kind == "word")


def _tokens(script: str) -> list[tuple[str, int, int]]:
    found, at = [], 0
    while match := _TOKEN.search(script, at):
        kind, at = match.lastgroup or "", match.end()
        if match["dollar"] is not None:
            kind = "dollar"
        elif kind == "block":
            at = _end_of_block(script, at)
        found.append((kind, match.start(), at))
    return found


def _end_of_block(script: str, at: int) -> int:
    """Block comments nest."""
    depth = 1
    while depth and (edge := _BLOCK_EDGE.search(script, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at if depth == 0 else len(script)
