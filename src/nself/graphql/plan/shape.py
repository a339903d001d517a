"""What of a request's variables decides a plan: everything but the scalars.

Two requests whose variables have the same shape share a plan. Booleans belong to the shape, as they may switch parts
of an operation; so do nulls, keys, enum members and lengths of lists, save of lists of plain rows to insert.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

from nself.graphql.types import Enum, InputObject, ListOf, Scalar, Type, find, nullable

_VALUE: Final = 0
_LIST: Final = 1


def of_variables(variables: Mapping[str, Any], used: Mapping[str, Type]) -> Hashable:
    """`used` are the types of the variables that plans have looked at so far."""
    return tuple(
        (name, shape(value, used[name]) if name in used else ("whole", _frozen(value)))
        for name, value in variables.items()
    )


def shape(value: Any, type_: Type) -> Hashable:
    if value is None:
        return None
    match nullable(type_):
        case Scalar(name=name):
            return value if name == "Boolean" and isinstance(value, bool) else _VALUE
        case Enum() as enum:
            return _VALUE if enum.open else _frozen(value)
        case ListOf(of, literal):
            return _VALUE if literal else _list(value, nullable(of))
        case InputObject() as type_object if isinstance(value, Mapping):
            return _object(value, type_object)
        case _:
            return ("whole", _frozen(value))


def _list(value: Any, of: Type) -> Hashable:
    values = value if isinstance(value, list) else [value]
    if isinstance(of, Scalar | ListOf) or (isinstance(of, Enum) and of.open):
        return _LIST
    if isinstance(of, InputObject) and of.rows and values:
        keys = uniform_keys(values, of)
        if keys is not None:
            return ("rows", isinstance(value, list), keys)
    return (isinstance(value, list), *(shape(item, of) for item in values))


def uniform_keys(rows: list[Any], type_: InputObject) -> tuple[str, ...] | None:
    """The keys of rows that all have the same ones, in one order, and hold nothing but values of columns."""
    # Rows are many: what they have in common is found without a step of Python for each.
    if set(map(type, rows)) != {dict}:
        return None
    keys = tuple(rows[0])
    if not keys or set(map(tuple, rows)) != {keys}:
        return None
    return keys if all(_is_plain(type_, key) for key in keys) else None


def _is_plain(type_: InputObject, key: str) -> bool:
    field = find(type_.fields, key)
    return field is not None and not isinstance(nullable(field.type), InputObject)


def _object(value: Mapping[str, Any], type_: InputObject) -> Hashable:
    found = ((key, item, find(type_.fields, key)) for key, item in value.items())
    return tuple((key, shape(item, field.type) if field else None) for key, item, field in found)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, Mapping):
        return tuple((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list):
        return ("list", *map(_frozen, value))
    # 1, 1.0 and True are equal to Python, and are not the same to a schema.
    return (type(value).__name__, value)
