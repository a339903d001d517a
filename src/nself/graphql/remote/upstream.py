"""A remote service's schema as plain data, from its introspection or from a role's schema document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct, field

BUILT_IN: Final = frozenset({"Int", "Float", "String", "Boolean", "ID"})

Kind = Literal["SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT"]


class Ref(Struct, frozen=True):
    """A type by name with its lists (`]`) and non-nulls (`!`), from the inside out: `[User!]` is `User` with `!]`."""

    name: str
    wraps: str = ""

    def __str__(self) -> str:
        text = self.name
        for wrap in self.wraps:
            text = f"{text}!" if wrap == "!" else f"[{text}]"
        return text

    @property
    def required(self) -> bool:
        return self.wraps.endswith("!")

    @property
    def listed(self) -> bool:
        return "]" in self.wraps


class Preset(Struct, frozen=True):
    """What a role's argument always is: a value, or the session variable of that name."""

    value: Any
    session: bool = False


class Argument(Struct, frozen=True, kw_only=True):
    """Of a field, or a field of an input object. `default` is GraphQL text. A preset one is no client's to give."""

    name: str
    type: Ref
    description: str | None = None
    default: str | None = None
    preset: Preset | None = None


class RemoteField(Struct, frozen=True, kw_only=True):
    name: str
    type: Ref
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    description: str | None = None


class RemoteType(Struct, frozen=True, kw_only=True):
    """`possible` are the members of a union and the objects of an interface."""

    kind: Kind
    name: str
    description: str | None = None
    fields: Mapping[str, RemoteField] = field(default_factory=dict)
    inputs: Mapping[str, Argument] = field(default_factory=dict)
    values: Mapping[str, str | None] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()


class Upstream(Struct, frozen=True, kw_only=True):
    """`query` and `mutation` are the names of the root types."""

    query: str
    mutation: str | None
    types: Mapping[str, RemoteType]

    def fields_of(self, name: str | None) -> Mapping[str, RemoteField]:
        found = self.types.get(name) if name else None
        return found.fields if found else {}
