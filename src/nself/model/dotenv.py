"""The text of one env file -> entries that remember where they stand. Nothing is executed, nothing is looked up.

Grammar: `KEY=value`, `export KEY=value`, `# comment`, `KEY='literal'`, `KEY="text with \\n escapes"`; quoted values
may span lines. `${NAME}` and `${NAME:-default}` are references outside single quotes; `$(...)` and backticks are
plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from nself.errors import Problem
from nself.records import dataclass

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Reference:
    """`${name}`, or `${name:-default}` whose default counts when the name is unset or empty."""

    name: str
    default: Parts | None = None


Parts = tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One assignment. `span` is where the value's raw text, quotes included, stands in the file's text."""

    key: str
    parts: Parts = field(repr=False)
    line: int
    span: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def parse(text: str, file: str) -> Parsed:
    """Read a whole file; a broken line becomes a problem and reading goes on with the next."""
    reader = _Reader(text, file)
    entries = tuple(reader.entries())
    return Parsed(entries=entries, problems=tuple(reader.problems), warnings=tuple(reader.warnings))


def quote(value: str) -> str:
    """The shortest text that reads back as exactly `value`; what looks like a reference stays literal."""
    if "\0" in value:
        raise ValueError("a value cannot hold a NUL character")
    if _PLAIN.fullmatch(value):
        return value
    if not re.search(r"['\\\r\n]", value):
        return f"'{value}'"
    return '"' + re.sub(r'[\\"$`\r\n]', lambda found: _ESCAPED.get(found[0], "\\" + found[0]), value) + '"'


def assign(text: str, file: str, key: str, value: str) -> str:
    """`text` with `key` set to the literal `value`. Every other byte stays; a new key goes to the end."""
    found = [entry for entry in parse(text, file).entries if entry.key == key]
    if found:
        start, end = found[-1].span
        return text[:start] + quote(value) + text[end:]
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith(("\n", "\r")) else newline
    return f"{text}{gap}{key}={quote(value)}{newline}"


def remove(text: str, file: str, key: str) -> str:
    """`text` without the lines that set `key`; every other byte stays."""
    for entry in reversed([entry for entry in parse(text, file).entries if entry.key == key]):
        start = max(text.rfind("\n", 0, entry.span[0]), text.rfind("\r", 0, entry.span[0])) + 1
        line = _REST_OF_LINE.match(text, entry.span[1])
        assert line is not None
        ending = _NEWLINE.match(text, line.end())
        text = text[:start] + text[ending.end() if ending else line.end() :]
    return text


_BLANK = re.compile(r"[^\S\r\n]*(?:#[^\r\n]*)?(?=[\r\n]|\Z)")
_ASSIGNMENT = re.compile(rf"[^\S\r\n]*(?:export[^\S\r\n]+)?({KEY.pattern})[^\S\r\n]*=([^\S\r\n]*)")
_START = re.compile(rf"[^\S\r\n]*(?:export[^\S\r\n]+)?({KEY.pattern})[^\S\r\n]*=")
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"[^\S\r\n]+#")
_COMMAND = re.compile(r"\$\(|`")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "b": "\b"}
_ESCAPED = {"\n": "\\n", "\r": "\\r"}
_MAX_NESTING = 8
"""How deep defaults may hold references: far beyond use, and far below the interpreter's own limit."""


class _BrokenError(ValueError):
    """The assignment under the cursor cannot be read; the text says why."""


