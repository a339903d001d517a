"""YAML text -> plain nodes that remember their lines. Only what a settings file needs: no tags, no aliases, no cycles.

Every scalar stays text: what type it must be is known where it is bound, so `no` is a country and `1.10` a version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import yaml

from nself.errors import Problem
from nself.records import dataclass

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 32
_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq"))
_NULL = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """`text` is None for YAML's null."""

    text: str | None = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; `lines` says where each key stands."""

    entries: Mapping[str, Node]
    lines: Mapping[str, int]
    line: int


Node = Scalar | Items | Table


class BrokenYamlError(ValueError):
    """The text cannot be read at all."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class _Open:
    """A collection still being read. `key` is the mapping key that waits for its value."""

    line: int
    is_table: bool
    path: str
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    key: str | None = None
    key_line: int = 0

    def close(self) -> Node:
        return Table(self.entries, self.lines, self.line) if self.is_table else Items(tuple(self.items), self.line)


def parse(text: str, file: str) -> tuple[Table, list[Problem]]:
    """The top mapping and every problem of form. What cannot be read is a problem and an empty table, never raised."""
    reader = _Reader(file)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            reader.take(event)
    except BrokenYamlError as error:
        reader.note(file, str(error), error.line)
        return Table({}, {}, 1), reader.problems
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        reader.note(file, f"is not valid YAML: {reason}", mark.line + 1 if mark else None)
        return Table({}, {}, 1), reader.problems
    return reader.top(), reader.problems


class _Reader:
    """Builds nodes from the parser's flat events, so that no nesting can exhaust the stack."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.documents: list[Node] = []

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise BrokenYamlError("aliases (*name) are not read here: write the value out", line)
        if (getattr(event, "tag", None) or _TAGS[0]) not in _TAGS:
            raise BrokenYamlError("tags (!name) are not read here", line)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self.stack) >= _DEEPEST:
                raise BrokenYamlError("is nested too deeply", line)
            self.stack.append(_Open(line, isinstance(event, yaml.MappingStartEvent), self._path()))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._place(self.stack.pop().close(), line)

    def top(self) -> Table:
        if len(self.documents) > 1:
            self.note(self.file, "holds several documents (---): only the first is read", self.documents[1].line)
        first = self.documents[0] if self.documents else Table({}, {}, 1)
        if isinstance(first, Table):
            return first
        if not (isinstance(first, Scalar) and first.text is None):
            self.note(self.file, "expected a mapping (key: value) at the top", first.line)
        return Table({}, {}, 1)

    def note(self, path: str, message: str, line: int | None) -> None:
        self.problems.append(Problem(path=path, message=message, file=self.file, line=line))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        top = self.stack[-1] if self.stack else None
        if top and top.is_table and top.key is None:
            if event.value in top.entries:
                where = f"{top.path}.{event.value}" if top.path else event.value
                self.note(where, f"is there twice, first in line {top.lines[event.value]}", line)
            top.key, top.key_line = event.value, line
            return
        plain = event.implicit[0] and event.style in (None, "")
        self._place(Scalar(None if plain and event.value in _NULL else event.value, line), line)

    def _place(self, node: Node, line: int) -> None:
        if not self.stack:
            self.documents.append(node)
            return
        top = self.stack[-1]
        if not top.is_table:
            top.items.append(node)
        elif top.key is None:
            raise BrokenYamlError("a mapping key must be text", line)
        else:
            top.entries[top.key] = node
            top.lines[top.key] = top.key_line
            top.key = None

    def _path(self) -> str:
        """Dotted path of the value about to be read, for problems."""
        if not self.stack:
            return ""
        top = self.stack[-1]
        step = top.key if top.is_table else str(len(top.items))
        return f"{top.path}.{step}" if top.path else step or ""
