"""A remote's types as a role sees them, in our own terms. Each is made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final, Protocol, cast

from msgspec import Struct

from nself.graphql.joins import Lookup
from nself.graphql.language.scalars import json, scalar
from nself.graphql.language.types import (
    Composite,
    Enum,
    EnumValue,
    Field,
    InputField,
    InputObject,
    Interface,
    ListOf,
    Named,
    NonNull,
    Object,
    Scalar,
    Type,
    Union,
    arguments,
)
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected
from nself.graphql.remote.naming import Naming
from nself.graphql.remote.upstream import BUILT_IN, Argument, Ref, RemoteField, RemoteType, Upstream
from nself.records import dataclass

_ID: Final = Scalar(name="ID", encode=json)


class RemoteValue(Struct, frozen=True):
    """What a field of a remote type stands for."""

    field: RemoteField


class JoinField(Struct, frozen=True):
    """A field of a remote type that another place answers: `keys` are the remote's fields that make the join's key."""

    keys: tuple[str, ...]
    plan: Callable[[Context, Selected], Lookup]


class Relations(Protocol):
    """Fields of remote types that are answered elsewhere."""

    def fields_of(self, bridge: Bridge, type_: RemoteType) -> Iterator[Field]: ...


@dataclass(frozen=True, eq=False)
class Bridge:
    """One remote schema, as much of it as `upstream` says a role may use."""

    name: str
    upstream: Upstream
    naming: Naming
    relations: Relations

    @cached_property
    def _types(self) -> dict[str, Named]:
        return {}

    @cached_property
    def originals(self) -> Mapping[str, str]:
        """{our name of a type: the remote's}."""
        return self.naming.originals

    def type(self, name: str) -> Named:
        """By the remote's name."""
        found = self._types.get(name)
        if found is None:
            found = self._types[name] = self._made(name)
        return found

    def composite(self, name: str) -> Composite:
        found = self.type(name)
        assert isinstance(found, Composite)
        return found

    def ref(self, ref: Ref) -> Type:
        type_: Type = self.type(ref.name)
        for wrap in ref.wraps:
            type_ = NonNull(type_) if wrap == "!" else ListOf(type_)
        return type_

    def _made(self, name: str) -> Named:
        ours, found = self.naming.types[name], self.upstream.types.get(name)
        if found is None or (name in BUILT_IN and found.kind == "SCALAR"):
            return _built_in(name, ours)
        match found.kind:
            case "SCALAR":
                return Scalar(name=ours, encode=json, description=found.description)
            case "ENUM":
                values = {value: EnumValue(value, text) for value, text in found.values.items()}
                return Enum(name=ours, values=values, description=found.description)
            case "INPUT_OBJECT":
                return InputObject(ours, lambda: self.inputs(found.inputs).values(), found.description)
            case "OBJECT":
                return Object(
                    ours, lambda: self._fields(found), found.description, abstract=lambda: self._abstract(found)
                )
            case "INTERFACE":
                return Interface(
                    ours,
                    lambda: self._fields(found),
                    lambda: self._possible(found),
                    found.description,
                    interfaces=lambda: self._interfaces(found),
                )
            case "UNION":
                return Union(ours, lambda: self._possible(found), found.description)

    def _fields(self, type_: RemoteType) -> Iterator[Field]:
        for field in type_.fields.values():
            yield self.field(type_, field)
        yield from self.relations.fields_of(self, type_)

    def field(self, type_: RemoteType, field: RemoteField) -> Field:
        return Field(
            name=self.naming.field(type_.name, field.name),
            type=self.ref(field.type),
            means=RemoteValue(field),
            arguments=self.inputs(field.arguments),
            description=field.description,
        )

    def inputs(self, declared: Mapping[str, Argument]) -> dict[str, InputField]:
        """Without those that are preset."""
        return arguments(
            *(
                InputField(
                    name=argument.name,
                    type=self.ref(argument.type),
                    description=argument.description,
                    default=argument.default,
                )
                for argument in declared.values()
                if argument.preset is None
            )
        )

    def _abstract(self, type_: RemoteType) -> Iterator[Interface | Union]:
        yield from self._interfaces(type_)
        for union in self._unions.get(type_.name, ()):
            yield cast(Union, self.type(union))

    def _interfaces(self, type_: RemoteType) -> Iterator[Interface]:
        for name in type_.interfaces:
            if name in self.upstream.types:
                yield cast(Interface, self.type(name))

    def _possible(self, type_: RemoteType) -> Iterator[Object]:
        for name in type_.possible:
            yield cast(Object, self.type(name))

    @cached_property
    def _unions(self) -> Mapping[str, list[str]]:
        """{object: the unions it is a member of}."""
        found: dict[str, list[str]] = {}
        for type_ in self.upstream.types.values():
            for member in type_.possible if type_.kind == "UNION" else ():
                found.setdefault(member, []).append(type_.name)
        return found

    @cached_property
    def with_presets(self) -> frozenset[str]:
        """Input objects that hold a preset, themselves or further down."""
        inputs = [type_ for type_ in self.upstream.types.values() if type_.kind == "INPUT_OBJECT"]
        found: set[str] = set()
        while True:
            more = {
                type_.name
                for type_ in inputs
                if type_.name not in found
                and any(field.preset or field.type.name in found for field in type_.inputs.values())
            }
            if not more:
                return frozenset(found)
            found |= more


def _built_in(name: str, ours: str) -> Scalar:
    known = _ID if name == "ID" else scalar(name)
    return known if name == ours else Scalar(name=ours, encode=known.encode, description=known.description)
