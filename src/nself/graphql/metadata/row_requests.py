"""The row commands of /v1/query as GraphQL requests: one way to reach the rows, with one set of permissions.

Values travel in variables; what becomes part of the document is names that the role's schema knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.language.types import Field, text
from nself.graphql.metadata.graphql_names import Names
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.row_conditions import condition, ordering
from nself.graphql.schema.means import RoleTable
from nself.records import dataclass

ANSWER = "answer"
"""The alias of the one root field."""

_GRAPHQL_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


@dataclass(slots=True)
class Document:
    """A GraphQL document being written, with its variables."""

    names: Names
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)

    def argument(self, of: Field, name: str, value: Any) -> str:
        """The value as a variable of the type that the field wants for this argument."""
        if name not in of.arguments:
            raise ApiError("not-supported", f"{name} cannot be given here", path="$.args")
        variable = f"v{len(self.variables)}"
        self.variables[variable] = value
        self.declared.append(f"${variable}: {text(of.arguments[name].type)}")
        return f"${variable}"

    def request(self, operation: str, root: Field, arguments: Mapping[str, str], selection: str) -> Request:
        head = f"({', '.join(self.declared)})" if self.declared else ""
        asked = f"{ANSWER}: {identifier(root.name)}{bracketed(arguments)} {{ {selection} }}"
        return Request(query=f"{operation}{head} {{ {asked} }}", variables=self.variables, row_command=True)

    def rows(self, of: Field, table: RoleTable, args: Reader) -> dict[str, str]:
        """`where`, `order_by`, `limit` and `offset` as GraphQL arguments."""
        found: dict[str, str] = {}
        if where := args.get("where"):
            found["where"] = self.argument(of, "where", condition(self.names, table, where))
        if order := args.get("order_by"):
            found["order_by"] = self.argument(of, "order_by", ordering(self.names, table, order))
        for key in ("limit", "offset"):
            if number := args.get(key):
                if isinstance(number.value, int) and number.value < 0:
                    raise ApiError("not-supported", "unexpected negative value", path=f"$.args{number.path}")
                found[key] = self.argument(of, key, number.natural())
        return found

    def columns(self, table: RoleTable, args: Reader) -> str:
        """A selection set: `"*"`, names, and `{name, columns, ...}` for relationships."""
        parts = [self._column(table, item) for item in args.items()] if args.value != "*" else [self._every(table)]
        if not any(parts):
            raise ApiError("parse-failed", "no columns are selected", path=f"$.args{args.path}")
        return " ".join(parts)

    def returning(self, table: RoleTable, args: Reader) -> str:
        """What a mutation answers with."""
        wanted = args.get("returning")
        if wanted is None or not wanted.value:
            return "affected_rows"
        readable = self.names.table(table.model.table.name, "select", reason=_RETURNING)
        return f"affected_rows returning {{ {self.columns(readable, wanted)} }}"

    def _column(self, table: RoleTable, item: Reader) -> str:
        if item.value == "*":
            return self._every(table)
        if isinstance(item.value, str):
            return self._plain(table, item.value, f"$.args{item.path}")
        name = item.at("name").name()
        found = self.names.relationship(table, name)
        if found is None:
            raise ApiError("not-exists", f'"{name}" does not exist', path=f"$.args{item.path}.name")
        related, there = found
        alias = item.get("alias")
        inner = self.columns(there, item.at("columns"))
        shown = identifier(alias.name() if alias else name)
        return f"{shown}: {identifier(related.name)}{bracketed(self.rows(related, there, item))} {{ {inner} }}"

    def _plain(self, table: RoleTable, column: str, path: str) -> str:
        return f"{identifier(column)}: {identifier(self.names.column(table, column, 'select', path=path))}"

    def _every(self, table: RoleTable) -> str:
        """The columns that the role may select, under their SQL names."""
        return " ".join(self._plain(table, column.sql, "$.args.columns") for column in table.readable)


_RETURNING = '; "returning" can only be used if the role has "select" permission on the table'


def columns_of(names: Names, table: RoleTable, values: Reader, operation: str) -> dict[str, Any]:
    """{GraphQL name of a column: value}."""
    path = f"$.args{re.sub(r'[.]([$][a-z]+)', _bracketed_key, values.path)}"
    return {names.column(table, column, operation, path=path): value for column, value in values.object().items()}


def _bracketed_key(found: re.Match[str]) -> str:
    """`$set` is no plain key in a path."""
    return f'["{found[1]}"]'


def bracketed(arguments: Mapping[str, str]) -> str:
    return f"({', '.join(f'{name}: {value}' for name, value in arguments.items())})" if arguments else ""


def identifier(name: str) -> str:
    """Only names of GraphQL's form get into a document."""
    if not _GRAPHQL_NAME.fullmatch(name):
        raise ApiError("not-supported", f'"{name}" has no name in GraphQL: give it a custom one', path="$.args")
    return name
