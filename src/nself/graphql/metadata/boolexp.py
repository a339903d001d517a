"""Walking a permission's boolean expression: every column, relationship and table it names, each to keep or rename."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nself.graphql.metadata.model import BoolExp
from nself.pg.catalog import Name
from nself.records import dataclass

_LISTS = frozenset({"_and", "$and", "_or", "$or"})
_NOT = frozenset({"_not", "$not"})
_EXISTS = frozenset({"_exists", "$exists"})
_COMPARE_COLUMNS = frozenset(
    prefix + name for prefix in "_$" for name in ("ceq", "cne", "cneq", "cgt", "clt", "cgte", "clte")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Each function sees a name in its table's context and returns what to write in its place.

    `target(table, relationship)` is the table a relationship leads to, None if the table has no such relationship.
    """

    column: Callable[[Name, str], str]
    relationship: Callable[[Name, str], str]
    table: Callable[[Name], Name]
    target: Callable[[Name, str], Name | None]


def rewrite(expression: BoolExp, table: Name, visitor: Visitor) -> BoolExp:
    """The expression of a permission on `table`, with names replaced. The same walk serves to list them."""
    rewritten: BoolExp = _walk(expression, table, table, visitor)
    return rewritten


def _walk(expression: Any, table: Name, root: Name, visitor: Visitor) -> Any:
    if not isinstance(expression, Mapping):
        return expression
    out: dict[str, Any] = {}
    for key, value in expression.items():
        name, changed = _entry(key, value, table, root, visitor)
        out[name] = changed
    return out


def _entry(key: str, value: Any, table: Name, root: Name, visitor: Visitor) -> tuple[str, Any]:
    if key in _LISTS:
        return key, [_walk(item, table, root, visitor) for item in value] if isinstance(value, list) else value
    if key in _NOT:
        return key, _walk(value, table, root, visitor)
    if key in _EXISTS:
        return key, _exists(value, root, visitor)
    there = visitor.target(table, key)
    if there is not None:
        return visitor.relationship(table, key), _walk(value, there, root, visitor)
    counted = key.removesuffix("_aggregate")
    there = visitor.target(table, counted) if counted != key else None
    if there is not None:
        return f"{visitor.relationship(table, counted)}_aggregate", _aggregate(value, there, root, visitor)
    return visitor.column(table, key), _operators(value, table, root, visitor)


def _exists(value: Any, root: Name, visitor: Visitor) -> Any:
    named = value.get("_table") if isinstance(value, Mapping) else None
    there = _name(named)
    if there is None:
        return value
    renamed = visitor.table(there)
    where = _walk(value.get("_where", {}), there, root, visitor)
    return {**value, "_table": {"schema": renamed.schema, "name": renamed.name}, "_where": where}


def _aggregate(value: Any, table: Name, root: Name, visitor: Visitor) -> Any:
    if not isinstance(value, Mapping):
        return value
    out = {}
    for function, wanted in value.items():
        changed = dict(wanted) if isinstance(wanted, Mapping) else {}
        if "filter" in changed:
            changed["filter"] = _walk(changed["filter"], table, root, visitor)
        match changed.get("arguments"):
            case list() as columns:
                changed["arguments"] = [visitor.column(table, column) for column in columns]
            case str() as column:
                changed["arguments"] = visitor.column(table, column)
        out[function] = changed
    return out


def _operators(value: Any, table: Name, root: Name, visitor: Visitor) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        operator: _compared(operand, table, root, visitor) if operator in _COMPARE_COLUMNS else operand
        for operator, operand in value.items()
    }


def _compared(operand: Any, table: Name, root: Name, visitor: Visitor) -> Any:
    """A column of the same table, or `["$", column]` of the table that the permission belongs to."""
    match operand:
        case str():
            return visitor.column(table, operand)
        case [str() as column]:
            return [visitor.column(table, column)]
        case ["$", str() as column]:
            return ["$", visitor.column(root, column)]
        case _:
            return operand


def _name(value: Any) -> Name | None:
    match value:
        case str():
            return Name("public", value)
        case {"schema": str() as schema, "name": str() as name}:
            return Name(schema, name)
        case {"name": str() as name}:
            return Name("public", name)
        case _:
            return None
