"""`__schema` and `__type`: the role's schema as data, sorted by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nself.graphql.language.described import Described
from nself.graphql.language.scalars import scalar
from nself.graphql.language.types import (
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
    named,
)
from nself.graphql.plan.arguments import Leaf, flag
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.roots import mutation_root, query_root, subscription_root
from nself.graphql.sql.written import Always, Resolve, Wanted, writer
from nself.records import dataclass

_STRING: Final = scalar("String")
_BOOLEAN: Final = scalar("Boolean")


@dataclass(frozen=True, slots=True)
class Directive:
    name: str
    description: str
    locations: tuple[str, ...]
    arguments: Mapping[str, InputField]


_IF: Final = arguments(InputField(name="if", type=NonNull(_BOOLEAN)))
_IN_SELECTIONS: Final = ("FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT")
DIRECTIVES: Final = (
    Directive("include", "whether this query should be included", _IN_SELECTIONS, _IF),
    Directive("skip", "whether this query should be skipped", _IN_SELECTIONS, _IF),
    Directive(
        "cached",
        "whether this query should be cached",
        ("QUERY",),
        arguments(
            InputField(name="ttl", type=NonNull(scalar("Int")), description="measured in seconds", default="60"),
            InputField(name="refresh", type=NonNull(_BOOLEAN), description="refresh the cache entry", default="false"),
        ),
    ),
)

_KINDS: Final = {
    Scalar: "SCALAR",
    Enum: "ENUM",
    InputObject: "INPUT_OBJECT",
    Interface: "INTERFACE",
    ListOf: "LIST",
    Object: "OBJECT",
    Union: "UNION",
}


def _kind(type_: Type, schema: RoleSchema) -> str:
    return _KINDS.get(type(type_), "NON_NULL")


def _fields(type_: Type, schema: RoleSchema) -> list[Field] | None:
    return _sorted(type_.fields.values()) if isinstance(type_, Object | Interface) else None


def _interfaces(type_: Type, schema: RoleSchema) -> list[Interface] | None:
    return _sorted(type_.interfaces) if isinstance(type_, Object | Interface) else None


def _possible(type_: Type, schema: RoleSchema) -> list[Object] | None:
    return _sorted(type_.possible) if isinstance(type_, Interface | Union) else None


def _sorted(things: Iterable[Any]) -> list[Any]:
    return sorted(things, key=lambda thing: thing.name)


def _values(type_: Type, schema: RoleSchema) -> list[EnumValue] | None:
    return _sorted(type_.values.values()) if isinstance(type_, Enum) else None


def _inputs(type_: Type, schema: RoleSchema) -> list[InputField] | None:
    return _sorted(type_.fields.values()) if isinstance(type_, InputObject) else None


def _of_type(type_: Type, schema: RoleSchema) -> Type | None:
    return type_.of if isinstance(type_, ListOf | NonNull) else None


def _mutation(_: Any, schema: RoleSchema) -> Object | None:
    return root if (root := mutation_root(schema)).fields else None


def _subscription(_: Any, schema: RoleSchema) -> Object | None:
    return root if (root := subscription_root(schema)).fields else None


def _of(attribute: str) -> Resolve:
    return lambda value, schema: getattr(value, attribute, None)


def _field(name: str, type_: Type, resolve: Resolve, *args: InputField) -> Field:
    return Field(name=name, type=type_, means=resolve, arguments=arguments(*args))


def _list(type_: Type) -> Type:
    return ListOf(NonNull(type_))


_DEPRECATED: Final = InputField(name="includeDeprecated", type=_BOOLEAN, default="false")


def _enum(name: str, *values: str) -> Enum:
    return Enum(name=name, values={value: EnumValue(value) for value in values})


_KIND: Final = _enum("__TypeKind", "ENUM", "INPUT_OBJECT", "INTERFACE", "LIST", "NON_NULL", "OBJECT", "SCALAR", "UNION")
_LOCATION: Final = _enum(
    "__DirectiveLocation",
    "FIELD",
    "FIELD_DEFINITION",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "MUTATION",
    "QUERY",
    "SUBSCRIPTION",
)


def _type_fields() -> Iterator[Field]:
    yield _field("description", _STRING, _of("description"))
    yield _field("enumValues", _list(_ENUM_VALUE), _values, _DEPRECATED)
    yield _field("fields", _list(_FIELD), _fields, _DEPRECATED)
    yield _field("inputFields", _list(_INPUT_VALUE), _inputs, _DEPRECATED)
    yield _field("interfaces", _list(_TYPE), _interfaces)
    yield _field("kind", NonNull(_KIND), _kind)
    yield _field("name", _STRING, _of("name"))
    yield _field("ofType", _TYPE, _of_type)
    yield _field("possibleTypes", _list(_TYPE), _possible)
    yield _field("specifiedByURL", _STRING, Always(None))


def _described() -> Iterator[Field]:
    yield _field("description", _STRING, _of("description"))
    yield _field("name", NonNull(_STRING), lambda value, schema: getattr(value, "called", value.name))


def _deprecation() -> Iterator[Field]:
    yield _field("deprecationReason", _STRING, Always(None))
    yield _field("isDeprecated", NonNull(_BOOLEAN), Always(False))


def _arguments(value: Field | Directive, schema: RoleSchema) -> list[InputField]:
    return _sorted(value.arguments.values())


def _field_fields() -> Iterator[Field]:
    yield from _described()
    yield from _deprecation()
    yield _field("args", NonNull(_list(_INPUT_VALUE)), _arguments, _DEPRECATED)
    yield _field("type", NonNull(_TYPE), _of("type"))


def _input_fields() -> Iterator[Field]:
    yield from _described()
    yield from _deprecation()
    yield _field("defaultValue", _STRING, _of("default"))
    yield _field("type", NonNull(_TYPE), _of("type"))


def _enum_fields() -> Iterator[Field]:
    yield from _described()
    yield from _deprecation()


def _directive_fields() -> Iterator[Field]:
    yield from _described()
    yield _field("args", NonNull(_list(_INPUT_VALUE)), _arguments, _DEPRECATED)
    yield _field("isRepeatable", NonNull(_BOOLEAN), Always(False))
    yield _field("locations", NonNull(_list(_LOCATION)), _of("locations"))


def _schema_fields() -> Iterator[Field]:
    yield _field("description", _STRING, Always(None))
    yield _field("directives", NonNull(_list(_DIRECTIVE)), Always(DIRECTIVES))
    yield _field("mutationType", _TYPE, _mutation)
    yield _field("queryType", NonNull(_TYPE), lambda value, schema: query_root(schema))
    yield _field("subscriptionType", _TYPE, _subscription)
    yield _field("types", NonNull(_list(_TYPE)), lambda value, schema: _sorted(every_type(schema).values()))


_TYPE: Final = Object("__Type", _type_fields)
_FIELD: Final = Object("__Field", _field_fields)
_INPUT_VALUE: Final = Object("__InputValue", _input_fields)
_ENUM_VALUE: Final = Object("__EnumValue", _enum_fields)
_DIRECTIVE: Final = Object("__Directive", _directive_fields)
_SCHEMA: Final = Object("__Schema", _schema_fields)


def _type_named(name: Any, schema: RoleSchema) -> Named | None:
    return every_type(schema).get(name)


ROOT_FIELDS: Final = {
    "__schema": _field("__schema", NonNull(_SCHEMA), lambda value, schema: schema),
    "__type": _field("__type", _TYPE, _type_named, InputField(name="name", type=NonNull(_STRING))),
}
"""What every query root has besides its own fields."""


def every_type(schema: RoleSchema) -> Mapping[str, Named]:
    """All types that can be reached from the roots, by name. Makes the ones that were not needed before."""
    if schema.every_type is None:
        schema.every_type = _reachable(schema)
    return schema.every_type


def _reachable(schema: RoleSchema) -> dict[str, Named]:
    found: dict[str, Named] = {}
    waiting: list[Named] = [query_root(schema), _SCHEMA]
    waiting += [named(argument.type) for directive in DIRECTIVES for argument in directive.arguments.values()]
    if mutation_root(schema).fields:
        waiting.append(mutation_root(schema))
    if subscription_root(schema).fields:
        waiting.append(subscription_root(schema))
    while waiting:
        type_ = waiting.pop()
        if type_.name in found:
            continue
        found[type_.name] = type_
        waiting += map(named, _below(type_))
    return found


def _below(type_: Named) -> Iterator[Type]:
    if isinstance(type_, InputObject):
        yield from (field.type for field in type_.fields.values())
    elif isinstance(type_, Object | Interface | Union):
        yield from getattr(type_, "interfaces", ())
        yield from getattr(type_, "possible", ())
        for field in type_.fields.values():
            yield field.type
            yield from (argument.type for argument in field.arguments.values())


def described(ctx: Context, one: Selected) -> Described:
    """The answer to `__schema` or `__type`, yet to be made."""
    name = arguments_of(ctx, one).get("name")
    value = None
    if isinstance(name, Leaf):
        name.source()
        # The name decides the answer, which is part of the plan.
        ctx.reusable = ctx.reusable and name.variable is None
        value = name.value
    schema, wanted = ctx.schema, _wanted(ctx, one, "")

    def write() -> bytes:
        shown = schema.to_describe
        return writer(wanted, shown)(wanted.resolve(value, shown))

    return Described(one.key, write)


def _wanted(ctx: Context, one: Selected, parent: str) -> Wanted:
    if one.of is None:
        return Wanted(one.key, Always(parent))
    deprecated = arguments_of(ctx, one).get("includeDeprecated")
    if isinstance(deprecated, Leaf):
        flag(deprecated)
    type_ = named(one.of.type)
    below = fields_of(ctx, one) if isinstance(type_, Object) else ()
    fields = tuple(_wanted(ctx, field, type_.name) for field in below)
    return Wanted(one.key, one.of.means, fields, recurs=type_ is _TYPE)
