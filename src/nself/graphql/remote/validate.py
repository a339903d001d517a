"""Whether a remote's schema keeps GraphQL's own rules: what is declared exists, and interfaces are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nself.graphql.remote.introspection import IntrospectionError
from nself.graphql.remote.upstream import BUILT_IN, Argument, Ref, RemoteField, RemoteType, Upstream

_OUTPUT = frozenset({"SCALAR", "ENUM", "OBJECT", "INTERFACE", "UNION"})
_INPUT = frozenset({"SCALAR", "ENUM", "INPUT_OBJECT"})


def validate(schema: Upstream) -> None:
    """Raises the first objection, in Hasura's words."""
    for objection in objections(schema):
        raise IntrospectionError(objection)


def objections(schema: Upstream) -> Iterator[str]:
    for root in filter(None, (schema.query, schema.mutation)):
        found = schema.types.get(root)
        if found is None or found.kind != "OBJECT":
            yield f'"{root}" has to be an object type'
    for type_ in schema.types.values():
        yield from _type(schema, type_)


def _type(schema: Upstream, type_: RemoteType) -> Iterator[str]:
    match type_.kind:
        case "OBJECT" | "INTERFACE":
            if not type_.fields:
                yield f"List of fields cannot be empty for {type_.kind.lower()} '{type_.name}'"
            for field in type_.fields.values():
                yield from _field(schema, type_, field)
            for name in type_.interfaces:
                yield from _implementation(schema, type_, name)
            if type_.kind == "INTERFACE":
                yield from _possible(schema, type_)
        case "UNION":
            if not type_.possible:
                yield f"List of member types cannot be empty for union type '{type_.name}'"
            yield from _possible(schema, type_)
        case "INPUT_OBJECT":
            if not type_.inputs:
                yield f"List of input fields cannot be empty for input object '{type_.name}'"
            for argument in type_.inputs.values():
                yield from _known(schema, argument.type, _INPUT, f"input field '{type_.name}'.\"{argument.name}\"")
        case "ENUM":
            if not type_.values:
                yield f"List of values cannot be empty for enum '{type_.name}'"


def _field(schema: Upstream, owner: RemoteType, field: RemoteField) -> Iterator[str]:
    where = f"field '{owner.name}'.\"{field.name}\""
    yield from _known(schema, field.type, _OUTPUT, where)
    for argument in field.arguments.values():
        yield from _known(schema, argument.type, _INPUT, f'{where}("{argument.name}":)')


def _known(schema: Upstream, ref: Ref, kinds: frozenset[str], where: str) -> Iterator[str]:
    found = schema.types.get(ref.name)
    if found is None and ref.name not in BUILT_IN:
        yield f"Could not find type with name '{ref.name}', the type of {where}"
    elif found is not None and found.kind not in kinds:
        yield f"type '{ref.name}' cannot be the type of {where}"


def _possible(schema: Upstream, type_: RemoteType) -> Iterator[str]:
    for name in type_.possible:
        found = schema.types.get(name)
        if found is None or found.kind != "OBJECT":
            kind = "Union" if type_.kind == "UNION" else "Interface"
            yield f"{kind} type '{type_.name}' can only include object types. It cannot include '{name}'"


def _implementation(schema: Upstream, type_: RemoteType, name: str) -> Iterator[str]:
    interface = schema.types.get(name)
    if interface is None or interface.kind != "INTERFACE":
        yield f"'{type_.name}' implements '{name}', which is not an interface"
        return
    for expected in interface.fields.values():
        where = f"Interface field '{name}'.\"{expected.name}\""
        found = type_.fields.get(expected.name)
        if found is None:
            yield f"{where} expected, but '{type_.name}' does not provide it"
            continue
        here = f"'{type_.name}'.\"{expected.name}\""
        if not _covariant(schema, found.type, expected.type):
            yield (
                f"The type of Object field {here} ('{found.type}') is not the same type/sub type of "
                f"{where} ('{expected.type}')"
            )
        yield from _arguments(found.arguments, expected.arguments, here, where)


def _arguments(found: Mapping[str, Argument], expected: Mapping[str, Argument], here: str, where: str) -> Iterator[str]:
    for name, argument in expected.items():
        given = found.get(name)
        there = where.removeprefix("Interface field ")
        if given is None:
            yield (f'Interface field argument {there}("{name}":) required, but Object field {here} does not provide it')
        elif given.type != argument.type:
            yield (
                f'Interface field argument {there}("{name}":) expects type {argument.type}, but '
                f'Object field {here}("{name}":) has type {given.type}'
            )
    for name, argument in found.items():
        if name not in expected and argument.type.required and argument.default is None:
            yield (
                f'Object field argument {here}("{name}":) is of required type {argument.type}, '
                f"but is not provided by {where}"
            )


def _covariant(schema: Upstream, found: Ref, expected: Ref) -> bool:
    """An object may give more than the interface promises: non-null for nullable, a member for an abstract type."""
    given, wanted = list(found.wraps), list(expected.wraps)
    while given or wanted:
        if given[-1:] == wanted[-1:]:
            given.pop(), wanted.pop()
        elif given[-1:] == ["!"]:
            given.pop()
        else:
            return False
    if found.name == expected.name:
        return True
    abstract, concrete = schema.types.get(expected.name), schema.types.get(found.name)
    return (abstract is not None and found.name in abstract.possible) or (
        concrete is not None and expected.name in concrete.interfaces
    )
