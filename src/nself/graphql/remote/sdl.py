"""A role's schema document, in GraphQL's schema language with `@preset`, -> Upstream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    OperationType,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeNode,
    UnionTypeDefinitionNode,
    parse,
)
from graphql.language import print_ast

from nself.graphql.errors import ApiError
from nself.graphql.plan.arguments import literal_json
from nself.graphql.remote.upstream import Argument, Preset, Ref, RemoteField, RemoteType, Upstream

PRESET: Final = "preset"
_SESSION: Final = "x-hasura-"


def document(text: str) -> DocumentNode:
    try:
        return parse(text, no_location=True)
    except (GraphQLSyntaxError, RecursionError) as error:
        said = error.message if isinstance(error, GraphQLSyntaxError) else "it is nested too deeply"
        message = f"parsing the schema document: {said}"
        raise ApiError("parse-failed", message, path="$.args.definition.schema") from error


def upstream(parsed: DocumentNode) -> Upstream:
    """What the document declares, presets with it. Whether the remote has it is for `permissions`."""
    roots = {OperationType.QUERY: "Query", OperationType.MUTATION: "Mutation"}
    stated = False
    types: dict[str, RemoteType] = {}
    for node in parsed.definitions:
        if isinstance(node, SchemaDefinitionNode):
            stated = True
            roots = {entry.operation: entry.type.name.value for entry in node.operation_types}
            continue
        if isinstance(node, DirectiveDefinitionNode):
            continue
        found = _type(node)
        if found is None:
            raise ApiError("validation-failed", f"unexpected definition in a schema document: {node.kind}")
        if found.name in types:
            raise ApiError("validation-failed", f"type '{found.name}' is defined more than once")
        types[found.name] = found
    mutation = roots.get(OperationType.MUTATION)
    return Upstream(
        query=roots.get(OperationType.QUERY, "Query"),
        mutation=mutation if mutation in types or stated else None,
        types=_with_possible(types),
    )


def _with_possible(types: dict[str, RemoteType]) -> dict[str, RemoteType]:
    """Interfaces learn who implements them."""
    possible: dict[str, list[str]] = {}
    for type_ in types.values():
        for name in type_.interfaces if type_.kind == "OBJECT" else ():
            possible.setdefault(name, []).append(type_.name)
    return {
        name: RemoteType(
            kind=type_.kind,
            name=name,
            description=type_.description,
            fields=type_.fields,
            interfaces=type_.interfaces,
            possible=tuple(possible.get(name, ())),
        )
        if type_.kind == "INTERFACE"
        else type_
        for name, type_ in types.items()
    }


def _type(node: Any) -> RemoteType | None:
    match node:
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            return RemoteType(
                kind="OBJECT" if isinstance(node, ObjectTypeDefinitionNode) else "INTERFACE",
                name=node.name.value,
                description=_description(node),
                fields={entry.name.value: _field(entry) for entry in node.fields or ()},
                interfaces=tuple(entry.name.value for entry in node.interfaces or ()),
            )
        case UnionTypeDefinitionNode():
            possible = tuple(entry.name.value for entry in node.types or ())
            return RemoteType(kind="UNION", name=node.name.value, description=_description(node), possible=possible)
        case EnumTypeDefinitionNode():
            values = {entry.name.value: _description(entry) for entry in node.values or ()}
            return RemoteType(kind="ENUM", name=node.name.value, description=_description(node), values=values)
        case InputObjectTypeDefinitionNode():
            inputs = {entry.name: entry for entry in _arguments(node.fields or ())}
            return RemoteType(kind="INPUT_OBJECT", name=node.name.value, description=_description(node), inputs=inputs)
        case ScalarTypeDefinitionNode():
            return RemoteType(kind="SCALAR", name=node.name.value, description=_description(node))
        case _:
            return None


def _field(node: FieldDefinitionNode) -> RemoteField:
    return RemoteField(
        name=node.name.value,
        type=_ref(node.type),
        arguments={entry.name: entry for entry in _arguments(node.arguments or ())},
        description=_description(node),
    )


def _arguments(nodes: Iterable[InputValueDefinitionNode]) -> Iterator[Argument]:
    for node in nodes:
        yield Argument(
            name=node.name.value,
            type=_ref(node.type),
            description=_description(node),
            default=print_ast(node.default_value) if node.default_value else None,
            preset=_preset(node.name.value, node.directives or ()),
        )


def _preset(name: str, directives: Sequence[ConstDirectiveNode]) -> Preset | None:
    found = [node for node in directives if node.name.value == PRESET]
    if not found:
        return None
    if len(found) > 1:
        raise ApiError("validation-failed", f'the following directives used more than once: {PRESET} at "{name}"')
    given = {argument.name.value: argument.value for argument in found[0].arguments or ()}
    if "value" not in given:
        raise ApiError("validation-failed", f'expected preset argument "value" for the preset directive at "{name}"')
    value = literal_json(given["value"])
    static = literal_json(given["static"]) if "static" in given else False
    is_text = isinstance(given["value"], StringValueNode)
    return Preset(value, session=is_text and value.lower().startswith(_SESSION) and static is not True)


def _ref(node: TypeNode) -> Ref:
    wraps = ""
    while not isinstance(node, NamedTypeNode):
        assert isinstance(node, ListTypeNode | NonNullTypeNode)
        wraps = ("]" if isinstance(node, ListTypeNode) else "!") + wraps
        node = node.type
    return Ref(node.name.value, wraps)


def _description(node: Any) -> str | None:
    return node.description.value if node.description else None
