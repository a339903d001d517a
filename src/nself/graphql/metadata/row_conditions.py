"""`where` and `order_by` of the row commands of /v1/query, in either spelling, as GraphQL's inputs."""

from __future__ import annotations

from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata.graphql_names import Names
from nself.graphql.metadata.reader import Reader
from nself.graphql.schema.means import RoleTable

_CONNECTIVES = {"$and": "_and", "_and": "_and", "$or": "_or", "_or": "_or", "$not": "_not", "_not": "_not"}
_ALIASES = {"_ne": "_neq"}
_DIRECTIONS = ("asc", "desc")
_NULLS = ("first", "last")


def condition(names: Names, table: RoleTable, where: Reader) -> dict[str, Any]:
    """A boolean expression in either spelling (`$gt`, `_gt`, a bare value) as GraphQL's input of it."""
    return dict(_term(names, table, where.at(key), key) for key in where.object())


def ordering(names: Names, table: RoleTable, order: Reader) -> list[dict[str, Any]]:
    """`"+id"`, `"-author.id"`, `{column, type, nulls}`, or a list of these."""
    items = order.items() if isinstance(order.value, list) else [order]
    return [_ordered(names, table, item) for item in items]


def _term(names: Names, table: RoleTable, value: Reader, key: str) -> tuple[str, Any]:
    match _CONNECTIVES.get(key):
        case "_not":
            return "_not", condition(names, table, value)
        case str() as connective:
            return connective, [condition(names, table, item) for item in value.items()]
    related = names.relationship(table, key)
    if related is not None:
        return related[0].name, condition(names, related[1], value)
    column = names.column(table, key, "select", path=f"$.args{value.path}")
    if not isinstance(value.value, dict):
        return column, _comparison("_eq", value.value)
    return column, _tests(value.value)


def _tests(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operator, operand in given.items():
        found |= _comparison(operator.replace("$", "_", 1) if operator.startswith("$") else operator, operand)
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
