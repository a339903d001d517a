"""Inserts and upserts of rows that hang on nothing; what objects hold is sorted out here for `nested` as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from nself.graphql.language.scalars import TEXT
from nself.graphql.language.types import EnumValue, find
from nself.graphql.plan.arguments import Coerced, Leaf, RowList, source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.mutation import Changed, check, nothing
from nself.graphql.plan.shape import uniform_keys
from nself.graphql.plan.where import where
from nself.graphql.schema.columns import encoder_of, value_type
from nself.graphql.schema.inputs import insert_input
from nself.graphql.schema.means import RelatedRow, RelatedRows, RoleTable
from nself.graphql.schema.rules import InsertRule
from nself.graphql.schema.tables import Relation, TableColumn
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import all_of, to_sql
from nself.graphql.sql.values import ArrayText, Constant, Constants, Source, Together, Variable, VariableColumn
from nself.pg.catalog import Type
from nself.records import dataclass

_NEW: Final = "row.new"
"""Whether an upsert inserted the row: a row that was there before carries a deleting transaction's mark."""


@dataclass(frozen=True, slots=True)
class Link:
    """Related rows to insert with a row."""

    relation: Relation
    table: RoleTable
    rows: Sequence[Coerced]
    conflict: Coerced
    path: str


@dataclass(frozen=True, slots=True)
class Row:
    """One object to insert: its own columns by the database's names, and what hangs on it."""

    values: Mapping[str, Source]
    path: str
    before: list[Link] = field(default_factory=list)
    after: list[Link] = field(default_factory=list)


def row_of(ctx: Context, table: RoleTable, value: Coerced, path: str) -> Row:
    assert isinstance(value, dict)
    fields = insert_input(ctx.schema, table).fields
    values: dict[str, Source] = {}
    row = Row(values, path)
    for name, item in value.items():
        match fields[name].means:
            case TableColumn() as column:
                values[column.sql] = source_of(item)
            case RelatedRow(relation, target) | RelatedRows(relation, target) if item is not None:
                assert isinstance(item, dict)
                data = item["data"]
                many = data if isinstance(data, list) else [data]
                link = Link(relation, target, many, item.get("on_conflict"), f"{path}.{name}")
                after = relation.many or relation.after_parent
                (row.after if after else row.before).extend([link] if many else [])
    return row


def is_tree(row: Row) -> bool:
    return bool(row.before or row.after)


def insert(ctx: Context, table: RoleTable, rows: Sequence[Row], conflict: Coerced, origin: Leaf | None) -> Changed:
    """Rows without relations, in one statement. `origin` is the variable that holds them all, if one does."""
    rule = table.rules.insert
    assert rule is not None
    alias = ctx.aliases.next()
    if not rows:
        return nothing(table, alias)
    columns, source = _cells(ctx, table, rule, rows, origin)
    upsert = _conflict(ctx, table, conflict, alias)
    returning: list[tuple[sql.Expression, str | None]] = [(sql.Star(alias), None)]
    if upsert and upsert.updates:
        returning.append((sql.Infix(sql.Column(alias, "xmax"), "=", sql.Number(0)), _NEW))
    return Changed(
        change=sql.Insert(
            into=sql.Table(table.model.table.name, alias),
            columns=columns,
            rows=source,
            conflict=upsert,
            returning=tuple(returning),
        ),
        check=_check(ctx, table, rule, updates=bool(upsert and upsert.updates)),
    )


def _check(ctx: Context, table: RoleTable, rule: InsertRule, *, updates: bool) -> sql.Expression | None:
    after = ctx.aliases.next()
    condition = to_sql(rule.check, after, ctx.aliases)
    if updates and table.rules.update is not None:
        on_update = to_sql(table.rules.update.check, after, ctx.aliases)
        if condition != sql.TRUE or on_update != sql.TRUE:
            condition = sql.When(sql.Column(after, _NEW), condition, on_update)
    return check(condition, after)


_TEXTS: Final = Type(name="text", array=True)
Cells = tuple[tuple[sql.Expression, ...], ...] | sql.Select


def _cells(
    ctx: Context, table: RoleTable, rule: InsertRule, rows: Sequence[Row], origin: Leaf | None
) -> tuple[tuple[str, ...], Cells]:
    """The columns to fill and what with. A preset wins over nothing, a parent's key over a preset."""
    named = list(dict.fromkeys(name for row in rows for name in row.values))
    presets = {name: source for name, source in rule.presets.items() if name not in named}
    columns = (*named, *presets)
    if not columns:
        # Every column is left to its default, and INSERT wants to name one.
        first = table.model.table.columns[0].name
        return (first,), tuple((sql.DEFAULT,) for _ in rows)
    shared = _columns_of_variable(ctx, table, rows, origin)
    if shared is not None:
        return columns, _unnested(ctx, table, shared, presets)
    if len(rows) > 1 and all(row.values.keys() == rows[0].values.keys() for row in rows) and named:
        together = {name: _together([row.values[name] for row in rows]) for name in named}
        return columns, _unnested(ctx, table, together, presets)
    return columns, _values(table, rows, named, presets)


