"""Single values as the answer shows them."""

from __future__ import annotations

from typing import Final

from nself.graphql.language.scalars import SHAPES, STRINGIFIED, TEXT, json_path
from nself.graphql.language.types import Enum, named
from nself.graphql.plan.arguments import Leaf
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of
from nself.graphql.sql import tree as sql
from nself.pg.catalog import Type

_TEXTS: Final = Type(name="text", array=True)


def shown_value(ctx: Context, one: Selected, type_: Type, at: sql.Expression) -> sql.Expression:
    """A column or computed value as its field shows it, or the part of it that `path` names."""
    path = arguments_of(ctx, one).get("path")
    if isinstance(path, Leaf):
        return sql.Infix(at, "#>", sql.Parameter(path.source(json_path), _TEXTS))
    return spelled(one, output(ctx, type_, at))


def spelled(one: Selected, at: sql.Expression) -> sql.Expression:
    """The value of an enum as its source's naming convention spells it: in capitals."""
    enum = named(one.of.type) if one.of else None
    if isinstance(enum, Enum) and enum.open and any(value.means != value.name for value in enum.values.values()):
        return sql.Call("upper", (at,))
    return at


def output(ctx: Context, type_: Type, at: sql.Expression) -> sql.Expression:
    """A value as the answer shows it."""
    if type_.name in SHAPES and not type_.array:
        shown = sql.Call("ST_AsGeoJSON", (at, sql.Number(15), sql.Number(4)), schema=type_.schema)
        return sql.Cast(shown, Type(name="json"))
    if ctx.stringify_numerics and type_.name in STRINGIFIED:
        return sql.Cast(at, _TEXTS if type_.array else TEXT)
    return at
