"""Rows of a table as JSON: the selection of one table, and of all that hangs on it, as one expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nself.graphql.joins import promise
from nself.graphql.plan import choose
from nself.graphql.plan.aggregate import functions
from nself.graphql.plan.call import called
from nself.graphql.plan.context import Context
from nself.graphql.plan.output import shown_value
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.schema.means import (
    ColumnValue,
    ComputedRows,
    ComputedValue,
    Part,
    Promised,
    RelatedAggregate,
    RelatedRow,
    RelatedRows,
    RoleTable,
    RowValue,
)
from nself.graphql.schema.tables import Relation, TableColumn
from nself.graphql.sql import tree as sql
from nself.graphql.sql.calls import row_of
from nself.graphql.sql.conditions import all_of, cell_sql, joined, to_sql
from nself.pg.catalog import Type

_NAME_BYTES: Final = 63
"""PostgreSQL cuts longer column names, a response key must not be cut."""
_OBJECT: Final = "row.json"


def many(ctx: Context, table: RoleTable, one: Selected, origin: choose.Origin) -> sql.Expression:
    """The rows a list field asks for, as a JSON array."""
    chosen = choose.chosen(ctx, table, arguments_of(ctx, one), one.path, origin)
    return as_list(ctx, table, fields_of(ctx, one), chosen)


def as_list(ctx: Context, table: RoleTable, fields: Sequence[Selected], rows: choose.Chosen) -> sql.Expression:
    row, select = _rows_of(ctx, table, fields, rows)
    listed = sql.Call("coalesce", (sql.Call("json_agg", (row,)), sql.Cast(sql.Text("[]"), Type(name="json"))))
    return sql.Scalar(sql.Select(columns=((listed, None),), source=select))


def single(ctx: Context, table: RoleTable, fields: Sequence[Selected], rows: choose.Chosen) -> sql.Expression:
    """The one row there is as a JSON object, null when there is none."""
    row, select = _rows_of(ctx, table, fields, rows)
    value = sql.Call("row_to_json", (row,)) if isinstance(row, sql.Whole) else row
    return sql.Scalar(sql.Select(columns=((value, None),), source=select))


def _rows_of(
    ctx: Context, table: RoleTable, fields: Sequence[Selected], rows: choose.Chosen
) -> tuple[sql.Expression, sql.Sub]:
    """Each row as one value, and where it comes from.

    What is computed per row (related rows above all) must be computed for the rows that are kept only: where rows are
    cut off, choosing them is a subselect of its own.
    """
    if choose.cuts(rows.select) and any(one.of and not isinstance(one.of.means, ColumnValue) for one in fields):
        kept = sql.Sub(choose.selecting(rows, ((sql.Star(rows.alias), None),)), ctx.aliases.next())
        rows = choose.Chosen(alias=kept.alias, select=sql.Select(columns=(), source=kept))
    pairs = [(one.key, value(ctx, table, one, rows.alias)) for one in fields]
    name = ctx.aliases.next("r")
    if any(len(key) > _NAME_BYTES for key, _ in pairs):
        return sql.Column(name, _OBJECT), sql.Sub(choose.selecting(rows, ((sql.Json(tuple(pairs)), _OBJECT),)), name)
    return sql.Whole(name), sql.Sub(choose.selecting(rows, tuple((value, key) for key, value in pairs)), name)


def value(ctx: Context, table: RoleTable, one: Selected, alias: str) -> sql.Expression:
    """One field of a row of `alias`."""
    if one.of is None:
        return sql.Text(one.typename)
    match one.of.means:
        case ColumnValue(column):
            return shown_value(ctx, one, column.type, cell_sql(table.cell(column), alias, ctx.aliases))
        case ComputedValue(computed):
            cell = table.cell(computed, called(ctx, computed.routine, one))
            return shown_value(ctx, one, computed.type, cell_sql(cell, alias, ctx.aliases))
        case ComputedRows(computed, target):
            call = called(ctx, computed.routine, one).on(alias)
            return many(ctx, target, one, choose.Origin(rows=lambda there: sql.Invoked(call, there)))
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
            return single(ctx, target, fields_of(ctx, one), choose.Chosen(alias=there, select=select))
        case RelatedRows(relation, target):
            return many(ctx, target, one, _tied(relation, alias))
        case RelatedAggregate(relation, target):
            return aggregate(ctx, target, one, _tied(relation, alias))
        case RowValue(read):
            return read(ctx, one, alias)
        case Promised(columns, plan):
            promise(ctx, one, plan(ctx, one))
            return _key(ctx, table, columns, alias)
        case other:
            raise AssertionError(other)


def _key(ctx: Context, table: RoleTable, columns: Sequence[TableColumn], alias: str) -> sql.Expression:
    """What a join is asked with. Who has no value somewhere is not asked about, nor is who hides it."""
    parts = tuple(cell_sql(table.cell(column), alias, ctx.aliases) for column in columns)
    unknown = sql.AnyOf(tuple(sql.Null(part) for part in parts))
    return sql.When(unknown, sql.NULL, sql.Call("json_build_array", parts))


def _tied(relation: Relation, alias: str) -> choose.Origin:
    return choose.Origin(lambda there: joined(relation.mapping, alias, there))


def aggregate(ctx: Context, table: RoleTable, one: Selected, origin: choose.Origin) -> sql.Expression:
    """`{aggregate, nodes}` over the same rows. The role's limit bounds the nodes only."""
    arguments = arguments_of(ctx, one)
    fields = fields_of(ctx, one)
    parts = []
    chosen = choose.chosen_unlimited(ctx, table, arguments, one.path, origin)
    name = ctx.aliases.next("a")
    nodes = [field for field in fields if field.of and field.of.means is Part.NODES]
    limit = table.select.limit
    source = _numbered(ctx, table, chosen, name, numbered=bool(nodes) and limit is not None)
    for field in fields:
        parts.append((field.key, _part(ctx, table, field, name, limit)))
    return sql.Scalar(sql.Select(columns=((sql.Json(tuple(parts)), None),), source=source, together=True))


