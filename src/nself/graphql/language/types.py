"""GraphQL types as one role sees them.

Fields are made when first looked at: a schema of 300 tables costs a request only the types it touches. `means` on a
field tells the planner what the field stands for; nothing here knows SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from msgspec import Struct, field

from nself.graphql.made_once import MadeOnce
from nself.records import dataclass

_NAME: Final = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
"""Two underscores in front are GraphQL's own."""

Encode = Callable[[Any, str], str]
"""(JSON value, path) -> the text PostgreSQL reads for it. Raises ApiError at the path for a value of the wrong kind."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scalar:
    name: str
    encode: Encode
    description: str | None = None


class EnumValue(Struct, frozen=True):
    name: str
    description: str | None = None
    means: Any = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enum:
    """`open` ones name rows of a table: their values are data, bound like any other, not part of a statement."""

    name: str
    values: Mapping[str, EnumValue]
    description: str | None = None
    open: bool = False


class InputObject:
    def __init__(
        self, name: str, make: Callable[[], Iterable[InputField]], description: str | None = None, *, rows: bool = False
    ) -> None:
        self.name, self.description, self._make = name, description, make
        self.respelled: Callable[[InputField], InputField] | None = None
        """How its source spells what it holds."""
        self.rows = rows
        """Lists of these are rows to store: how many there are does not change the statement."""

    @MadeOnce
    def fields(self) -> dict[str, InputField]:
        made = self._make() if self.respelled is None else map(self.respelled, self._make())
        return {field.name: field for field in made}


class Object:
    def __init__(
        self,
        name: str,
        make: Callable[[], Iterable[Field]],
        description: str | None = None,
        *,
        abstract: Callable[[], Iterable[Interface | Union]] = tuple,
    ) -> None:
        self.name, self.description, self._make, self._abstract = name, description, make, abstract
        self.respelled: Callable[[Field], Field] | None = None
        """How its source spells what it holds."""

    @MadeOnce
    def fields(self) -> dict[str, Field]:
        made = self._make() if self.respelled is None else map(self.respelled, self._make())
        return {field.name: field for field in made}

    @MadeOnce
    def abstract(self) -> tuple[Interface | Union, ...]:
        """The interfaces it implements and the unions it is a member of."""
        return tuple(self._abstract())

    @property
    def interfaces(self) -> list[Interface]:
        return [type_ for type_ in self.abstract if isinstance(type_, Interface)]


class Interface:
    """`possible` are the objects that implement it."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Iterable[Field]],
        possible: Callable[[], Iterable[Object]],
        description: str | None = None,
        *,
        interfaces: Callable[[], Iterable[Interface]] = tuple,
    ) -> None:
        self.name, self.description = name, description
        self._make, self._possible, self._interfaces = make, possible, interfaces

    @MadeOnce
    def fields(self) -> dict[str, Field]:
        return {field.name: field for field in self._make()}

    @MadeOnce
    def possible(self) -> tuple[Object, ...]:
        return tuple(self._possible())

    @MadeOnce
    def interfaces(self) -> list[Interface]:
        return list(self._interfaces())


class Union:
    def __init__(self, name: str, possible: Callable[[], Iterable[Object]], description: str | None = None) -> None:
        self.name, self.description, self._possible = name, description, possible

    @property
    def fields(self) -> dict[str, Field]:
        """None of its own: only the members have any."""
        return {}

    @MadeOnce
    def possible(self) -> tuple[Object, ...]:
        return tuple(self._possible())


class ListOf(Struct, frozen=True):
    """`literal` marks a column of an array type, which also reads PostgreSQL's array literal in a string."""

    of: Type
    literal: bool = False

    def __str__(self) -> str:
        return f"[{text(self.of)}]"


class NonNull(Struct, frozen=True):
    of: Type

    def __str__(self) -> str:
        return f"{text(self.of)}!"


Composite: TypeAlias = Object | Interface | Union
"""What has fields to select."""
Named: TypeAlias = Scalar | Enum | InputObject | Composite
Type: TypeAlias = Named | ListOf | NonNull


class InputField(Struct, frozen=True, kw_only=True):
    """A field of an input object or an argument. `default` is GraphQL text, for introspection and for leaving it out.
    `refuses_null` fields may be left out but not be null, which GraphQL's types cannot say."""

    name: str
    type: Type
    description: str | None = None
    default: str | None = None
    means: Any = None
    refuses_null: bool = False
    shown: str = ""
    """What clients call it, if not by its name."""

    @property
    def called(self) -> str:
        return self.shown or self.name


class Field(Struct, frozen=True, kw_only=True):
    name: str
    type: Type
    means: Any = None
    arguments: Mapping[str, InputField] = field(default_factory=dict)
    description: str | None = None
    shown: str = ""
    """As of an InputField."""

    @property
    def called(self) -> str:
        return self.shown or self.name


def is_graphql_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name))


def arguments(*fields: InputField | None) -> dict[str, InputField]:
    return {field.name: field for field in fields if field is not None}


F = TypeVar("F", Field, InputField)


def find(fields: Mapping[str, F], called: str) -> F | None:
    """The field that clients call so."""
    found = fields.get(called)
    if found is not None and found.called == called:
        return found
    return next((field for field in fields.values() if field.shown == called), None)


def named(type_: Type) -> Named:
    """The type without its lists and non-nulls."""
    while isinstance(type_, ListOf | NonNull):
        type_ = type_.of
    return type_


def members(field: InputField) -> Mapping[str, InputField]:
    """The fields of a field's input object."""
    type_ = named(field.type)
    assert isinstance(type_, InputObject)
    return type_.fields


def nullable(type_: Type) -> Type:
    return type_.of if isinstance(type_, NonNull) else type_


def text(type_: Type) -> str:
    """As GraphQL writes it: `[users!]!`."""
    return str(type_) if isinstance(type_, ListOf | NonNull) else type_.name
