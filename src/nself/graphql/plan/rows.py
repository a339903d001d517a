"""Rows of a table as JSON: the selection of one table, and of all that hangs on it, as one expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nself.graphql import sql
from nself.graphql.conditions import all_of, joined, to_sql
from nself.graphql.plan import order
from nself.graphql.plan.arguments import Coerced, Leaf, source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.plan.where import where
from nself.graphql.scalars import INT, STRINGIFIED, TEXT, json_path, row_count, row_offset
from nself.graphql.schema.means import ColumnValue, RelatedAggregate, RelatedRow, RelatedRows, RoleTable
from nself.graphql.schema.tables import TableColumn
from nself.pg.catalog import Type

_TEXTS: Final = Type(name="text", array=True)
_BIGINT: Final = Type(name="int8")
_NAME_BYTES: Final = 63
"""PostgreSQL cuts longer column names, a response key must not be cut."""
_OBJECT: Final = "row.json"

Join = Callable[[str], sql.Expression]
"""Given the alias of a table, the condition that ties its rows to what they belong to."""


def everywhere(alias: str) -> sql.Expression:
    return sql.TRUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which rows: the sources of a select, all below one alias."""

    alias: str
    select: sql.Select


def many(ctx: Context, table: RoleTable, one: Selected, join: Join) -> sql.Expression:
    """The rows a list field asks for, as a JSON array."""
    return as_list(ctx, table, fields_of(ctx, one), chosen(ctx, table, arguments_of(ctx, one), one.path, join))


def as_list(ctx: Context, table: RoleTable, fields: Sequence[Selected], rows: Chosen) -> sql.Expression:
    row, select = _rows_of(ctx, table, fields, rows)
    listed = sql.Call("coalesce", (sql.Call("json_agg", (row,)), sql.Cast(sql.Text("[]"), Type(name="json"))))
    return sql.Scalar(sql.Select(columns=((listed, None),), source=select))


def single(ctx: Context, table: RoleTable, fields: Sequence[Selected], rows: Chosen) -> sql.Expression:
    """The one row there is as a JSON object, null when there is none."""
    row, select = _rows_of(ctx, table, fields, rows)
    value = sql.Call("row_to_json", (row,)) if isinstance(row, sql.Whole) else row
    return sql.Scalar(sql.Select(columns=((value, None),), source=select))


def _rows_of(
    ctx: Context, table: RoleTable, fields: Sequence[Selected], rows: Chosen
) -> tuple[sql.Expression, sql.Sub]:
    """Each row as one value, and where it comes from.

    What is computed per row (related rows above all) must be computed for the rows that are kept only: where rows are
    cut off, choosing them is a subselect of its own.
    """
    if _cuts(rows.select) and any(one.of and not isinstance(one.of.means, ColumnValue) for one in fields):
        kept = sql.Sub(selecting(rows, ((sql.Star(rows.alias), None),)), ctx.aliases.next())
        rows = Chosen(alias=kept.alias, select=sql.Select(columns=(), source=kept))
    pairs = [(one.key, value(ctx, table, one, rows.alias)) for one in fields]
    name = ctx.aliases.next("r")
    if any(len(key) > _NAME_BYTES for key, _ in pairs):
        return sql.Column(name, _OBJECT), sql.Sub(selecting(rows, ((sql.Json(tuple(pairs)), _OBJECT),)), name)
    return sql.Whole(name), sql.Sub(selecting(rows, tuple((value, key) for key, value in pairs)), name)


def _cuts(select: sql.Select) -> bool:
    return select.limit is not None or select.offset is not None or bool(select.distinct)


def selecting(rows: Chosen, columns: tuple[tuple[sql.Expression, str | None], ...]) -> sql.Select:
    select = rows.select
    return sql.Select(
        columns=columns,
        source=select.source,
        where=select.where,
        distinct=select.distinct,
        order=select.order,
        limit=select.limit,
        offset=select.offset,
    )


