"""`search/indexes.yml` -> what is to be indexed. Form only: whether the tables are there is asked elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from nself.errors import Problem
from nself.model import nodes
from nself.model.nodes import Items, Node, Scalar, Table
from nself.records import dataclass

FILE: Final = "search/indexes.yml"
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
WEIGHTS: Final = ("A", "B", "C", "D")
KEYS: Final = ("table", "key", "language", "language_column", "fields", "filterable", "sortable")
OURS: Final = frozenset(
    (
        *("build", "changed", "changes", "config", "estimated", "expected", "faceted", "find", "found", "index_of"),
        *("indexes", "mark", "marked", "marks", "matches", "narrow", "narrowed", "nearest", "newest", "newest_of"),
        *("ordering", "parse", "parsed", "query", "ranked", "ranking", "targets", "words"),
    )
)
"""Names in the schema `search` that are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One index as the file says. `fields` are columns with their weights, the heaviest A; `key` None means the
    table's primary key."""

    name: str
    schema: str
    table: str
    fields: Mapping[str, str]
    key: str | None = None
    language: str = "simple"
    language_column: str | None = None
    filterable: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """{`fields.title`: line}, for what is found out about them later."""

    def problem(self, path: str, message: str, hint: str | None = None) -> Problem:
        line = self.lines.get(path, self.lines.get(path.partition(".")[0], self.lines[""]))
        return Problem(
            path=f"{self.name}.{path}" if path else self.name, message=message, file=FILE, line=line, hint=hint
        )

    def columns(self) -> dict[str, str]:
        """{column: path of where it is named}, the first place of each."""
        named = {column: f"fields.{column}" for column in self.fields}
        for path in ("key", "language_column"):
            column = getattr(self, path)
            if column is not None:
                named.setdefault(column, path)
        for path in ("filterable", "sortable"):
            for column in getattr(self, path):
                named.setdefault(column, path)
        return named


def parse(text: str) -> tuple[tuple[Index, ...], list[Problem]]:
    """The indexes of the file, and every mistake of form in it."""
    table, problems = nodes.parse(text, FILE)
    reader = _Reader(problems)
    found = (reader.index(name, node, table.lines[name]) for name, node in table.entries.items())
    return tuple(index for index in found if index is not None), reader.problems


class _Reader:
    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def index(self, name: str, node: Node, line: int) -> Index | None:
        if not NAME.fullmatch(name) or name in OURS:
            hint = (
                "it is taken by the search itself" if name in OURS else "lower-case letters, digits and _, at most 40"
            )
            self._complain(name, "cannot be the name of an index", line, hint)
            return None
        if not isinstance(node, Table):
            self._complain(name, "expected table, fields, … below it", line)
            return None
        for key in node.entries.keys() - set(KEYS):
            self._complain(f"{name}.{key}", "is not known here", node.lines[key], f"known: {', '.join(KEYS)}")
        schema, _, table = (self._text(name, node, "table") or "").rpartition(".")
        fields, lines = self._fields(name, node)
        if not table:
            self._complain(f"{name}.table", "is required: the table whose rows are found", line, "table: articles")
            return None
        if not fields:
            return None
        return Index(
            name=name,
            schema=schema or "public",
            table=table,
            fields=fields,
            key=self._text(name, node, "key"),
            language=self._text(name, node, "language") or "simple",
            language_column=self._text(name, node, "language_column"),
            filterable=self._names(name, node, "filterable"),
            sortable=self._names(name, node, "sortable"),
            lines={"": line, **node.lines, **lines},
        )

    def _fields(self, name: str, node: Table) -> tuple[dict[str, str], dict[str, int]]:
        """`fields:` is a list of columns, the first the heaviest, or columns with their weights."""
        found = node.entries.get("fields")
        if isinstance(found, Table):
            fields = {column: self._weight(name, column, found) for column in found.entries}
            lines = {f"fields.{column}": line for column, line in found.lines.items()}
        else:
            listed = self._names(name, node, "fields")
            fields = {column: WEIGHTS[min(place, len(WEIGHTS) - 1)] for place, column in enumerate(listed)}
            lines = {}
        if not fields:
            line = node.lines.get("fields", node.line)
            self._complain(f"{name}.fields", "is required: the columns whose words are found", line, "fields: [title]")
        return fields, lines

    def _weight(self, name: str, column: str, table: Table) -> str:
        node = table.entries[column]
        weight = node.text if isinstance(node, Scalar) else None
        if weight not in WEIGHTS:
            self._complain(f"{name}.fields.{column}", "expected a weight: A, B, C or D", table.lines[column])
            return WEIGHTS[-1]
        return weight

    def _text(self, name: str, node: Table, key: str) -> str | None:
        found = node.entries.get(key)
        if found is None:
            return None
        if not isinstance(found, Scalar) or not found.text or "\0" in found.text:
            self._complain(f"{name}.{key}", "expected a name", node.lines[key])
            return None
        return found.text

    def _names(self, name: str, node: Table, key: str) -> tuple[str, ...]:
        found = node.entries.get(key)
        if found is None or (isinstance(found, Scalar) and found.text is None):
            return ()
        items = found.items if isinstance(found, Items) else ()
        texts = [item.text for item in items if isinstance(item, Scalar) and item.text]
        if not isinstance(found, Items) or len(texts) != len(items):
            self._complain(f"{name}.{key}", "expected a list of columns", node.lines[key], f"{key}: [title, body]")
        return tuple(dict.fromkeys(texts))

    def _complain(self, path: str, message: str, line: int, hint: str | None = None) -> None:
        self.problems.append(Problem(path=path, message=message, file=FILE, line=line, hint=hint))
