"""Which rows of a table: filters, order, limits, keys. What of them is shown is for `rows` and `aggregate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nself.graphql.language.scalars import INT, row_count, row_offset
from nself.graphql.plan import order
from nself.graphql.plan.arguments import Coerced, Leaf, source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.where import where
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.tables import TableColumn
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import all_of, cell_sql, to_sql
from nself.pg.catalog import Type
from nself.records import dataclass

_BIGINT: Final = Type(name="int8")

Join = Callable[[str], sql.Expression]
"""Given the alias of a table, the condition that ties its rows to what they belong to."""


def everywhere(alias: str) -> sql.Expression:
    return sql.TRUE


@dataclass(frozen=True, slots=True)
class Origin:
    """Where rows are chosen from: the table unless `rows` says else, of them those that `join` ties."""

    join: Join = everywhere
    rows: Callable[[str], sql.From] | None = None

    def source(self, table: RoleTable, alias: str) -> sql.From:
        return self.rows(alias) if self.rows else sql.Table(table.model.table.name, alias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which rows: the sources of a select, all below one alias."""

    alias: str
    select: sql.Select


def cuts(select: sql.Select) -> bool:
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


def chosen(ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str, origin: Origin) -> Chosen:
    """The rows that the arguments and the role's rules leave, limited as both say."""
    return _chosen(ctx, table, arguments, path, origin, table.select.limit)


def chosen_unlimited(
    ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str, origin: Origin
) -> Chosen:
    """The same without the role's limit, which bounds what is shown and not what is counted."""
    return _chosen(ctx, table, arguments, path, origin, None)


def _chosen(
    ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str, origin: Origin, most: int | None
) -> Chosen:
    alias = ctx.aliases.next()
    condition = all_of(table.select.filter, where(ctx.schema, table, arguments.get("where")))
    sorts = order.orders(ctx, table, arguments.get("order_by"), alias)
    select = sql.Select(
        columns=(),
        source=origin.source(table, alias),
        where=sql.both(origin.join(alias), to_sql(condition, alias, ctx.aliases)),
        order=sorts,
        distinct=order.distinct(ctx, table, arguments.get("distinct_on"), sorts, alias, path),
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
            where=sql.both(key_is(ctx, table, arguments, alias), to_sql(table.select.filter, alias, ctx.aliases)),
        ),
    )


def key_is(ctx: Context, table: RoleTable, values: Mapping[str, Coerced], alias: str) -> sql.Expression:
    return sql.both(*(_is(ctx, table, column, values[column.name], alias) for column in table.model.primary_key))


def _is(ctx: Context, table: RoleTable, column: TableColumn, value: Coerced, alias: str) -> sql.Expression:
    wanted = sql.Parameter(source_of(value), column.type)
    return sql.Infix(cell_sql(table.cell(column), alias, ctx.aliases), "=", wanted)