def value(ctx: Context, table: RoleTable, one: Selected, alias: str) -> sql.Expression:
    """One field of a row of `alias`."""
    if one.of is None:
        return sql.Text(table.name)
    match one.of.means:
        case ColumnValue(column):
            return column_value(ctx, one, column, sql.Column(alias, column.sql))
        case RelatedRow(relation, target):
            there = ctx.aliases.next()
            select = sql.Select(
                columns=(),
                source=sql.Table(relation.target, there),
                where=sql.both(
                    joined(relation.mapping, alias, there), to_sql(all_of(target.select.filter), there, ctx.aliases)
                ),
                limit=None if relation.unique else sql.Number(1),
            )
            return single(ctx, target, fields_of(ctx, one), Chosen(alias=there, select=select))
        case RelatedRows(relation, target):
            return many(ctx, target, one, lambda there: joined(relation.mapping, alias, there))
        case RelatedAggregate(relation, target):
            from nself.graphql.plan.aggregate import aggregate

            return aggregate(ctx, target, one, lambda there: joined(relation.mapping, alias, there))
        case other:
            raise AssertionError(other)


def column_value(ctx: Context, one: Selected, column: TableColumn, at: sql.Expression) -> sql.Expression:
    path = arguments_of(ctx, one).get("path")
    if isinstance(path, Leaf):
        return sql.Infix(at, "#>", sql.Parameter(path.source(json_path), _TEXTS))
    return output(ctx, column.type, at)


def output(ctx: Context, type_: Type, at: sql.Expression) -> sql.Expression:
    """A value as the answer shows it."""
    if type_.name in {"geometry", "geography"} and not type_.array:
        shown = sql.Call("ST_AsGeoJSON", (at, sql.Number(15), sql.Number(4)))
        return sql.Cast(shown, Type(name="json"))
    if ctx.stringify_numerics and type_.name in STRINGIFIED:
        return sql.Cast(at, _TEXTS if type_.array else TEXT)
    return at


def chosen(ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str, join: Join) -> Chosen:
    """The rows that the arguments and the role's rules leave, limited as both say."""
    return _chosen(ctx, table, arguments, path, join, table.select.limit)


def chosen_unlimited(ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str, join: Join) -> Chosen:
    """The same without the role's limit, which bounds what is shown and not what is counted."""
    return _chosen(ctx, table, arguments, path, join, None)


def _chosen(
    ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str, join: Join, most: int | None
) -> Chosen:
    alias = ctx.aliases.next()
    condition = all_of(table.select.filter, where(ctx.schema, table, arguments.get("where")))
    sorts = order.orders(ctx, table, arguments.get("order_by"), alias)
    select = sql.Select(
        columns=(),
        source=sql.Table(table.model.table.name, alias),
        where=sql.both(join(alias), to_sql(condition, alias, ctx.aliases)),
        order=sorts,
        distinct=order.distinct(arguments.get("distinct_on"), sorts, alias, path),
        limit=_limit(arguments.get("limit"), most),
        offset=_offset(arguments.get("offset")),
    )
    return Chosen(alias=alias, select=select)


def _limit(asked: Coerced, most: int | None) -> sql.Expression | None:
    allowed = None if most is None else sql.Number(most)
    if not isinstance(asked, Leaf):
        return allowed
    wanted = sql.Parameter(asked.source(row_count), INT)
    return wanted if allowed is None else sql.Call("least", (wanted, allowed))


def _offset(asked: Coerced) -> sql.Expression | None:
    return sql.Parameter(asked.source(row_offset), _BIGINT) if isinstance(asked, Leaf) else None


def by_key(ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced]) -> Chosen:
    """The row with this primary key, if the role may see it."""
    alias = ctx.aliases.next()
    return Chosen(
        alias=alias,
        select=sql.Select(
            columns=(),
            source=sql.Table(table.model.table.name, alias),
            where=sql.both(key_is(table, arguments, alias), to_sql(table.select.filter, alias, ctx.aliases)),
        ),
    )


def key_is(table: RoleTable, values: Mapping[str, Coerced], alias: str) -> sql.Expression:
    return sql.both(
        *(
            sql.Infix(sql.Column(alias, column.sql), "=", sql.Parameter(source_of(values[column.name]), column.type))
            for column in table.model.primary_key
        )
    )
