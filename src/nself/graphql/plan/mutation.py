"""A mutation's plan: statements in order, what each leaves for the next, and what comes back.

Most root fields are one statement: the change as a common table expression, the answer read from it. A second one
follows where the answer looks beyond the changed rows, because a statement does not see its own changes in other
scans of the same tables. A nested insert is one statement per row that others hang on, and one per list of plain rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from nself.graphql.language.scalars import BOOL, TEXT
from nself.graphql.plan import choose, rows
from nself.graphql.plan.checked import Checks
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, fields_of
from nself.graphql.schema.means import Action, ColumnValue, Part, RoleTable
from nself.graphql.sql import tree as sql
from nself.graphql.sql.printer import printed
from nself.graphql.sql.statement import CHECK_FAILED
from nself.graphql.sql.values import StoredRows, StoredSum
from nself.pg.catalog import Name, Type

CHANGED = "changed"
"""The common table expression that holds the rows a statement inserted, updated or deleted."""


class Step(Struct, frozen=True, kw_only=True):
    """One statement. Its columns are kept under `stores`; it fails by itself when the permission's check does not hold.

    `path` is blamed for what goes wrong. `needs_rows` is the message when it must change a row and does not.
    """

    statement: sql.Statement
    stores: tuple[str, ...]
    path: str
    needs_rows: str | None = None


class MutationField(Struct, frozen=True, kw_only=True):
    """`answers` name what was stored as JSON; `listed` ones make a list together. `checks` come before anything."""

    key: str
    source: str
    steps: tuple[Step, ...]
    answers: tuple[str, ...]
    listed: bool = False
    checks: Checks | None = None
    inner: tuple[MutationField | tuple[str, bytes], ...] = ()
    """Of a namespace: its fields, and what is known of it beforehand. The steps are all of theirs."""

    def every_check(self) -> Iterator[Checks]:
        if self.checks:
            yield self.checks
        for field in self.inner:
            if isinstance(field, MutationField):
                yield from field.every_check()


class Changed(Struct, frozen=True, kw_only=True):
    """A change to make, and the check on its rows (`None` when there is none to make)."""

    change: sql.Change
    check: sql.Expression | None = None


class FromStatement(Struct, frozen=True):
    """Rows read from the statement that changes them."""

    def rows(self, alias: str) -> sql.From:
        return sql.Named(CHANGED, alias)

    def affected(self) -> sql.Expression:
        return affected()


class FromStore(Struct, frozen=True):
    """Rows that earlier statements returned, read again as rows of their table."""

    table: Name
    returned: tuple[str, ...]
    counted: tuple[str, ...]

    def rows(self, alias: str) -> sql.From:
        texts = sql.Parameter(StoredRows(self.returned), TEXT, many=True)
        return sql.Unnest((sql.CastToRows(texts, self.table),), alias)

    def affected(self) -> sql.Expression:
        return sql.Parameter(StoredSum(self.counted), Type(name="int8"))


Origin = FromStatement | FromStore


def affected() -> sql.Expression:
    return sql.Scalar(sql.Select(columns=((sql.Call("count", (sql.STAR,)), None),), source=sql.Named(CHANGED, "c.n")))


def steps_for(
    ctx: Context, table: RoleTable, one: Selected, action: Action, changed: Changed, *, name: str, path: str
) -> tuple[Step, ...]:
    """A single change and its answer, stored under `name`."""
    if action in {Action.DELETE, Action.DELETE_BY_KEY} or not looks_elsewhere(ctx, table, one, action):
        value = answer(ctx, table, one, action, FromStatement())
        return (step(changed, ((sql.Cast(value, TEXT), name),), path),)
    stored = (f"{name}#rows", f"{name}#count")
    first = step(changed, ((returned_rows(table), stored[0]), (sql.Cast(affected(), TEXT), stored[1])), path)
    origin = FromStore(table.model.table.name, (stored[0],), (stored[1],))
    return first, final(ctx, table, one, action, origin, name=name)


def final(ctx: Context, table: RoleTable, one: Selected, action: Action, origin: FromStore, *, name: str) -> Step:
    """The answer from rows that were stored before."""
    return shown(answer(ctx, table, one, action, origin), name)


def shown(value: sql.Expression, name: str) -> Step:
    """A statement that only answers."""
    statement = printed(sql.Select(columns=((sql.Cast(value, TEXT), None),)))
    return Step(statement=statement, stores=(name,), path="$")


def step(
    changed: Changed,
    kept: tuple[tuple[sql.Expression, str], ...],
    path: str,
    needs_rows: str | None = None,
) -> Step:
    columns: list[tuple[sql.Expression, str | None]] = [(value, None) for value, _ in kept]
    if changed.check is not None:
        columns.append((_or_fail(changed.check), None))
    tree = sql.With(name=CHANGED, change=changed.change, select=sql.Select(columns=tuple(columns)))
    stores = tuple(name for _, name in kept)
    return Step(statement=printed(tree), stores=stores, path=path, needs_rows=needs_rows)


def _or_fail(check: sql.Expression) -> sql.Expression:
    """Fails the statement unless the check holds. So one statement is all there is to most mutations, and needs no
    transaction around it: a text that is no boolean is the one error that plain SQL can raise and word."""
    return sql.Cast(sql.When(check, sql.Text("true"), sql.Text(CHECK_FAILED)), BOOL)


def returned_rows(table: RoleTable) -> sql.Expression:
    """The changed rows, each as the text of its row type: the one form that every type survives."""
    record = sql.Record(tuple(sql.Column("c.r", column.name) for column in table.model.table.columns))
    listed = sql.Call("array_agg", (sql.Cast(record, TEXT),))
    return sql.Scalar(sql.Select(columns=((listed, None),), source=sql.Named(CHANGED, "c.r")))


def check(condition: sql.Expression, alias: str) -> sql.Expression | None:
    """Whether the condition holds for every changed row, `alias` in it; unknown is not enough."""
    if condition == sql.TRUE:
        return None
    holds = sql.Call("bool_and", (sql.Call("coalesce", (condition, sql.FALSE)),))
    select = sql.Select(columns=((holds, None),), source=sql.Named(CHANGED, alias))
    return sql.Call("coalesce", (sql.Scalar(select), sql.TRUE))


def answer(ctx: Context, table: RoleTable, one: Selected, action: Action, origin: Origin) -> sql.Expression:
    """What the root field returns."""
    if action in {Action.INSERT_ONE, Action.UPDATE_BY_KEY, Action.DELETE_BY_KEY}:
        return rows.single(ctx, table, fields_of(ctx, one), _seen(ctx, table, origin))
    pairs = tuple((field.key, _part(ctx, table, field, origin)) for field in fields_of(ctx, one))
    return sql.Json(pairs)


def _part(ctx: Context, table: RoleTable, field: Selected, origin: Origin) -> sql.Expression:
    match field.of and field.of.means:
        case None:
            return sql.Text(field.typename)
        case Part.AFFECTED_ROWS:
            return origin.affected()
        case Part.RETURNING:
            return rows.as_list(ctx, table, fields_of(ctx, field), _seen(ctx, table, origin))
        case other:
            raise AssertionError(other)


def _seen(ctx: Context, table: RoleTable, origin: Origin) -> choose.Chosen:
    """All changed rows: a role reads back what it wrote, its select filter hides only what it did not write."""
    alias = ctx.aliases.next()
    return choose.Chosen(alias=alias, select=sql.Select(columns=(), source=origin.rows(alias)))


def looks_elsewhere(ctx: Context, table: RoleTable, one: Selected, action: Action) -> bool:
    """Whether the answer holds anything but columns of the changed rows: a mask may look at other tables too."""
    fields = fields_of(ctx, one)
    if action not in {Action.INSERT_ONE, Action.UPDATE_BY_KEY}:
        returning = [field for field in fields if field.of and field.of.means is Part.RETURNING]
        fields = [field for part in returning for field in fields_of(ctx, part)]
    means = [field.of.means for field in fields if field.of]
    return any(not isinstance(one, ColumnValue) or one.column.sql in table.select.masks for one in means)


def nothing(table: RoleTable, alias: str) -> Changed:
    """A change that changes no row, so that the answer has its usual form."""
    source = sql.Table(table.model.table.name, alias)
    return Changed(change=sql.Select(columns=((sql.Star(alias), None),), source=source, where=sql.FALSE))
