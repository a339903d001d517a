"""`order_by` and `distinct_on` -> sort keys. Keys from related tables are subselects, under the role's filters."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql import sql
from nself.graphql.conditions import all_of, joined, to_sql
from nself.graphql.plan.arguments import Coerced
from nself.graphql.plan.context import Context
from nself.graphql.scalars import invalid
from nself.graphql.schema.means import Function, Part, RelatedAggregate, RelatedRow, RoleTable
from nself.graphql.schema.ordering import aggregate_order_by, order_by
from nself.graphql.schema.tables import Relation, TableColumn
from nself.graphql.types import EnumValue, InputField, members


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
            yield from _entry(ctx, fields[name], item, alias)


def _entry(ctx: Context, field: InputField, value: Coerced, alias: str) -> Iterator[sql.Order]:
    match field.means:
        case TableColumn() as column:
            yield _order(sql.Column(alias, column.sql), value)
        case RelatedRow(relation, target):
            there = ctx.aliases.next()
            for order in _object(ctx, target, value, there):
                yield sql.Order(_related(ctx, relation, target, alias, there, order.by), order.direction)
        case RelatedAggregate(relation, target):
            yield from _aggregate(ctx, relation, target, value, alias)
        case other:
            raise AssertionError(other)


def _order(by: sql.Expression, value: Coerced) -> sql.Order:
    assert isinstance(value, EnumValue)
    return sql.Order(by, value.means)


def _related(
    ctx: Context, relation: Relation, target: RoleTable, alias: str, there: str, value: sql.Expression
) -> sql.Expression:
    """A value from the related row that the role may see, or from all of them for an aggregate."""
    single = not relation.many and not relation.unique
    return sql.Scalar(
        sql.Select(
            columns=((value, None),),
            source=sql.Table(relation.target, there),
            where=sql.both(
                joined(relation.mapping, alias, there), to_sql(all_of(target.select.filter), there, ctx.aliases)
            ),
            limit=sql.Number(1) if single else None,
        )
    )


def _aggregate(ctx: Context, relation: Relation, target: RoleTable, value: Coerced, alias: str) -> Iterator[sql.Order]:
    assert isinstance(value, dict)
    fields = aggregate_order_by(ctx.schema, target).fields
    for name, item in value.items():
        if item is None:
            continue
        match fields[name].means:
            case Part.COUNT:
                there = ctx.aliases.next()
                yield _order(_related(ctx, relation, target, alias, there, sql.Call("count", (sql.STAR,))), item)
            case Function(name=function):
                assert isinstance(item, dict)
                columns = members(fields[name])
                for key, direction in item.items():
                    if direction is None:
                        continue
                    there = ctx.aliases.next()
                    call = sql.Call(function, (sql.Column(there, columns[key].means.sql),))
                    yield _order(_related(ctx, relation, target, alias, there, call), direction)
            case other:
                raise AssertionError(other)


def distinct(value: Coerced, order: tuple[sql.Order, ...], alias: str, path: str) -> tuple[sql.Expression, ...]:
    """DISTINCT ON, whose columns PostgreSQL wants first in ORDER BY."""
    if value is None:
        return ()
    assert isinstance(value, list)
    columns = tuple(dict.fromkeys(sql.Column(alias, item.means.sql) for item in value if isinstance(item, EnumValue)))
    leading = {sort.by for sort in order[: len(columns)]}
    if not leading <= set(columns):
        raise invalid('"distinct_on" columns must match initial "order_by" columns', path)
    return columns
