"""A field's `args` -> the call of its function."""

from __future__ import annotations

from nself.graphql.plan.arguments import source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of
from nself.graphql.schema.call_inputs import ARGS
from nself.graphql.schema.routines import Routine
from nself.graphql.sql.calls import FunctionCall


def called(ctx: Context, of: Routine, one: Selected) -> FunctionCall:
    """Without `args` every argument takes its default. Null is a value like others."""
    given = arguments_of(ctx, one).get(ARGS) if of.inputs else None
    assert given is None or isinstance(given, dict)
    return of.call({name: source_of(item) for name, item in (given or {}).items()}, f"{one.path}.args.{ARGS}")
