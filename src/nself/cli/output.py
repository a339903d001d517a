"""The one voice: results on stdout (text or JSON), everything on the way to them on stderr. Nothing else prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum, IntEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from nself.errors import ConfigProblemsError, NselfError

if TYPE_CHECKING:
    from datetime import datetime

    from nself.events import Event

T = TypeVar("T")


class Level(IntEnum):
    QUIET = 0
    NORMAL = 1
    VERBOSE = 2
    DEBUG = 3


LEVEL_NAMES = {"error": Level.QUIET, "warn": Level.NORMAL, "info": Level.NORMAL, "debug": Level.DEBUG}
COLORS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}
WIDEST = 10_000
"""Of a file or a pipe: a row is one line, whatever reads it."""


class NobodyReadsError(Exception):
    """The reader of our stdout went away (`nself logs | head`): nobody is left to be told."""


class Table:
    """Rows under headings, drawn left-aligned, each in several lines where the terminal is narrow. Without rows nothing
    is drawn. A `spare` last column, which only says more of what its row names, is left out before that."""

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[str]], *, spare: bool = False) -> None:
        self.headings, self.rows, self.spare = headings, rows, spare


class Styled:
    """A line with one colour; state is always a word or symbol too, never colour alone."""

    def __init__(self, text: str, color: str) -> None:
        self.text, self.color = text, color


Line = str | Styled | Table
Human = Callable[[T], Iterable[Line]]
"""How a command shows its result to a person. The same result is what --json dumps."""


class Output:
    """stdout is the answer, stderr the progress. With --json stdout holds one document (or one a line, watching)."""

    def __init__(
        self,
        *,
        out: TextIO | None = None,
        err: TextIO | None = None,
        json: bool = False,
        level: Level = Level.NORMAL,
        color: bool = True,
    ) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self.json, self.level, self.color = json, level, color

    @property
    def interactive(self) -> bool:
        return sys.stdin.isatty() and self.err.isatty() and not self.json

    def result(self, value: T, human: Human[T]) -> None:
        """Print a finished result, in the form the user asked for."""
        if self.json:
            self.text(dumps(value))
        elif self.level > Level.QUIET:
            for line in human(value):
                self._draw(line)

    def text(self, text: str) -> None:
        """A result that is text by nature: a log line, a completion script, a generated file."""
        try:
            print(text, file=self.out, flush=True)
        except BrokenPipeError:
            _let_go(self.out)
            raise NobodyReadsError from None

    def error(self, error: NselfError) -> None:
        """A closed terminal, a reader that went away: the exit code still tells."""
        try:
            self._error(error)
        except OSError:
            _let_go(self.out if self.json else self.err)

    def _error(self, error: NselfError) -> None:
        if self.json:
            body = {"code": error.exit_code, "kind": error.kind, "message": error.message, "fixes": error.fixes}
            if isinstance(error, ConfigProblemsError):
                body["problems"] = error.problems
            print(dumps({"ok": False, "error": body}), file=self.out, flush=True)
            return
        print(self._paint(f"error: {error.message}", "red", self.err), file=self.err)
        for number, fix in enumerate(error.fixes, 1):
            print(f"  {number}. {fix}", file=self.err)

    def warn(self, text: str) -> None:
        if self.level > Level.QUIET:
            self._say(self._paint(f"warning: {text}", "yellow", self.err))

    def event(self, event: Event) -> None:
        """Say what is happening, if this event is worth saying at this level."""
        from nself import events  # commands without events start without them

        match event:
            case events.Warned(text, fix):
                self.warn(text + (f" (fix: {fix})" if fix else ""))
            case events.Note(text):
                self._progress(text)
            case events.StepStarted(index, total, text, why):
                self._progress(f"[{index}/{total}] {text}" + (f" ({why})" if why else ""))
            case events.StepDone(index, total, text, after_ms):
                self._progress(f"[{index}/{total}] {text}: done in {after_ms} ms", at=Level.VERBOSE)
            case events.Healthy(service, after_ms):
                self._progress(f"✓ {service} healthy after {after_ms} ms")
            case events.Waiting(services):
                self._progress(f"waiting for {', '.join(services)}")
            case events.ProgramRan(argv, exit_code, after_ms):
                self._progress(f"ran {' '.join(argv)} -> {exit_code} in {after_ms} ms", at=Level.DEBUG)
            case _:
                self._progress(str(event), at=Level.VERBOSE)

    def ask(self, question: str) -> bool:
        print(f"{question} [y/N] ", end="", file=self.err, flush=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def _progress(self, text: str, *, at: Level = Level.NORMAL) -> None:
        """Progress is for people watching: on a terminal, or when asked for by --verbose."""
        if self.level >= at and (self.err.isatty() or self.level >= Level.VERBOSE) and not self.json:
            self._say(self._paint(text, "dim", self.err))

    def _say(self, text: str) -> None:
        """Work goes on where nobody watches it any more (`nself start --verbose 2>&1 | head`)."""
        try:
            print(text, file=self.err, flush=True)
        except BrokenPipeError:
            _let_go(self.err)

    def _draw(self, line: Line) -> None:
        match line:
            case Table():
                self._table(line)
            case Styled():
                self.text(self._paint(line.text, line.color, self.out))
            case _:
                self.text(line)

    def _table(self, table: Table) -> None:
        if not table.rows:
            return
        import shutil

        from nself.cli import tables

        width = shutil.get_terminal_size().columns if self.out.isatty() else WIDEST
        for number, lines in enumerate(tables.drawn(table.headings, table.rows, width, spare=table.spare)):
            for text in lines:
                self.text(self._paint(text, "bold", self.out) if number == 0 else text)

    def _paint(self, text: str, color: str, stream: TextIO) -> str:
        if not self.color or not stream.isatty():
            return text
        return f"\033[{COLORS[color]}m{text}\033[0m"


def _let_go(stream: TextIO) -> None:
    """What is left in its buffer would be an error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def dumps(value: Any) -> str:
    import json

    return json.dumps(as_json(value), ensure_ascii=False)


def as_json(value: Any) -> Any:
    """Plain JSON data of a result. Times become RFC 3339 UTC; fields a class lists in `__not_json__` are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        hidden = getattr(value, "__not_json__", ())
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value) if item.name not in hidden}
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "astimezone"):
        return rfc3339(value)
    return value


def rfc3339(moment: datetime) -> str:
    from datetime import UTC

    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
