"""`where` and `order_by` of the row commands of /v1/query, in either spelling, as GraphQL's inputs."""

from __future__ import annotations

from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata.graphql_names import Names
from nself.graphql.metadata.reader import Reader
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.of_commands import COLUMN, OTHER, ROOT
from nself.graphql.sql.operators import COMPARE_COLUMNS
from nself.records import dataclass

_CONNECTIVES = {prefix + name: f"_{name}" for prefix in "$_" for name in ("and", "or", "not", "exists")}
_ALIASES = {"_ne": "_neq"}
_DIRECTIONS = ("asc", "desc")
_NULLS = ("first", "last")


def condition(names: Names, table: RoleTable, where: Reader) -> dict[str, Any]:
    """A boolean expression in either spelling (`$gt`, `_gt`, a bare value) as GraphQL's input of it."""
    return _Where(names, table).condition(table, where)


def ordering(names: Names, table: RoleTable, order: Reader) -> list[dict[str, Any]]:
    """`"+id"`, `"-author.id"`, `{column, type, nulls}`, or a list of these."""
    items = order.items() if isinstance(order.value, list) else [order]
    return [_ordered(names, table, item) for item in items]


@dataclass(frozen=True, slots=True)
class _Where:
    """`root` is the table whose rows are asked for: `["$", column]` is one of its columns, however deep it stands."""

    names: Names
    root: RoleTable

    def condition(self, table: RoleTable, where: Reader) -> dict[str, Any]:
        terms = [self.term(table, where.at(key), key) for key in where.object()]
        merged = {key: value for term in terms for key, value in term.items()}
        return merged if len(merged) == sum(map(len, terms)) else {"_and": terms}

    def term(self, table: RoleTable, value: Reader, key: str) -> dict[str, Any]:
        match _CONNECTIVES.get(key):
            case "_not":
                return {"_not": self.condition(table, value)}
            case "_exists":
                return {"_exists": self.exists(value)}
            case str() as connective:
                return {connective: [self.condition(table, item) for item in value.items()]}
        related = self.names.relationship(table, key)
        if related is not None:
            return {related[0].name: self.condition(related[1], value)}
        column = self.names.column(table, key, "select", path=f"$.args{value.path}")
        if not isinstance(value.value, dict):
            return {column: _comparison("_eq", value.value)}
        return self.tests(table, column, value)

    def exists(self, value: Reader) -> dict[str, Any]:
        target = self.names.table(value.at("_table").qualified(), "select")
        return {self.names.member(target): self.condition(target, value.at("_where"))}

    def tests(self, table: RoleTable, column: str, value: Reader) -> dict[str, Any]:
        """Comparisons with values stand below the column, those with other columns beside it."""
        given = {_plain(operator): value.at(operator) for operator in value.object()}
        found: dict[str, Any] = {
            operator: [{COLUMN: column, **self.other(table, operand)}]
            for operator, operand in given.items()
            if operator in COMPARE_COLUMNS
        }
        compared = {name: operand.value for name, operand in given.items() if name not in COMPARE_COLUMNS}
        return found | ({column: _tests(compared)} if compared or not found else {})

    def other(self, table: RoleTable, operand: Reader) -> dict[str, Any]:
        """The right side of a comparison of columns."""
        match operand.value:
            case str() as name:
                return {OTHER: self.names.column(table, name, "select", path=f"$.args{operand.path}")}
            case [str() as name]:
                return {OTHER: self.names.column(table, name, "select", path=f"$.args{operand.path}")}
            case ["$", str() as name]:
                column = self.names.column(self.root, name, "select", path=f"$.args{operand.path}[1]")
                return {ROOT: {self.names.member(self.root): column}}
            case _:
                message = "columns of other rows than these and those asked for cannot be compared with"
                raise ApiError("not-supported", message, path=f"$.args{operand.path}")


def _plain(operator: str) -> str:
    """`$eq` and `_eq` are one operator."""
    return operator.replace("$", "_", 1) if operator.startswith("$") else operator


def _tests(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operator, operand in given.items():
        found |= _comparison(_plain(operator), operand)
    return found


def _comparison(operator: str, operand: Any) -> dict[str, Any]:
    operator = _ALIASES.get(operator, operator)
    if operand is None and operator in ("_eq", "_neq"):
        return {"_is_null": operator == "_eq"}
    if operator == "_cast" and isinstance(operand, dict):
        return {operator: {to: _tests(tests) if isinstance(tests, dict) else tests for to, tests in operand.items()}}
    return {operator: operand}


def _ordered(names: Names, table: RoleTable, item: Reader) -> dict[str, Any]:
    if isinstance(item.value, str):
        name = item.name()
        direction = "desc" if name.startswith("-") else "asc"
        return _along(names, table, name.lstrip("+-"), direction, item)
    given, nulls = item.get("type"), item.get("nulls")
    direction = _one_of(given, _DIRECTIONS) if given else "asc"
    if nulls:
        direction += f"_nulls_{_one_of(nulls, _NULLS)}"
    return _along(names, table, item.at("column").name(), direction, item)


def _one_of(reader: Reader, allowed: tuple[str, ...]) -> str:
    word = reader.text().lower()
    if word not in allowed:
        reader.fail(f"expected one of {', '.join(allowed)}, encountered {reader.value}")
    return word


def _along(names: Names, table: RoleTable, path: str, direction: str, item: Reader) -> dict[str, Any]:
    """`author.name` goes through a relationship."""
    first, _, rest = path.partition(".")
    if not rest:
        return {names.column(table, first, "select", path=f"$.args{item.path}"): direction}
    related = names.relationship(table, first)
    if related is None:
        raise ApiError("not-exists", f'"{first}" does not exist', path=f"$.args{item.path}")
    return {related[0].name: _along(names, related[1], rest, direction, item)}