_ROW: Final = "row"
_ROW_NUMBER: Final = "row.number"
_NUMBERS: Final = ".numbered"


def _numbered(ctx: Context, table: RoleTable, chosen: choose.Chosen, name: str, *, numbered: bool) -> sql.From:
    """The rows under `name`; their numbers stand beside, so that a row remains one of its table."""
    inner = choose.selecting(chosen, ((sql.Star(chosen.alias), None),))
    if not numbered:
        return sql.Sub(inner, name)
    ordered = ctx.aliases.next()
    whole = row_of(table.model.table.name, ordered)
    columns = ((whole, _ROW), (sql.Call("row_number", over=True), _ROW_NUMBER))
    numbers = sql.Sub(sql.Select(columns=columns, source=sql.Sub(inner, ordered)), f"{name}{_NUMBERS}")
    members = sql.Select(columns=((sql.Members(sql.Column(numbers.alias, _ROW)), None),))
    return sql.Beside(numbers, sql.Sub(members, name))


def _part(ctx: Context, table: RoleTable, field: Selected, alias: str, limit: int | None) -> sql.Expression:
    match field.of and field.of.means:
        case None:
            return sql.Text(field.typename)
        case Part.NODES:
            return _nodes(ctx, table, field, alias, limit)
        case Part.AGGREGATE:
            return functions(ctx, table, field, alias)
        case other:
            raise AssertionError(other)


def _nodes(ctx: Context, table: RoleTable, field: Selected, alias: str, limit: int | None) -> sql.Expression:
    fields = fields_of(ctx, field)
    node = sql.Json(tuple((one.key, value(ctx, table, one, alias)) for one in fields))
    first = None
    if limit is not None:
        first = sql.Infix(sql.Column(f"{alias}{_NUMBERS}", _ROW_NUMBER), "<=", sql.Number(limit))
    listed = sql.Call("json_agg", (node,), where=first)
    return sql.Call("coalesce", (listed, sql.Cast(sql.Text("[]"), Type(name="json"))))
