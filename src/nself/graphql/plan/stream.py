"""A streaming root field: the next batch after a cursor, and where it ends."""

from __future__ import annotations

from typing import Final, LiteralString

from msgspec import Struct

from nself.graphql.language.scalars import INT, TEXT, invalid, row_count
from nself.graphql.language.types import EnumValue, members
from nself.graphql.plan import choose, rows
from nself.graphql.plan.arguments import Coerced, Leaf, source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.plan.where import where
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.streams import stream_arguments
from nself.graphql.schema.tables import TableColumn
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import all_of, cell_sql, to_sql
from nself.graphql.sql.values import CursorValue
from nself.pg.catalog import Type

_JSON: Final = Type(name="json")


class _Cursor(Struct, frozen=True):
    column: TableColumn
    after: CursorValue
    descending: bool

    @property
    def symbol(self) -> LiteralString:
        return "<" if self.descending else ">"

    @property
    def direction(self) -> LiteralString:
        return "DESC" if self.descending else "ASC"


def stream(ctx: Context, table: RoleTable, one: Selected) -> sql.Select:
    """Two columns: the batch as a JSON array, and the cursor's value in its last row. Rows that share this value all
    come: the next batch begins behind it."""
    arguments = arguments_of(ctx, one)
    cursor = _cursor(ctx, table, arguments["cursor"], f"{one.path}.args.cursor")
    kept = sql.Sub(_batch(ctx, table, arguments, cursor), ctx.aliases.next())
    fields = tuple((field.key, rows.value(ctx, table, field, kept.alias)) for field in fields_of(ctx, one))
    listed = sql.Call("coalesce", (sql.Call("json_agg", (sql.Json(fields),)), sql.Cast(sql.Text("[]"), _JSON)))
    end = sql.Last(sql.Cast(cell_sql(table.cell(cursor.column), kept.alias, ctx.aliases), TEXT))
    return sql.Select(columns=((sql.Cast(listed, TEXT), None), (end, None)), source=kept)


def _batch(ctx: Context, table: RoleTable, arguments: dict[str, Coerced], cursor: _Cursor) -> sql.Select:
    alias = ctx.aliases.next()
    at = cell_sql(table.cell(cursor.column), alias, ctx.aliases)
    condition = all_of(table.select.filter, where(ctx.schema, table, arguments.get("where")))
    return sql.Select(
        columns=((sql.Star(alias), None),),
        source=choose.Origin().source(table, alias),
        where=sql.both(
            sql.Infix(at, cursor.symbol, sql.Parameter(cursor.after, cursor.column.type)),
            to_sql(condition, alias, ctx.aliases),
        ),
        order=(sql.Order(at, cursor.direction),),
        limit=_size(table, arguments["batch_size"]),
        ties=True,
    )


def _size(table: RoleTable, asked: Coerced) -> sql.Expression:
    assert isinstance(asked, Leaf)
    wanted = sql.Parameter(asked.source(row_count), INT)
    most = table.select.limit
    return wanted if most is None else sql.Call("least", (wanted, sql.Number(most)))


def _cursor(ctx: Context, table: RoleTable, value: Coerced, path: str) -> _Cursor:
    found = [entry for entry in (value if isinstance(value, list) else [value]) if entry is not None]
    if len(found) != 1:
        raise invalid("one streaming column field is expected" if not found else _MANY, path)
    entry = found[0]
    assert isinstance(entry, dict)
    initial = entry["initial_value"]
    assert isinstance(initial, dict)
    if len(initial) != 1:
        raise invalid("one streaming column field is expected" if not initial else _MANY, f"{path}.initial_value")
    (name, start), *_ = initial.items()
    spec = members(stream_arguments(ctx.schema, table)["cursor"])["initial_value"]
    column = members(spec)[name].means
    ordering = entry.get("ordering")
    descending = isinstance(ordering, EnumValue) and ordering.means == "DESC"
    return _Cursor(column, CursorValue(name, source_of(start)), descending)


_MANY: Final = "multiple column cursors are not supported yet"
