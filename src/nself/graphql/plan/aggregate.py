"""The functions of an aggregate, over the rows of one alias."""

from __future__ import annotations

from nself.graphql.language.types import EnumValue, named
from nself.graphql.plan.arguments import Leaf, flag
from nself.graphql.plan.context import Context
from nself.graphql.plan.output import output, spelled
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.schema.means import ColumnValue, ComputedValue, Function, Part, RoleTable
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import cell_sql


def functions(ctx: Context, table: RoleTable, field: Selected, alias: str) -> sql.Expression:
    """`{count, sum {…}, …}`."""
    return sql.Json(tuple((one.key, _function(ctx, table, one, alias)) for one in fields_of(ctx, field)))


def _function(ctx: Context, table: RoleTable, field: Selected, alias: str) -> sql.Expression:
    match field.of and field.of.means:
        case None:
            return sql.Text(field.typename)
        case Part.COUNT:
            return _count(ctx, table, field, alias)
        case Function() as function:
            return _columns(ctx, table, field, function, alias)
        case other:
            raise AssertionError(other)


def _count(ctx: Context, table: RoleTable, field: Selected, alias: str) -> sql.Expression:
    arguments = arguments_of(ctx, field)
    listed = arguments.get("columns")
    chosen = listed if isinstance(listed, list) else []
    columns: tuple[sql.Expression, ...] = tuple(
        cell_sql(table.cell(column.means), alias, ctx.aliases) for column in chosen if isinstance(column, EnumValue)
    )
    distinct = arguments.get("distinct")
    unique = isinstance(distinct, Leaf) and flag(distinct)
    if not columns:
        return sql.Call("count", (sql.STAR,))
    if len(columns) > 1:
        return _count_of_several(columns, unique=unique)
    return sql.Call("count", columns, distinct=unique)


def _count_of_several(columns: tuple[sql.Expression, ...], *, unique: bool) -> sql.Expression:
    """Rows in which none of the columns is null, as COUNT of one column leaves nulls out."""
    present = sql.both(*(sql.Not(sql.Null(column)) for column in columns))
    return sql.Call("count", (sql.Record(columns),), distinct=unique, where=present)


def _columns(ctx: Context, table: RoleTable, field: Selected, function: Function, alias: str) -> sql.Expression:
    assert field.of is not None
    name = named(field.of.type).name
    pairs = []
    for one in fields_of(ctx, field):
        shown = sql.Text(name) if one.of is None else _column(ctx, table, one, function, alias)
        pairs.append((one.key, shown))
    return sql.Json(tuple(pairs))


def _column(ctx: Context, table: RoleTable, one: Selected, function: Function, alias: str) -> sql.Expression:
    means = one.of and one.of.means
    assert isinstance(means, ColumnValue | ComputedValue)
    of = means.column if isinstance(means, ColumnValue) else means.field
    call = sql.Call(function.name, (cell_sql(table.cell(of), alias, ctx.aliases),))
    return spelled(one, output(ctx, of.type, call)) if function.keeps_type else call
