"""The standard introspection query, and its answer -> Upstream. The remote is not trusted: all of it is checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from nself.graphql.errors import ApiError
from nself.graphql.remote.upstream import Argument, Kind, Ref, RemoteField, RemoteType, Upstream

QUERY: Final = """
query IntrospectionQuery {
  __schema {
    queryType { name }
    mutationType { name }
    subscriptionType { name }
    types { ...FullType }
    directives { name description locations args { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description
  fields(includeDeprecated: true) {
    name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
  }
  inputFields { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name } } } } } } }
}
"""
_NAME: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_DEEPEST: Final = 16
"""Lists and non-nulls around one type: the query above asks for half as many."""
_LEAVES: Final = ("SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM", "INPUT_OBJECT")


class _Ref(Struct):
    kind: str
    name: str | None = None
    ofType: _Ref | None = None  # noqa: N815 - the wire's name


class _Input(Struct):
    name: str
    type: _Ref
    description: str | None = None
    defaultValue: str | None = None  # noqa: N815


class _Field(Struct):
    name: str
    type: _Ref
    args: list[_Input] = field(default_factory=list)
    description: str | None = None


class _Value(Struct):
    name: str
    description: str | None = None


class _Type(Struct):
    kind: Kind
    name: str
    description: str | None = None
    fields: list[_Field] | None = None
    inputFields: list[_Input] | None = None  # noqa: N815
    interfaces: list[_Ref] | None = None
    enumValues: list[_Value] | None = None  # noqa: N815
    possibleTypes: list[_Ref] | None = None  # noqa: N815


class _Root(Struct):
    name: str


class _Schema(Struct):
    queryType: _Root  # noqa: N815
    types: list[_Type]
    mutationType: _Root | None = None  # noqa: N815
    subscriptionType: _Root | None = None  # noqa: N815


class _Data(Struct):
    schema: _Schema = field(name="__schema")


class _Answer(Struct):
    data: _Data | None = None
    errors: Any = None


class IntrospectionError(ApiError):
    """What the remote says about itself is no GraphQL schema."""

    def __init__(self, message: str, internal: Any = None) -> None:
        super().__init__("remote-schema-error", message, path="$.args", internal=internal)


_decoder: Final = msgspec.json.Decoder(_Answer)


def upstream(body: bytes) -> Upstream:
    """Blocks for as long as the body is big: not for the event loop."""
    try:
        answer = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise IntrospectionError(f"Remote schema introspection result is not as expected: {error}") from error
    if answer.data is None:
        raise IntrospectionError("Remote schema introspection failed", internal={"errors": answer.errors})
    schema = answer.data.schema
    return Upstream(
        query=schema.queryType.name,
        mutation=schema.mutationType.name if schema.mutationType else None,
        types=_unique((_type(entry) for entry in schema.types if not entry.name.startswith("__")), "type"),
    )


def _type(entry: _Type) -> RemoteType:
    _checked(entry.name)
    return RemoteType(
        kind=entry.kind,
        name=entry.name,
        description=entry.description,
        fields=_unique((_field(found) for found in entry.fields or ()), f"field of type {entry.name!r}"),
        inputs=_unique((_input(found) for found in entry.inputFields or ()), f"input field of type {entry.name!r}"),
        values={_checked(value.name): value.description for value in entry.enumValues or ()},
        interfaces=tuple(_ref(found).name for found in entry.interfaces or ()),
        possible=tuple(_ref(found).name for found in entry.possibleTypes or ()),
    )


def _field(entry: _Field) -> RemoteField:
    return RemoteField(
        name=_checked(entry.name),
        type=_ref(entry.type),
        arguments=_unique((_input(found) for found in entry.args), f"argument of field {entry.name!r}"),
        description=entry.description,
    )


def _input(entry: _Input) -> Argument:
    return Argument(
        name=_checked(entry.name),
        type=_ref(entry.type),
        description=entry.description,
        default=entry.defaultValue,
    )


def _ref(entry: _Ref) -> Ref:
    wraps = ""
    while entry.kind in ("LIST", "NON_NULL") and len(wraps) < _DEEPEST:
        wraps = ("]" if entry.kind == "LIST" else "!") + wraps
        if entry.ofType is None:
            raise IntrospectionError("a type is nested more deeply than the introspection query asks")
        entry = entry.ofType
    if entry.kind not in _LEAVES or entry.name is None or "!!" in wraps:
        raise IntrospectionError(f"{entry.kind} {entry.name or ''} is no type that a field can have")
    return Ref(_checked(entry.name), wraps)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise IntrospectionError(f"{name[:100]!r} is not a valid GraphQL name")
    return name


def _unique(found: Iterable[Any], what: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for entry in found:
        if entry.name in kept:
            raise IntrospectionError(f"{what} {entry.name!r} is declared more than once")
        kept[entry.name] = entry
    return kept
