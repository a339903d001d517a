"""The functions of an aggregate, over the rows of one alias."""

from __future__ import annotations

from nself.graphql import sql
from nself.graphql.plan.arguments import Leaf, flag
from nself.graphql.plan.context import Context
from nself.graphql.plan.output import output
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.schema.means import ColumnValue, Function, Part, RoleTable
from nself.graphql.types import EnumValue, named


def functions(ctx: Context, table: RoleTable, field: Selected, alias: str) -> sql.Expression:
    """`{count, sum {…}, …}`."""
    return sql.Json(tuple((one.key, _function(ctx, table, one, alias)) for one in fields_of(ctx, field)))


def _function(ctx: Context, table: RoleTable, field: Selected, alias: str) -> sql.Expression:
    match field.of and field.of.means:
        case None:
            return sql.Text(f"{table.name}_aggregate_fields")
        case Part.COUNT:
            return _count(ctx, field, alias)
        case Function() as function:
            return _columns(ctx, field, function, alias)
        case other:
            raise AssertionError(other)


def _count(ctx: Context, field: Selected, alias: str) -> sql.Expression:
    arguments = arguments_of(ctx, field)
    listed = arguments.get("columns")
    chosen = listed if isinstance(listed, list) else []
    columns: tuple[sql.Expression, ...] = tuple(
        sql.Column(alias, column.means.sql) for column in chosen if isinstance(column, EnumValue)
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


def _columns(ctx: Context, field: Selected, function: Function, alias: str) -> sql.Expression:
    assert field.of is not None
    name = named(field.of.type).name
    return sql.Json(tuple((one.key, _column(ctx, one, function, alias, name)) for one in fields_of(ctx, field)))


def _column(ctx: Context, one: Selected, function: Function, alias: str, type_name: str) -> sql.Expression:
    if one.of is None:
        return sql.Text(type_name)
    means = one.of.means
    assert isinstance(means, ColumnValue)
    call = sql.Call(function.name, (sql.Column(alias, means.column.sql),))
    return output(ctx, means.column.type, call) if function.keeps_type else call
