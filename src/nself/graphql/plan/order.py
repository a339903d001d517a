"""`order_by` and `distinct_on` -> sort keys. Keys from related tables are subselects, under the role's filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from nself.graphql.language.scalars import invalid
from nself.graphql.language.types import EnumValue, InputField, members
from nself.graphql.plan.arguments import Coerced
from nself.graphql.plan.context import Context
from nself.graphql.schema.computed import ScalarField
from nself.graphql.schema.means import ComputedAggregate, Function, Part, RelatedAggregate, RelatedRow, RoleTable
from nself.graphql.schema.ordering import aggregate_order_by, order_by
from nself.graphql.schema.tables import Relation, TableColumn
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import cell_sql, joined, to_sql


def orders(ctx: Context, table: RoleTable, value: Coerced, alias: str) -> tuple[sql.Order, ...]:
    """In the order written: keys of an object, objects of a list. Nulls are left out."""
    items = value if isinstance(value, list) else [value]
    return tuple(order for item in items for order in _object(ctx, table, item, alias))


def _object(ctx: Context, table: RoleTable, value: Coerced, alias: str) -> Iterator[sql.Order]:
    if value is None:
        return
    assert isinstance(value, dict)
    fields = order_by(ctx.schema, table).fields
    for name, item in value.items():
        if item is not None:
            yield from _entry(ctx, table, fields[name], item, alias)


def _entry(ctx: Context, table: RoleTable, field: InputField, value: Coerced, alias: str) -> Iterator[sql.Order]:
    match field.means:
        case TableColumn() | ScalarField() as of:
            yield _order(cell_sql(table.cell(of), alias, ctx.aliases), value)
        case RelatedRow(relation, target):
            there, single = ctx.aliases.next(), not relation.unique
            for order in _object(ctx, target, value, there):
                value_there = _there(ctx, _joined(relation, target, alias, there), target, order.by, single=single)
                yield sql.Order(value_there, order.direction)
        case RelatedAggregate(relation, target):
            yield from _aggregate(ctx, target, value, lambda there: _joined(relation, target, alias, there))
        case ComputedAggregate(rows, target):
            call = rows.routine.call().on(alias)
            yield from _aggregate(ctx, target, value, lambda there: _From(sql.Invoked(call, there), there))
        case other:
            raise AssertionError(other)


def _order(by: sql.Expression, value: Coerced) -> sql.Order:
    assert isinstance(value, EnumValue)
    return sql.Order(by, value.means)


class _From(Struct, frozen=True):
    """Other rows that hang on a row."""

    source: sql.From
    alias: str
    join: sql.Expression = sql.TRUE


def _joined(relation: Relation, target: RoleTable, here: str, there: str) -> _From:
    return _From(sql.Table(target.model.table.name, there), there, joined(relation.mapping, here, there))


def _there(
    ctx: Context, rows: _From, target: RoleTable, value: sql.Expression, *, single: bool = False
) -> sql.Expression:
    """A value from the one row that the role may see, or from all of them for an aggregate."""
    return sql.Scalar(
        sql.Select(
            columns=((value, None),),
            source=rows.source,
            where=sql.both(rows.join, to_sql(target.select.filter, rows.alias, ctx.aliases)),
            limit=sql.Number(1) if single else None,
        )
    )


def _aggregate(ctx: Context, target: RoleTable, value: Coerced, at: Callable[[str], _From]) -> Iterator[sql.Order]:
    assert isinstance(value, dict)
    fields = aggregate_order_by(ctx.schema, target).fields
    for name, item in value.items():
        if item is None:
            continue
        match fields[name].means:
            case Part.COUNT:
                rows = at(ctx.aliases.next())
                yield _order(_there(ctx, rows, target, sql.Call("count", (sql.STAR,))), item)
            case Function(name=function):
                assert isinstance(item, dict)
                columns = members(fields[name])
                for key, direction in item.items():
                    if direction is None:
                        continue
                    rows = at(ctx.aliases.next())
                    cell = cell_sql(target.cell(columns[key].means), rows.alias, ctx.aliases)
                    yield _order(_there(ctx, rows, target, sql.Call(function, (cell,))), direction)
            case other:
                raise AssertionError(other)


def distinct(
    ctx: Context, table: RoleTable, value: Coerced, order: tuple[sql.Order, ...], alias: str, path: str
) -> tuple[sql.Expression, ...]:
    """DISTINCT ON, whose columns PostgreSQL wants first in ORDER BY."""
    if value is None:
        return ()
    assert isinstance(value, list)
    cells = (table.cell(item.means) for item in value if isinstance(item, EnumValue))
    columns = tuple(dict.fromkeys(cell_sql(cell, alias, ctx.aliases) for cell in cells))
    leading = {sort.by for sort in order[: len(columns)]}
    if not leading <= set(columns):
        raise invalid('"distinct_on" columns must match initial "order_by" columns', path)
    return columns
