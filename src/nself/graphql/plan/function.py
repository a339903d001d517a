"""Root fields that call a function: what it gives is chosen from like the rows of its table, under the same rules."""

from __future__ import annotations

from nself.graphql.plan import choose, mutation, rows
from nself.graphql.plan.call import called
from nself.graphql.plan.context import Context
from nself.graphql.plan.mutation import FromStore, MutationField
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.schema.means import FunctionRoot
from nself.graphql.sql import tree as sql


def read(ctx: Context, one: Selected, root: FunctionRoot) -> sql.Expression:
    """A query's field, answered by the statement that calls the function."""
    call = called(ctx, root.function.routine, one).once()
    return _answer(ctx, one, root, choose.Origin(rows=lambda alias: sql.Invoked(call, alias)))


def change(ctx: Context, one: Selected, root: FunctionRoot) -> MutationField:
    """A mutation's field. The answer is a statement of its own: the one that calls does not see what it changed."""
    table = root.table.model.table.name
    call = called(ctx, root.function.routine, one).once()
    alias = ctx.aliases.next()
    given = sql.Select(columns=((sql.Star(alias), None),), source=sql.Invoked(call, alias))
    stored = f"{one.key}#rows"
    first = mutation.step(
        mutation.Changed(change=given), ((mutation.returned_rows(root.table), stored),), f"{one.path}.args"
    )
    origin = FromStore(table, (stored,), ())
    shown = _answer(ctx, one, root, choose.Origin(rows=origin.rows))
    return MutationField(
        key=one.key, source=root.table.model.source, steps=(first, mutation.shown(shown, one.key)), answers=(one.key,)
    )


def _answer(ctx: Context, one: Selected, root: FunctionRoot, origin: choose.Origin) -> sql.Expression:
    if not root.function.many:
        # A function that finds nothing gives one row of nulls.
        origin = choose.Origin(rows=origin.rows, join=lambda there: sql.Not(sql.Null(sql.Record((sql.Star(there),)))))
    if root.aggregate:
        return rows.aggregate(ctx, root.table, one, origin)
    if root.function.many:
        return rows.many(ctx, root.table, one, origin)
    chosen = choose.chosen(ctx, root.table, arguments_of(ctx, one), one.path, origin)
    return rows.single(ctx, root.table, fields_of(ctx, one), chosen)
