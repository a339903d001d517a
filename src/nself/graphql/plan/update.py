"""Updates and deletes."""

from __future__ import annotations

from collections.abc import Mapping

from nself.graphql.language.scalars import INT, TEXT, invalid
from nself.graphql.language.types import members
from nself.graphql.plan import choose
from nself.graphql.plan.arguments import Coerced, source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.mutation import Changed, check, nothing
from nself.graphql.plan.where import where
from nself.graphql.schema.inputs import changes
from nself.graphql.schema.means import Change, RoleTable
from nself.graphql.schema.rules import UpdateRule
from nself.graphql.schema.tables import TableColumn
from nself.graphql.sql import tree as sql
from nself.graphql.sql.conditions import to_sql
from nself.pg.catalog import Type

_TEXTS = Type(name="text", array=True)
_NOTHING_ASKED = (
    "at least any one of _set, _inc, _append, _prepend, _delete_key, _delete_elem and "
    "_delete_at_path operator is expected"
)


def update(ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], path: str) -> Changed:
    """`arguments` hold the operators, and either `where` or `pk_columns`."""
    rule = table.rules.update
    assert rule is not None
    alias = ctx.aliases.next()
    updates = _updates(ctx, table, rule, arguments, path, alias)
    if not updates:
        return nothing(table, alias)
    after = ctx.aliases.next()
    return Changed(
        change=sql.Update(
            table=sql.Table(table.model.table.name, alias),
            updates=updates,
            where=sql.both(_target(ctx, table, arguments, alias), to_sql(rule.filter, alias, ctx.aliases)),
            returning=((sql.Star(alias), None),),
        ),
        check=check(to_sql(rule.check, after, ctx.aliases), after),
    )


def _target(ctx: Context, table: RoleTable, arguments: Mapping[str, Coerced], alias: str) -> sql.Expression:
    key = arguments.get("pk_columns")
    if isinstance(key, dict):
        return choose.key_is(ctx, table, key, alias)
    return to_sql(where(ctx.schema, table, arguments["where"]), alias, ctx.aliases)


def _updates(
    ctx: Context, table: RoleTable, rule: UpdateRule, arguments: Mapping[str, Coerced], path: str, alias: str
) -> tuple[tuple[str, sql.Expression], ...]:
    operators = {field.name: field for field in changes(ctx.schema, table)}
    asked = [(operators[name], value) for name, value in arguments.items() if name in operators and value is not None]
    if not asked and not rule.presets:
        raise invalid(_NOTHING_ASKED, f"{path}.args")
    updates: dict[str, sql.Expression] = {}
    twice: list[str] = []
    for field, values in sorted(asked, key=lambda pair: pair[0].means is not Change.SET):
        assert isinstance(values, dict)
        for name, value in values.items():
            column = members(field)[name].means
            twice += [column.sql] if column.sql in updates else []
            updates[column.sql] = _changed(field.means, column, value, alias)
    if twice:
        listed = ", ".join(f"'{name}'" for name in twice)
        raise invalid(f"Column found in multiple operators: [{listed}].", f"{path}.args")
    for name, source in rule.presets.items():
        updates[name] = sql.Parameter(source, table.model.by_sql[name].type)
    return tuple(updates.items())


def _changed(change: Change, column: TableColumn, value: Coerced, alias: str) -> sql.Expression:
    old = sql.Column(alias, column.sql)
    given = sql.Parameter(source_of(value), column.type)
    match change:
        case Change.SET:
            return given
        case Change.INC:
            return sql.Infix(old, "+", given)
        case Change.MUL:
            return sql.Infix(old, "*", given)
        case Change.DEFAULT:
            return sql.DEFAULT
        case Change.APPEND:
            return sql.Infix(old, "||", given)
        case Change.PREPEND:
            return sql.Infix(given, "||", old)
        case Change.DELETE_KEY:
            return sql.Infix(old, "-", sql.Parameter(source_of(value), TEXT))
        case Change.DELETE_ELEM:
            return sql.Infix(old, "-", sql.Parameter(source_of(value), INT))
        case Change.DELETE_AT_PATH:
            return sql.Infix(old, "#-", sql.Parameter(source_of(value), _TEXTS))


def delete(ctx: Context, table: RoleTable, condition: sql.Expression, alias: str) -> Changed:
    rule = table.rules.delete
    assert rule is not None
    return Changed(
        change=sql.Delete(
            table=sql.Table(table.model.table.name, alias),
            where=sql.both(condition, to_sql(rule.filter, alias, ctx.aliases)),
            returning=((sql.Star(alias), None),),
        )
    )
