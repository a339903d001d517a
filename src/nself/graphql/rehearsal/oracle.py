"""What a permission's expression says, written as SQL a second time: the planner's own translation is what is tested.

Plain on purpose, one EXISTS a relationship and one comparison an operator. What it does not know it refuses, so that
nothing counts as tested that was not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from nself.graphql.metadata.model import Source
from nself.graphql.metadata.targets import Target, resolve
from nself.pg.catalog import Catalog, Name, identifier
from nself.records import dataclass

_COMPARISONS: Final[Mapping[str, str]] = {
    "eq": "=",
    "neq": "<>",
    "ne": "<>",
    "gt": ">",
    "lt": "<",
    "gte": ">=",
    "lte": "<=",
    "like": "LIKE",
    "nlike": "NOT LIKE",
    "ilike": "ILIKE",
    "nilike": "NOT ILIKE",
    "similar": "SIMILAR TO",
    "nsimilar": "NOT SIMILAR TO",
    "regex": "~",
    "iregex": "~*",
    "nregex": "!~",
    "niregex": "!~*",
    "contains": "@>",
    "contained_in": "<@",
}
_COLUMNS: Final[Mapping[str, str]] = {
    "ceq": "=",
    "cne": "<>",
    "cneq": "<>",
    "cgt": ">",
    "clt": "<",
    "cgte": ">=",
    "clte": "<=",
}


class NotUnderstoodError(Exception):
    """The expression holds something that is not translated here."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column compared with a session variable. `listed`: the variable holds an array."""

    table: Name
    column: str
    variable: str
    listed: bool


@dataclass(slots=True)
class Oracle:
    """Translates for one session. `values` are the statement's parameters, `comparisons` what met session variables."""

    source: Source
    catalog: Catalog
    session: Mapping[str, str]
    values: list[str | None] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    _aliases: int = 0

    def where(self, expression: Mapping[str, Any], table: Name, alias: str) -> str:
        """A condition on the row below `alias`."""
        return self._expression(expression, table, alias, alias, table)

    def alias(self) -> str:
        self._aliases += 1
        return f"o{self._aliases}"

    def _expression(self, value: Any, table: Name, alias: str, root: str, root_table: Name) -> str:
        if not isinstance(value, Mapping):
            raise NotUnderstoodError(f"{value!r} where conditions are expected")
        parts = [self._entry(key, item, table, alias, root, root_table) for key, item in value.items()]
        return _all(parts)

    def _entry(self, key: str, value: Any, table: Name, alias: str, root: str, root_table: Name) -> str:
        match key.replace("$", "_", 1) if key.startswith("$") else key:
            case "_and" | "_or" as name:
                parts = [self._expression(item, table, alias, root, root_table) for item in value]
                return _all(parts) if name == "_and" else _any(parts)
            case "_not":
                return f"(NOT {self._expression(value, table, alias, root, root_table)})"
            case "_exists":
                there = _name(value["_table"])
                below = self.alias()
                inner = self._expression(value.get("_where") or {}, there, below, root, root_table)
                return f"EXISTS (SELECT FROM {there.quoted} AS {below} WHERE {inner})"
        target = self._target(table, key)
        if target is not None:
            return self._related(target, value, alias, root, root_table)
        return self._column(key, value, table, alias, root, root_table)

    def _related(self, target: Target, value: Any, alias: str, root: str, root_table: Name) -> str:
        below = self.alias()
        joined = [f"{below}.{identifier(there)} = {alias}.{identifier(here)}" for here, there in target.mapping.items()]
        inner = self._expression(value, target.table, below, root, root_table)
        return f"EXISTS (SELECT FROM {target.table.quoted} AS {below} WHERE {_all([*joined, inner])})"

    def _target(self, table: Name, key: str) -> Target | None:
        tracked = self.source.tables.get(table)
        for entry in (*tracked.object_relationships, *tracked.array_relationships) if tracked else ():
            if entry.name == key:
                found = resolve(self.catalog, table, entry)
                return None if isinstance(found, str) else found
        return None

    def _column(self, name: str, value: Any, table: Name, alias: str, root: str, root_table: Name) -> str:
        column = self.catalog.tables[table].column(name)
        if column is None:
            raise NotUnderstoodError(f'"{name}" is no column of {table}')
        if not isinstance(value, Mapping):
            value = {"_eq": value}
        at = f"{alias}.{identifier(name)}"
        kind = Name(column.type.schema, column.type.name).quoted + ("[]" if column.type.array else "")
        return _all([
            self._operator(operator[1:], operand, at, kind, Comparison(table, name, "", listed=False), root, root_table)
            for operator, operand in value.items()
        ])  # fmt: skip

    def _operator(
        self, operator: str, operand: Any, at: str, kind: str, place: Comparison, root: str, root_table: Name
    ) -> str:
        if operator == "is_null":
            return f"({at} IS NULL)" if operand else f"({at} IS NOT NULL)"
        if operator in ("in", "nin"):
            array = f"{self._operand(operand, place, listed=True)}::text::{kind}[]"
            return f"({at} = ANY({array}))" if operator == "in" else f"({at} <> ALL({array}))"
        if operator in _COLUMNS:
            return f"({at} {_COLUMNS[operator]} {self._other(operand, at, root, place.table, root_table)})"
        if operator not in _COMPARISONS:
            raise NotUnderstoodError(f"the operator _{operator}")
        return f"({at} {_COMPARISONS[operator]} {self._operand(operand, place, listed=False)}::text::{kind})"

    def _other(self, operand: Any, at: str, root: str, table: Name, root_table: Name) -> str:
        match operand:
            case str() | [str()]:
                name, owner, alias = operand if isinstance(operand, str) else operand[0], table, at.partition(".")[0]
            case ["$", str() as name]:
                owner, alias = root_table, root
            case _:
                raise NotUnderstoodError(f"the column {operand!r}")
        if self.catalog.tables[owner].column(name) is None:
            raise NotUnderstoodError(f'"{name}" is no column of {owner}')
        return f"{alias}.{identifier(name)}"

    def _operand(self, operand: Any, place: Comparison, *, listed: bool) -> str:
        if isinstance(operand, str) and operand.lower().startswith("x-hasura-"):
            variable = operand.lower()
            self.comparisons.append(Comparison(place.table, place.column, variable, listed=listed))
            return self.value(self.session.get(variable))
        if listed:
            if not isinstance(operand, list) or any(_is_variable(item) for item in operand):
                raise NotUnderstoodError("a list that holds session variables")
            return self.value(_array(operand))
        return self.value(_text(operand))

    def value(self, value: str | None) -> str:
        """A parameter of the statement."""
        self.values.append(value)
        return f"${len(self.values)}"


def _all(parts: Sequence[str]) -> str:
    return f"({' AND '.join(parts)})" if parts else "TRUE"


def _any(parts: Sequence[str]) -> str:
    return f"({' OR '.join(parts)})" if parts else "FALSE"


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and value.lower().startswith("x-hasura-")


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) or value is None else json.dumps(value)


def _array(values: Sequence[Any]) -> str:
    """A PostgreSQL array literal."""
    return "{" + ",".join(_elements(values)) + "}"


def _elements(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        text = _text(value)
        yield "NULL" if text is None else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _name(value: Any) -> Name:
    if isinstance(value, str):
        return Name("public", value)
    return Name(value.get("schema", "public"), value["name"])
