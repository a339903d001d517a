"""What of a request's variables decides a plan: everything but the scalars.

Two requests whose variables have the same shape share a plan. Booleans belong to the shape, as they may switch parts
of an operation; so do nulls, keys, enum members and lengths of lists, save of lists of plain rows to insert.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final, NamedTuple

from nself.graphql.language.types import Enum, InputObject, ListOf, Scalar, Type, find, nullable

_VALUE: Final = 0
_LIST: Final = 1
_LARGEST: Final = 20_000
"""Parts of a shape that is worth looking at."""
_CHARACTERS_A_PART: Final = 16


class Shape(NamedTuple):
    """`size` is about how many parts it has, or holds on to."""

    of: Hashable
    size: int


class _TooLargeError(Exception):
    pass


def of_variables(variables: Mapping[str, Any], used: Mapping[str, Type]) -> Shape | None:
    """`used` are the types of the variables that plans have looked at so far. None for what will not come again: to
    find that out for sure would take longer than to plan anew."""
    shapes = _Shapes()
    try:
        found = tuple(
            (name, shapes.of(value, used[name]) if name in used else ("whole", shapes.frozen(value)))
            for name, value in variables.items()
        )
    except _TooLargeError:
        return None
    return Shape(found, _LARGEST - shapes.left)


class _Shapes:
    def __init__(self) -> None:
        self.left = _LARGEST

    def of(self, value: Any, type_: Type) -> Hashable:
        if value is None:
            return None
        match nullable(type_):
            case Scalar(name=name):
                return value if name == "Boolean" and isinstance(value, bool) else _VALUE
            case Enum() as enum:
                return _VALUE if enum.open else self.frozen(value)
            case ListOf(of, literal):
                return _VALUE if literal else self._list(value, nullable(of))
            case InputObject() as type_object if isinstance(value, Mapping):
                return self._object(value, type_object)
            case _:
                return ("whole", self.frozen(value))

    def frozen(self, value: Any) -> Hashable:
        if isinstance(value, Mapping):
            self._take(len(value))
            return tuple((key, self.frozen(item)) for key, item in value.items())
        if isinstance(value, list):
            self._take(len(value))
            return ("list", *map(self.frozen, value))
        if isinstance(value, str):
            self._take(len(value) // _CHARACTERS_A_PART)
        # 1, 1.0 and True are equal to Python, and are not the same to a schema.
        return (type(value).__name__, value)

    def _list(self, value: Any, of: Type) -> Hashable:
        values = value if isinstance(value, list) else [value]
        if isinstance(of, Scalar | ListOf) or (isinstance(of, Enum) and of.open):
            return _LIST
        if isinstance(of, InputObject) and of.rows and values:
            keys = uniform_keys(values, of)
            if keys is not None:
                return ("rows", isinstance(value, list), keys)
        self._take(len(values))
        return (isinstance(value, list), *(self.of(item, of) for item in values))

    def _object(self, value: Mapping[str, Any], type_: InputObject) -> Hashable:
        self._take(len(value))
        found = ((key, item, find(type_.fields, key)) for key, item in value.items())
        return tuple((key, self.of(item, field.type) if field else None) for key, item, field in found)

    def _take(self, parts: int) -> None:
        self.left -= parts
        if self.left < 0:
            raise _TooLargeError


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
