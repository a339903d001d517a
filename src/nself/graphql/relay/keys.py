"""What a connection is sorted by, how that makes a cursor, and which rows are behind one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString

import msgspec
from msgspec import Struct

from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import anything, invalid
from nself.graphql.language.types import EnumValue
from nself.graphql.plan import order
from nself.graphql.plan.arguments import Coerced
from nself.graphql.plan.context import Context
from nself.graphql.relay.ids import decoded
from nself.graphql.schema.means import RoleTable
from nself.graphql.sql import tree as sql
from nself.graphql.sql.values import Constant
from nself.pg.catalog import Type

_AGGREGATE: Final = "_aggregate"
_COUNT: Final = Type(name="int8")
_SUM: Final = Type(name="numeric")
_MEAN: Final = Type(name="float8")


class Key(Struct, frozen=True):
    """One sort key: where its value stands in the cursor's JSON."""

    at: tuple[str, ...]
    order: sql.Order
    type: Type

    @property
    def descending(self) -> bool:
        return self.order.direction.startswith("DESC")

    @property
    def nulls_first(self) -> bool:
        return self.order.direction.endswith("FIRST")

    def backwards(self) -> sql.Order:
        return sql.Order(self.order.by, _BACKWARDS[self.order.direction])


_BACKWARDS: Final[dict[LiteralString, LiteralString]] = {
    "ASC NULLS LAST": "DESC NULLS FIRST",
    "ASC NULLS FIRST": "DESC NULLS LAST",
    "DESC NULLS FIRST": "ASC NULLS LAST",
    "DESC NULLS LAST": "ASC NULLS FIRST",
}


def keys_of(ctx: Context, table: RoleTable, value: Coerced, alias: str) -> list[Key]:
    """As asked, then by the primary key: so every row has a place of its own."""
    found: dict[tuple[str, ...], Key] = {}
    for item in value if isinstance(value, list) else [value]:
        for at, direction in _leaves(item, ()):
            (asked,) = order.orders(ctx, table, _nested(at, direction), alias)
            found.setdefault(at, Key(at, asked, _type(ctx, table, at)))
    for column in table.model.primary_key:
        by = sql.Order(sql.Column(alias, column.sql), "ASC NULLS LAST")
        found.setdefault((column.name,), Key((column.name,), by, column.type))
    return list(found.values())


def cursor(keys: Sequence[Key], values: Sequence[sql.Expression]) -> sql.Json:
    """The JSON of a cursor: the values of the keys, nested as in `order_by`."""
    tree: dict[str, Any] = {}
    for key, value in zip(keys, values, strict=True):
        inner = tree
        for step in key.at[:-1]:
            inner = inner.setdefault(step, {})
        inner[key.at[-1]] = value
    return _json(tree)


def behind(keys: Sequence[Key], text: Any, path: str, *, before: bool) -> sql.Expression:
    """The rows after a cursor, or before it."""
    values = _values(keys, text, path)
    ways: list[sql.Expression] = []
    for number, key in enumerate(keys):
        same = (_same(other, value) for other, value in zip(keys[:number], values, strict=False))
        ways.append(sql.both(*same, _beyond(key, values[number], before=before)))
    return sql.AnyOf(tuple(ways))


def _leaves(value: Coerced, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], EnumValue]]:
    for name, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, EnumValue):
            yield (*at, name), item
        else:
            yield from _leaves(item, (*at, name))


def _nested(at: Sequence[str], leaf: Coerced) -> Coerced:
    for step in reversed(at):
        leaf = {step: leaf}
    return leaf


def _type(ctx: Context, table: RoleTable, at: tuple[str, ...]) -> Type:
    """What the value of a sort key is, to read it back from a cursor."""
    first, *rest = at
    if not rest:
        known = table.model.columns.get(first) or table.model.computed[first]
        return known.type  # type: ignore[union-attr]  # computed fields of rows are no sort keys
    relation = table.model.relations.get(first)
    if relation is not None and not relation.many:
        return _type(ctx, ctx.schema.related(relation), tuple(rest))
    if rest[0] == "count":
        return _COUNT
    if rest[0] in ("min", "max"):
        counted = table.model.relations[first.removesuffix(_AGGREGATE)]
        return _type(ctx, ctx.schema.related(counted), (rest[1],))
    return _SUM if rest[0] == "sum" else _MEAN


def _json(tree: dict[str, Any]) -> sql.Json:
    return sql.Json(tuple((name, _json(item) if isinstance(item, dict) else item) for name, item in tree.items()))


def _values(keys: Sequence[Key], text: Any, path: str) -> list[str | None]:
    try:
        found = decoded(text)
        return [_text(_value_at(found, key.at), path) for key in keys]
    except (ValueError, LookupError, TypeError) as error:
        raise ApiError("validation-failed", "the cursor does not belong to this order of rows", path=path) from error


def _value_at(found: Any, at: Sequence[str]) -> Any:
    for step in at:
        found = found[step]
    return found


def _text(value: Any, path: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return anything(value, path)


def _same(key: Key, value: str | None) -> sql.Expression:
    if value is None:
        return sql.Null(key.order.by)
    return sql.Infix(key.order.by, "=", sql.Parameter(Constant(value), key.type))


def _beyond(key: Key, value: str | None, *, before: bool) -> sql.Expression:
    nulls_first = key.nulls_first != before
    if value is None:
        return sql.Not(sql.Null(key.order.by)) if nulls_first else sql.FALSE
    symbol: LiteralString = "<" if key.descending != before else ">"
    further = sql.Infix(key.order.by, symbol, sql.Parameter(Constant(value), key.type))
    return further if nulls_first else sql.AnyOf((further, sql.Null(key.order.by)))


def refuse_both(arguments: dict[str, Coerced], one: str, other: str, path: str) -> None:
    if arguments.get(one) is not None and arguments.get(other) is not None:
        raise invalid(f'"{one}" and "{other}" are not allowed at once', f"{path}.args")
