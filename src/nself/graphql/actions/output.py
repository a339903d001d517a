"""What a webhook answered: checked against the action's output type, then cut to what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from nself.graphql import joins
from nself.graphql.actions.types import Given
from nself.graphql.errors import ApiError
from nself.graphql.language.types import Enum, ListOf, NonNull, Object, Scalar, Type, named, nullable
from nself.graphql.plan.context import Context
from nself.graphql.plan.lookup import by_key
from nself.graphql.plan.selection import Selected, fields_of
from nself.graphql.schema.means import RelatedAggregate, RelatedRow, RelatedRows

Json = Any


class Member(Struct, frozen=True):
    """A field of the webhook's object, with what is selected below it."""

    name: str
    fields: Fields | None


class Constant(Struct, frozen=True):
    """`__typename`."""

    text: str


class Keys(Struct, frozen=True):
    """The place-holder of a relationship: the values of these fields."""

    names: tuple[str, ...]


Fields: TypeAlias = "Mapping[str, Member | Constant | Keys]"


def selection(ctx: Context, one: Selected) -> Fields | None:
    """What to take from each object that the field gives, by response key; None for a leaf."""
    assert one.of is not None
    type_ = named(one.of.type)
    if not isinstance(type_, Object):
        return None
    return {field.key: _member(ctx, field, type_.name) for field in fields_of(ctx, one)}


def _member(ctx: Context, one: Selected, parent: str) -> Member | Constant | Keys:
    match one.of and one.of.means:
        case None:
            return Constant(parent)
        case Given(name):
            return Member(name, selection(ctx, one))
        case RelatedRow(relation) | RelatedRows(relation) | RelatedAggregate(relation):
            joins.promise(ctx, one, by_key(ctx, one))
            return Keys(tuple(here for here, _ in relation.mapping))
        case other:
            raise AssertionError(other)


def picked(value: Json, fields: Fields | None) -> Json:
    """The part of a checked value that was selected."""
    if fields is None or value is None:
        return value
    if isinstance(value, list):
        return [picked(item, fields) for item in value]
    return {key: _picked(value, member) for key, member in fields.items()}


def _picked(value: Mapping[str, Json], member: Member | Constant | Keys) -> Json:
    match member:
        case Constant(text):
            return text
        case Keys(names):
            return [value.get(name) for name in names]
        case Member(name, fields):
            return picked(value.get(name), fields)


def check(value: Json, type_: Type) -> None:
    """Raises ApiError where the answer is not of the action's output type."""
    if value is None:
        if isinstance(type_, NonNull):
            raise _unexpected("got null for the action webhook response")
        return
    of = nullable(type_)
    if isinstance(of, ListOf):
        if not isinstance(value, list):
            raise _unexpected("expecting array for the action webhook response")
        for item in value:
            check(item, of.of)
        return
    match of:
        case Object():
            if not isinstance(value, dict):
                raise _unexpected(f"got {_kind(value)} for the action webhook response, expecting {of.name}")
            _check_fields(value, of)
        case Enum():
            if value not in of.values:
                listed = ", ".join(of.values)
                raise _unexpected(f'expecting one of the values [{listed}] for the enum type "{of.name}"')
        case Scalar():
            if not _SCALARS.get(of.name, _anything)(value):
                raise _unexpected(f"got {_kind(value)} for the action webhook response, expecting {of.name}")
        case other:
            raise AssertionError(other)


def _check_fields(value: Mapping[str, Json], type_: Object) -> None:
    for field in type_.fields.values():
        if not isinstance(field.means, Given):
            continue
        found = value.get(field.means.name)
        if found is None and isinstance(field.type, NonNull):
            if field.means.name not in value:
                raise _unexpected(f'field "{field.means.name}" expected in webhook response, but not found')
            raise _unexpected(f'expecting not null value for field "{field.means.name}"')
        check(found, field.type)


def _unexpected(message: str) -> ApiError:
    return ApiError("unexpected", message, status=500)


def _kind(value: Json) -> str:
    match value:
        case dict():
            return "object"
        case list():
            return "array"
        case bool():
            return "scalar Boolean"
        case str():
            return "scalar String"
        case _:
            return "scalar Number"


def _anything(value: Json) -> bool:
    return True


def _is_number(value: Json) -> bool:
    return not isinstance(value, bool | str | dict | list)


_SCALARS: Final[Mapping[str, Callable[[Json], bool]]] = {
    "Int": _is_number,
    "Float": _is_number,
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "ID": lambda value: isinstance(value, str) or _is_number(value),
}
