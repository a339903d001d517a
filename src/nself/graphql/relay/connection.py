"""A connection as one expression: a page of rows, a cursor for each, and what lies before and after the page."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from msgspec import Struct

from nself.graphql.language.scalars import INT, row_count
from nself.graphql.plan import choose, order, rows
from nself.graphql.plan.arguments import Coerced, Leaf
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.plan.where import where
from nself.graphql.relay import keys
from nself.graphql.relay.ids import encoded
from nself.graphql.relay.keys import Key, behind, keys_of, refuse_both
from nself.graphql.schema.means import RoleTable
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import all_of, to_sql
from nself.pg.catalog import Type

_NUMBER: Final = "relay.number"
_COUNT: Final = "relay.count"
_CURSOR: Final = "relay.cursor"


class Part(Enum):
    """Fields of a connection, of an edge, of `pageInfo`."""

    PAGE = auto()
    EDGES = auto()
    CURSOR = auto()
    NODE = auto()
    HAS_NEXT = auto()
    HAS_PREVIOUS = auto()
    START = auto()
    END = auto()


class _Page(Struct, frozen=True):
    """`size` is None for all rows; `backwards` counts from the end."""

    size: sql.Expression | None
    backwards: bool
    after: bool
    before: bool


def connection(ctx: Context, table: RoleTable, one: Selected, origin: choose.Origin) -> sql.Expression:
    arguments = arguments_of(ctx, one)
    refuse_both(arguments, "first", "last", one.path)
    refuse_both(arguments, "after", "before", one.path)
    page = _page(table, arguments)
    found = sql.Sub(_found(ctx, table, arguments, one.path, origin, page), ctx.aliases.next())
    kept = sql.Sub(_kept(found, page), ctx.aliases.next())
    pairs = tuple((field.key, _part(ctx, table, field, kept.alias, page)) for field in fields_of(ctx, one))
    return sql.Scalar(sql.Select(columns=((sql.Json(pairs), None),), source=kept))


def _page(table: RoleTable, arguments: dict[str, Coerced]) -> _Page:
    backwards = isinstance(arguments.get("last"), Leaf)
    asked = arguments.get("last" if backwards else "first")
    most = None if table.select.limit is None else sql.Number(table.select.limit)
    size: sql.Expression | None = most
    if isinstance(asked, Leaf):
        wanted = sql.Parameter(asked.source(row_count), INT)
        size = wanted if most is None else sql.Call("least", (wanted, most))
    return _Page(size, backwards, isinstance(arguments.get("after"), Leaf), isinstance(arguments.get("before"), Leaf))


def _found(
    ctx: Context, table: RoleTable, arguments: dict[str, Coerced], path: str, origin: choose.Origin, page: _Page
) -> sql.Select:
    """The rows of the page and one more, numbered as they come: backwards from the end."""
    alias = ctx.aliases.next()
    sorted_by = keys_of(ctx, table, arguments.get("order_by"), alias)
    orders = tuple(key.backwards() if page.backwards else key.order for key in sorted_by)
    condition = all_of(table.select.filter, where(ctx.schema, table, arguments.get("where")))
    mark = encoded(keys.cursor(sorted_by, [key.order.by for key in sorted_by]))
    chosen = sql.Select(
        columns=((sql.Star(alias), None), (mark, _CURSOR)),
        source=origin.source(table, alias),
        where=sql.both(
            origin.join(alias), to_sql(condition, alias, ctx.aliases), *_bounds(ctx, sorted_by, arguments, path)
        ),
        order=orders,
        distinct=order.distinct(ctx, table, arguments.get("distinct_on"), orders, alias, path),
        limit=None if page.size is None else sql.Infix(page.size, "+", sql.Number(1)),
    )
    inner = ctx.aliases.next()
    columns: tuple[tuple[sql.Expression, str | None], ...] = (
        (sql.Star(inner), None),
        (sql.Call("row_number", over=True), _NUMBER),
        (sql.Call("count", (sql.STAR,), over=True), _COUNT),
    )
    return sql.Select(columns=columns, source=sql.Sub(chosen, inner))


def _bounds(ctx: Context, sorted_by: Sequence[Key], arguments: dict[str, Coerced], path: str) -> list[sql.Expression]:
    found = []
    for name in ("after", "before"):
        asked = arguments.get(name)
        if isinstance(asked, Leaf):
            # The cursor's nulls decide what is compared: it becomes part of the plan.
            ctx.reusable = ctx.reusable and asked.variable is None
            found.append(behind(sorted_by, asked.value, f"{path}.args.{name}", before=name == "before"))
    return found


def _kept(found: sql.Sub, page: _Page) -> sql.Select:
    """Without the one more, and in the order asked for."""
    number = sql.Column(found.alias, _NUMBER)
    within = sql.TRUE if page.size is None else sql.Infix(number, "<=", page.size)
    way = sql.Order(number, "DESC" if page.backwards else "ASC")
    return sql.Select(columns=((sql.Star(found.alias), None),), source=found, where=within, order=(way,))


def _part(ctx: Context, table: RoleTable, field: Selected, alias: str, page: _Page) -> sql.Expression:
    match field.of and field.of.means:
        case None:
            return sql.Text(field.typename)
        case Part.EDGES:
            edge = sql.Json(tuple((one.key, _edge(ctx, table, one, alias)) for one in fields_of(ctx, field)))
            empty = sql.Cast(sql.Text("[]"), Type(name="json"))
            return sql.Call("coalesce", (sql.Call("json_agg", (edge,)), empty))
        case _:
            return sql.Json(tuple((one.key, _about(one, alias, page)) for one in fields_of(ctx, field)))


def _edge(ctx: Context, table: RoleTable, one: Selected, alias: str) -> sql.Expression:
    match one.of and one.of.means:
        case None:
            return sql.Text(one.typename)
        case Part.CURSOR:
            return sql.Column(alias, _CURSOR)
        case _:
            return sql.Json(tuple((f.key, rows.value(ctx, table, f, alias)) for f in fields_of(ctx, one)))


def _about(one: Selected, alias: str, page: _Page) -> sql.Expression:
    more = sql.FALSE if page.size is None else _more(alias, page.size)
    listed = sql.Call("array_agg", (sql.Column(alias, _CURSOR),))
    match one.of and one.of.means:
        case None:
            return sql.Text(one.typename)
        case Part.HAS_NEXT:
            return (sql.TRUE if page.before else sql.FALSE) if page.backwards else more
        case Part.HAS_PREVIOUS:
            return more if page.backwards else sql.TRUE if page.after else sql.FALSE
        case Part.START:
            return sql.Call("coalesce", (sql.Element(listed, 1), sql.Text("")))
        case _:
            return sql.Call("coalesce", (sql.Last(sql.Column(alias, _CURSOR)), sql.Text("")))


def _more(alias: str, size: sql.Expression) -> sql.Expression:
    found = sql.Call("max", (sql.Column(alias, _COUNT),))
    return sql.Call("coalesce", (sql.Infix(found, ">", size), sql.FALSE))
