"""The row commands of /v1/query as GraphQL requests: one way to reach the rows, with one set of permissions.

Values travel in variables; what becomes part of the document is names that the catalog or the metadata know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.metadata.graphql_names import Names
from nself.graphql.metadata.reader import Reader
from nself.graphql.session import Session
from nself.pg.catalog import Name

ANSWER = "answer"
"""The alias of the one root field."""

_GRAPHQL_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_CONNECTIVES = {"$and": "_and", "_and": "_and", "$or": "_or", "_or": "_or", "$not": "_not", "_not": "_not"}
_ALIASES = {"_ne": "_neq"}


@dataclass(slots=True)
class Document:
    """A GraphQL document being written, with its variables."""

    names: Names
    session: Session
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)

    def variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        self.declared.append(f"${name}: {kind}")
        return f"${name}"

    def request(self, operation: str, root: str, arguments: Mapping[str, str], selection: str) -> Request:
        head = f"({', '.join(self.declared)})" if self.declared else ""
        field_ = f"{ANSWER}: {identifier(root)}{bracketed(arguments)} {{ {selection} }}"
        return Request(query=f"{operation}{head} {{ {field_} }}", variables=self.variables)

    def rows(self, table: Name, args: Reader) -> dict[str, str]:
        """`where`, `order_by`, `limit` and `offset` as GraphQL arguments."""
        found: dict[str, str] = {}
        base = identifier(self.names.base(table))
        if where := args.get("where"):
            found["where"] = self.variable(f"{base}_bool_exp", condition(self.names, table, where))
        if order := args.get("order_by"):
            found["order_by"] = self.variable(f"[{base}_order_by!]", ordering(self.names, table, order))
        for key in ("limit", "offset"):
            if number := args.get(key):
                if isinstance(number.value, int) and number.value < 0:
                    raise ApiError("not-supported", "unexpected negative value", path=f"$.args{number.path}")
                found[key] = self.variable("Int", number.natural())
        return found

    def columns(self, table: Name, args: Reader) -> str:
        """A selection set: `"*"`, names, and `{name, columns, ...}` for relationships."""
        parts = [self._column(table, item) for item in args.items()] if args.value != "*" else [self._every(table)]
        if not parts:
            raise ApiError("parse-failed", "no columns are selected", path=f"$.args{args.path}")
        return " ".join(parts)

    def returning(self, table: Name, args: Reader) -> str:
        """What a mutation answers with."""
        wanted = args.get("returning")
        rows = f" returning {{ {self.columns(table, wanted)} }}" if wanted and wanted.value else ""
        return f"affected_rows{rows}"

    def _column(self, table: Name, item: Reader) -> str:
        if item.value == "*":
            return self._every(table)
        if isinstance(item.value, str):
            return self._plain(table, item.value, f"$.args{item.path}")
        name = item.at("name").name()
        there = self.names.relationship(table, name)
        if there is None:
            raise ApiError("not-exists", f'"{name}" does not exist', path=f"$.args{item.path}.name")
        alias = item.get("alias")
        inner = self.columns(there, item.at("columns"))
        shown = identifier(alias.name() if alias else name)
        return f"{shown}: {identifier(name)}{bracketed(self.rows(there, item))} {{ {inner} }}"

    def _plain(self, table: Name, column: str, path: str) -> str:
        return f"{identifier(column)}: {identifier(self.names.column(table, column, path=path))}"

    def _every(self, table: Name) -> str:
        """The columns that the role may select, under their SQL names."""
        permission = next(
            (entry for entry in self.names.table(table).select_permissions if entry.role == self.session.role), None
        )
        allowed = [
            column.name
            for column in self.names.facts(table).columns
            if self.session.is_admin or (permission and column.name in permission.columns)
        ]
        return " ".join(self._plain(table, column, "$.args.columns") for column in allowed)


def condition(names: Names, table: Name, where: Reader) -> dict[str, Any]:
    """A boolean expression in either spelling (`$gt`, `_gt`, a bare value) as GraphQL's input of it."""
    return dict(_term(names, table, where.at(key), key) for key in where.object())


def ordering(names: Names, table: Name, order: Reader) -> list[dict[str, Any]]:
    """`"+id"`, `"-author.id"`, `{column, type, nulls}`, or a list of these."""
    items = order.items() if isinstance(order.value, list) else [order]
    return [_ordered(names, table, item) for item in items]


def columns_of(names: Names, table: Name, values: Reader) -> dict[str, Any]:
    """{GraphQL name of a column: value}."""
    return {
        names.column(table, column, path=f"$.args{values.path}"): value for column, value in values.object().items()
    }


def bracketed(arguments: Mapping[str, str]) -> str:
    return f"({', '.join(f'{name}: {value}' for name, value in arguments.items())})" if arguments else ""


def identifier(name: str) -> str:
    """Only names of GraphQL's form get into a document."""
    if not _GRAPHQL_NAME.fullmatch(name):
        raise ApiError("not-supported", f'"{name}" has no name in GraphQL: give it a custom one', path="$.args")
    return name


def _term(names: Names, table: Name, value: Reader, key: str) -> tuple[str, Any]:
    match _CONNECTIVES.get(key):
        case "_not":
            return "_not", condition(names, table, value)
        case str() as connective:
            return connective, [condition(names, table, item) for item in value.items()]
    there = names.relationship(table, key)
    if there is not None:
        return key, condition(names, there, value)
    column = names.column(table, key, path=f"$.args{value.path}")
    if not isinstance(value.value, dict):
        return column, _comparison("_eq", value.value)
    tests: dict[str, Any] = {}
    for operator, operand in value.value.items():
        tests |= _comparison(operator.replace("$", "_", 1), operand)
    return column, tests


def _comparison(operator: str, operand: Any) -> dict[str, Any]:
    operator = _ALIASES.get(operator, operator)
    if operand is None and operator in ("_eq", "_neq"):
        return {"_is_null": operator == "_eq"}
    return {operator: operand}


def _ordered(names: Names, table: Name, item: Reader) -> dict[str, Any]:
    if isinstance(item.value, str):
        text = item.name()
        direction = "desc" if text.startswith("-") else "asc"
        return _along(names, table, text.lstrip("+-"), direction, item)
    direction_given, nulls = item.get("type"), item.get("nulls")
    direction = direction_given.text().lower() if direction_given else "asc"
    if nulls:
        direction += f"_nulls_{nulls.text().lower()}"
    return _along(names, table, item.at("column").name(), direction, item)


def _along(names: Names, table: Name, path: str, direction: str, item: Reader) -> dict[str, Any]:
    """`author.name` goes through a relationship."""
    first, _, rest = path.partition(".")
    if not rest:
        return {names.column(table, first, path=f"$.args{item.path}"): direction}
    there = names.relationship(table, first)
    if there is None:
        raise ApiError("not-exists", f'"{first}" does not exist', path=f"$.args{item.path}")
    return {first: _along(names, there, rest, direction, item)}