class _Reader:
    """A cursor over the text. `line` is the number of the line that `position` stands on."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.position = 1 if text.startswith("\ufeff") else 0
        self.line = 1
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def entries(self) -> Iterator[Entry]:
        seen: dict[str, int] = {}
        while self.position < len(self.text):
            entry = self._entry()
            if entry is not None:
                self._note_duplicate(entry, seen)
                yield entry

    def _entry(self) -> Entry | None:
        """What stands on the current line, the cursor moved to the next; None for a comment or a broken line."""
        begin, line = self.position, self.line
        blank = _BLANK.match(self.text, begin)
        if blank:
            self._advance(blank.end())
            return None
        try:
            key, span, parts, end = self._assignment(begin)
        except _BrokenError as broken:
            self.problems.append(self._problem(_shown(self.text, begin) or self.file, str(broken), line))
            self._advance(self._line_end(begin))
            return None
        self._advance(end)
        return Entry(key=key, parts=parts, line=line, span=span)

    def _assignment(self, begin: int) -> tuple[str, tuple[int, int], Parts, int]:
        found = _ASSIGNMENT.match(self.text, begin)
        if not found:
            raise _BrokenError("expected KEY=value, a comment or an empty line")
        key, start = found[1], found.end()
        first = self.text[start : start + 1]
        if first == "'":
            body, end = self._quoted(_SINGLE, start)
            return key, (start, end), (_unescape_single(body),), self._only_comment_after(end)
        if first == '"':
            body, end = self._quoted(_DOUBLE, start)
            self._note_command(key, body)
            return key, (start, end), _Template(body, escapes=True).parts(), self._only_comment_after(end)
        line_end = self._line_end(start)
        raw = self.text[start:line_end]
        value = "" if raw.startswith("#") and found[2] else _COMMENT.split(raw, maxsplit=1)[0].rstrip()
        self._note_command(key, value)
        return key, (start, start + len(value)), _Template(value, escapes=False).parts(), line_end

    def _quoted(self, pattern: re.Pattern[str], start: int) -> tuple[str, int]:
        found = pattern.match(self.text, start)
        if not found:
            raise _BrokenError(f"the quote {self.text[start]} is never closed")
        return _NEWLINE.sub("\n", found[1]), found.end()

    def _only_comment_after(self, end: int) -> int:
        rest = _BLANK.match(self.text, end)
        if not rest:
            raise _BrokenError("there is text after the closing quote")
        return rest.end()

    def _line_end(self, start: int) -> int:
        found = _REST_OF_LINE.match(self.text, start)
        return found.end() if found else len(self.text)

    def _advance(self, end: int) -> None:
        """Move to `end` and over the newline there."""
        newline = _NEWLINE.match(self.text, end)
        after = newline.end() if newline else end
        self.line += sum(1 for _ in _NEWLINE.finditer(self.text, self.position, after))
        self.position = after

    def _note_duplicate(self, entry: Entry, seen: dict[str, int]) -> None:
        if entry.key in seen:
            message = f"is set again; the value of line {seen[entry.key]} is lost"
            self.warnings.append(self._problem(entry.key, message, entry.line))
        seen[entry.key] = entry.line

    def _note_command(self, key: str, raw: str) -> None:
        if _COMMAND.search(raw):
            message = "looks like a shell command; commands in env files are never run, this is plain text"
            self.warnings.append(self._problem(key, message, self.line, hint="single quotes say that you mean it"))

    def _problem(self, path: str, message: str, line: int, hint: str | None = None) -> Problem:
        return Problem(path=path, message=message, file=self.file, line=line, hint=hint)


class _Template:
    """Text with references, inside double quotes (`escapes`) or bare."""

    def __init__(self, text: str, *, escapes: bool) -> None:
        self.text = text
        self.plain = re.compile(r"[^\\$}]+" if escapes else r"[^$}]+")
        self.escapes = escapes
        self.position = 0

    def parts(self, depth: int = 0) -> Parts:
        """Everything up to the end, or inside a default (`depth` > 0) up to its closing brace."""
        if depth > _MAX_NESTING:
            raise _BrokenError("references are nested too deeply")
        out: list[str | Reference] = []
        while self.position < len(self.text) and not (depth and self.text[self.position] == "}"):
            if self.text.startswith("${", self.position):
                out.append(self._reference(depth))
            else:
                out.append(self._piece())
        return _joined(out)

    def _piece(self) -> str:
        found = self.plain.match(self.text, self.position)
        if found:
            self.position = found.end()
            return found[0]
        char, following = self.text[self.position], self.text[self.position + 1 : self.position + 2]
        if char == "\\" and self.escapes and following:
            self.position += 2
            return _ESCAPES.get(following, following if following in "\\\"'$`" else char + following)
        self.position += 1
        return char

    def _reference(self, depth: int) -> Reference:
        name = KEY.match(self.text, self.position + 2)
        if not name:
            raise _BrokenError("expected a name after ${")
        self.position = name.end()
        default: Parts | None = None
        if self.text.startswith(":-", self.position):
            self.position += 2
            default = self.parts(depth + 1)
        if not self.text.startswith("}", self.position):
            raise _BrokenError(f"expected }} or :- after ${{{name[0]} (only ${{NAME}} and ${{NAME:-default}} are read)")
        self.position += 1
        return Reference(name[0], default)


def _joined(pieces: list[str | Reference]) -> Parts:
    out: list[str | Reference] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        else:
            out.append(piece)
    return tuple(out)


def _unescape_single(body: str) -> str:
    return re.sub(r"\\([\\'])", r"\1", body)


def _shown(text: str, begin: int) -> str | None:
    """What a problem calls a broken line: its key when there is one, never the value, which may be a secret."""
    found = _START.match(text, begin)
    return found[1] if found else None