def _columns_of_variable(
    ctx: Context, table: RoleTable, rows: Sequence[Row], origin: Leaf | None
) -> Mapping[str, Source] | None:
    """One array for each column, taken out of the variable when the request runs: any number of rows, one plan."""
    if origin is None or origin.variable is None:
        return None
    type_ = insert_input(ctx.schema, table)
    found = origin.value if isinstance(origin.value, list) else [origin.value]
    keys = uniform_keys(found, type_)
    if keys is None or len(rows[0].values) != len(keys):
        return None
    whole = Variable(origin.variable, origin.steps, origin.encode, origin.path)
    columns = [(key, field.means) for key in keys if (field := find(type_.fields, key)) is not None]
    return {
        column.sql: VariableColumn(whole, key, encoder_of(value_type(ctx.schema, column))) for key, column in columns
    }


def _together(sources: list[Source]) -> Source:
    if all(isinstance(source, Constant) for source in sources):
        return Constants(tuple(source.value for source in sources if isinstance(source, Constant)))
    return Together(tuple(sources))


def _unnested(
    ctx: Context, table: RoleTable, columns: Mapping[str, Source], presets: Mapping[str, Source]
) -> sql.Select:
    alias = ctx.aliases.next("u")
    types = table.model.by_sql
    arrays = tuple(sql.Parameter(ArrayText(source), _TEXTS) for source in columns.values())
    cells: list[tuple[sql.Expression, str | None]] = [
        (sql.Typed(sql.Column(alias, name), types[name].type), None) for name in columns
    ]
    cells += [(sql.Parameter(source, types[name].type), None) for name, source in presets.items()]
    return sql.Select(columns=tuple(cells), source=sql.Unnest(arrays, alias, tuple(columns)))


_MOST_PARAMETERS: Final = 1000


def _values(
    table: RoleTable, rows: Sequence[Row], named: Sequence[str], presets: Mapping[str, Source]
) -> tuple[tuple[sql.Expression, ...], ...]:
    """VALUES, with DEFAULT where a row leaves a column out. Many rows share one array a column: parameters are few."""
    types = table.model.by_sql
    packed: dict[str, Source] = {}
    if len(rows) * len(named) > _MOST_PARAMETERS:
        packed = {name: _together([row.values.get(name, Constant(None)) for row in rows]) for name in named}

    def cell(index: int, row: Row, name: str) -> sql.Expression:
        if name not in row.values:
            return sql.DEFAULT
        if name in packed:
            array = sql.Parameter(packed[name], TEXT, many=True)
            return sql.Typed(sql.Element(array, index + 1), types[name].type)
        return sql.Parameter(row.values[name], types[name].type)

    fixed = tuple(sql.Parameter(source, types[name].type) for name, source in presets.items())
    return tuple((*(cell(index, row, name) for name in named), *fixed) for index, row in enumerate(rows))


def _conflict(ctx: Context, table: RoleTable, value: Coerced, alias: str) -> sql.Conflict | None:
    if value is None:
        return None
    assert isinstance(value, dict)
    constraint = value.get("constraint")
    assert constraint is None or isinstance(constraint, EnumValue)
    named: str | None = constraint.means if constraint else None
    listed = value.get("update_columns") or []
    assert isinstance(listed, list)
    names = [column.means.sql for column in listed if isinstance(column, EnumValue) and column.means is not None]
    if not names:
        return sql.Conflict(constraint=named)
    rule = table.rules.update
    assert rule is not None
    updates: dict[str, sql.Expression] = {name: sql.Column("excluded", name) for name in names}
    for name, source in rule.presets.items():
        updates[name] = sql.Parameter(source, table.model.by_sql[name].type)
    condition = all_of(where(ctx.schema, table, value.get("where")), rule.filter)
    return sql.Conflict(constraint=named, updates=tuple(updates.items()), where=to_sql(condition, alias, ctx.aliases))


def rows_of(ctx: Context, table: RoleTable, value: Coerced, path: str) -> tuple[list[Row], Leaf | None]:
    """The objects of an insert, and the variable they all came in."""
    if not isinstance(value, list):
        return [row_of(ctx, table, value, path)], None
    origin = value.origin if isinstance(value, RowList) else None
    return [row_of(ctx, table, item, f"{path}[{index}]") for index, item in enumerate(value)], origin
