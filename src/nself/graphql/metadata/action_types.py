"""`actions.yaml` and `actions.graphql`: the Hasura CLI writes action signatures and custom types as GraphQL SDL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError, parse, print_ast
from graphql.language import ast

Json = dict[str, Any]
_ROOTS = {"Query": "query", "Mutation": "mutation"}
_KINDS = ("scalars", "enums", "input_objects", "objects")


def joined(definitions: Mapping[str, Any], sdl: str) -> Json:
    """`actions` and `custom_types` of the metadata. ValueError says what the SDL lacks."""
    try:
        document = parse(sdl, no_location=True) if sdl.strip() else ast.DocumentNode(definitions=())
    except GraphQLError as error:
        raise ValueError(error.message) from error
    signatures, types = _read(document)
    actions = [_with_signature(action, signatures) for action in definitions.get("actions") or []]
    extra = definitions.get("custom_types") or {}
    custom = {kind: _enriched(types[kind], extra.get(kind) or []) for kind in _KINDS}
    custom = {kind: entries for kind, entries in custom.items() if entries}
    return {**({"actions": actions} if actions else {}), **({"custom_types": custom} if custom else {})}


def split(actions: Sequence[Mapping[str, Any]], types: Mapping[str, Any]) -> tuple[Json, str]:
    """The other way: (content of actions.yaml, text of actions.graphql)."""
    bare = [{**action, "definition": _without_signature(action["definition"])} for action in actions]
    named = {
        kind: [
            {key: value for key, value in entry.items() if key not in ("fields", "values", "description")}
            for entry in types.get(kind) or []
        ]
        for kind in _KINDS
    }
    blocks = [_operation(action) for action in actions]
    blocks += [_input(entry) for entry in types.get("input_objects") or []]
    blocks += [_object(entry) for entry in types.get("objects") or []]
    blocks += [_enum(entry) for entry in types.get("enums") or []]
    blocks += [f"scalar {entry['name']}" for entry in types.get("scalars") or []]
    text = "\n\n".join(blocks)
    return {"actions": bare, "custom_types": named}, print_ast(parse(text)) + "\n" if text else ""


def _read(document: ast.DocumentNode) -> tuple[dict[str, Json], dict[str, list[Json]]]:
    signatures: dict[str, Json] = {}
    types: dict[str, list[Json]] = {kind: [] for kind in _KINDS}
    for node in document.definitions:
        match node:
            case ast.ObjectTypeDefinitionNode() | ast.ObjectTypeExtensionNode() if node.name.value in _ROOTS:
                for field in node.fields or ():
                    signatures[field.name.value] = _signature(field, _ROOTS[node.name.value])
            case ast.ObjectTypeDefinitionNode():
                fields = [_described(field, _typed(field)) for field in node.fields or ()]
                types["objects"].append(_described(node, {"name": node.name.value, "fields": fields}))
            case ast.InputObjectTypeDefinitionNode():
                inputs = [_described(field, _typed(field)) for field in node.fields or ()]
                types["input_objects"].append(_described(node, {"name": node.name.value, "fields": inputs}))
            case ast.EnumTypeDefinitionNode():
                values = [_described(value, {"value": value.name.value}) for value in node.values or ()]
                types["enums"].append(_described(node, {"name": node.name.value, "values": values}))
            case ast.ScalarTypeDefinitionNode():
                types["scalars"].append(_described(node, {"name": node.name.value}))
            case _:
                raise ValueError(f"a {node.kind} has no place in action types")
    return signatures, types


def _signature(field: ast.FieldDefinitionNode, kind: str) -> Json:
    arguments = [_described(argument, _typed(argument)) for argument in field.arguments or ()]
    return {"arguments": arguments, "output_type": print_ast(field.type), "type": kind}


def _typed(node: ast.FieldDefinitionNode | ast.InputValueDefinitionNode) -> Json:
    return {"name": node.name.value, "type": print_ast(node.type)}


def _described(node: Any, entry: Json) -> Json:
    return {**entry, "description": node.description.value} if node.description else entry


def _with_signature(action: Mapping[str, Any], signatures: Mapping[str, Json]) -> Json:
    definition = dict(action.get("definition") or {})
    signature = signatures.get(str(action.get("name")))
    if signature is None and "output_type" not in definition:
        raise ValueError(f"action {action.get('name')!r} of actions.yaml has no field in type Query or Mutation")
    return {**action, "definition": {**definition, **(signature or {})}}


def _enriched(types: Sequence[Json], extra: Sequence[Mapping[str, Any]]) -> list[Json]:
    """What the YAML adds to a type of the SDL: relationships, above all."""
    by_name = {entry.get("name"): entry for entry in extra}
    return [{**dict(by_name.get(entry["name"], {})), **entry} for entry in types]


def _without_signature(definition: Mapping[str, Any]) -> Json:
    return {key: value for key, value in definition.items() if key not in ("arguments", "output_type", "type")}


def _operation(action: Mapping[str, Any]) -> str:
    definition = action["definition"]
    root = "Query" if definition.get("type") == "query" else "Mutation"
    arguments = "".join(
        f"{_text(entry)} {entry['name']}: {entry['type']} " for entry in definition.get("arguments") or []
    )
    brackets = f"({arguments})" if arguments else ""
    return f"extend type {root} {{ {action['name']}{brackets}: {definition['output_type']} }}"


def _input(entry: Mapping[str, Any]) -> str:
    return f"{_text(entry)} input {entry['name']} {{ {_fields(entry)} }}"


def _object(entry: Mapping[str, Any]) -> str:
    return f"{_text(entry)} type {entry['name']} {{ {_fields(entry)} }}"


def _enum(entry: Mapping[str, Any]) -> str:
    values = " ".join(f"{_text(value)} {value['value']}" for value in entry["values"])
    return f"{_text(entry)} enum {entry['name']} {{ {values} }}"


def _fields(entry: Mapping[str, Any]) -> str:
    return " ".join(f"{_text(field)} {field['name']}: {field['type']}" for field in entry["fields"])


def _text(entry: Mapping[str, Any]) -> str:
    """A description as GraphQL text, quoted by the printer."""
    if not entry.get("description"):
        return ""
    return print_ast(ast.StringValueNode(value=str(entry["description"]), block=False))
