"""Arguments of an action as the JSON its webhook gets: planned once, read from each request's variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from nself.graphql.language.scalars import invalid
from nself.graphql.language.types import Encode, EnumValue, InputField, ListOf, NonNull, Type, members, nullable
from nself.graphql.plan.arguments import Coerced, Leaf
from nself.graphql.sql.values import Bindings, Variable

Json = Any


class Written(Struct, frozen=True):
    """A value that is part of the plan."""

    value: Json


class FromVariable(Struct, frozen=True):
    """A value inside the variables."""

    variable: Variable
    many: Many | None


class Many(Struct, frozen=True):
    """A list is meant, a single value stands for a list of one."""

    nulls: bool


class Members(Struct, frozen=True):
    fields: Mapping[str, Input]


class Items(Struct, frozen=True):
    items: tuple[Input, ...]


Input: TypeAlias = Written | FromVariable | Members | Items


def planned(arguments: Mapping[str, Coerced], fields: Mapping[str, InputField]) -> Members:
    return Members({name: _planned(value, fields[name].type) for name, value in arguments.items()})


def _planned(value: Coerced, type_: Type) -> Input:
    match value:
        case None:
            return Written(None)
        case EnumValue(name):
            return Written(name)
        case Leaf():
            return _leaf(value, type_)
        case dict():
            field = InputField(name="", type=type_)
            return Members({name: _planned(item, members(field)[name].type) for name, item in value.items()})
        case list():
            of = nullable(type_)
            return Items(tuple(_planned(item, of.of if isinstance(of, ListOf) else of) for item in value))


def _leaf(leaf: Leaf, type_: Type) -> Input:
    of = nullable(type_)
    many = Many(not isinstance(of.of, NonNull)) if isinstance(of, ListOf) else None
    if leaf.variable is None:
        return Written(_checked(leaf.value, leaf.encode, leaf.path, many))
    return FromVariable(Variable(leaf.variable, leaf.steps, leaf.encode, leaf.path), many)


def value(of: Input, bindings: Bindings) -> Json:
    """What one request gives. Raises ApiError for a value that is none of its scalar."""
    match of:
        case Written(written):
            return written
        case FromVariable(variable, many):
            return _checked(variable.value(bindings), variable.encode, variable.path, many)
        case Members(fields):
            return {name: value(item, bindings) for name, item in fields.items()}
        case Items(items):
            return [value(item, bindings) for item in items]


def _checked(given: Json, encode: Encode, path: str, many: Many | None) -> Json:
    if given is None:
        return None
    if many is None:
        encode(given, path)
        return given
    items = given if isinstance(given, list) else [given]
    for index, item in enumerate(items):
        if item is not None:
            encode(item, f"{path}[{index}]")
        elif not many.nulls:
            raise invalid("unexpected null value in a list", f"{path}[{index}]")
    return items
