"""Actions in the metadata: the typed model, and JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from nself.graphql.metadata import graphql_text
from nself.graphql.metadata.reader import Reader
from nself.graphql.webhooks.env_templates import Header, exported, headers
from nself.records import dataclass

Json = Mapping[str, Any]
DEFAULT_TIMEOUT_S: Final = 30
_KINDS: Final = ("synchronous", "asynchronous")
_TYPES: Final = ("mutation", "query")
_KEYS: Final = (
    "handler", "output_type", "type", "kind", "arguments", "headers", "forward_client_headers", "timeout",
    "request_transform", "response_transform", "ignored_client_headers",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """`type` is GraphQL text: `[UserInput!]!`."""

    name: str
    type: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """`handler` may hold `{{NAME}}` of environment variables; the transforms are as `transforms.model` reads them."""

    handler: str
    output_type: str
    query: bool = False
    asynchronous: bool = False
    arguments: tuple[Argument, ...] = ()
    headers: tuple[Header, ...] = ()
    forward_client_headers: bool = False
    ignored_client_headers: tuple[str, ...] = ()
    timeout_s: int = DEFAULT_TIMEOUT_S
    request_transform: Json | None = None
    response_transform: Json | None = None
    rest: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`roles` may call it, beside admin."""

    name: str
    definition: ActionDefinition
    roles: tuple[str, ...] = ()
    comment: str | None = None
    rest: Json = field(default_factory=dict)


def action(reader: Reader) -> Action:
    permissions, comment = reader.get("permissions"), reader.get("comment")
    return Action(
        name=graphql_text.name(reader.at("name")),
        definition=definition(reader.at("definition")),
        roles=tuple(item.at("role").name() for item in permissions.items()) if permissions else (),
        comment=comment.text() if comment else None,
        rest=reader.others("name", "definition", "permissions", "comment"),
    )


def definition(reader: Reader) -> ActionDefinition:
    kind, arguments = reader.get("kind"), reader.get("arguments")
    forward, ignored, timeout = (
        reader.get(key) for key in ("forward_client_headers", "ignored_client_headers", "timeout")
    )
    request, response = reader.get("request_transform"), reader.get("response_transform")
    query = _choice(reader, "type", _TYPES) == "query"
    if query and kind and kind.value != "synchronous":
        kind.fail("query actions are synchronous")
    return ActionDefinition(
        handler=reader.at("handler").name(),
        output_type=graphql_text.type_text(reader.at("output_type")),
        query=query,
        asynchronous=_choice(reader, "kind", _KINDS) == "asynchronous",
        arguments=tuple(_argument(item) for item in arguments.items()) if arguments else (),
        headers=headers(reader.get("headers")),
        forward_client_headers=forward.boolean() if forward else False,
        ignored_client_headers=ignored.names() if ignored else (),
        timeout_s=timeout.natural() if timeout else DEFAULT_TIMEOUT_S,
        request_transform=request.object() if request else None,
        response_transform=response.object() if response else None,
        rest=reader.others(*_KEYS),
    )


def _choice(reader: Reader, key: str, choices: tuple[str, ...]) -> str:
    """The first is the default."""
    given = reader.get(key)
    if given is None:
        return choices[0]
    if given.text() not in choices:
        given.fail(f"expected one of {' and '.join(choices)}, encountered {given.value}")
    return str(given.value)


def _argument(reader: Reader) -> Argument:
    description = reader.get("description")
    return Argument(
        name=graphql_text.name(reader.at("name")),
        type=graphql_text.type_text(reader.at("type")),
        description=description.text() if description else None,
    )


def export_action(entry: Action) -> dict[str, Any]:
    parts = {"comment": entry.comment, "permissions": [{"role": role} for role in entry.roles]}
    return {"name": entry.name, "definition": export_definition(entry.definition), **_filled(parts), **entry.rest}


def export_definition(entry: ActionDefinition) -> dict[str, Any]:
    kind = "asynchronous" if entry.asynchronous else "synchronous"
    parts = {
        "arguments": [
            {"name": argument.name, "type": argument.type, **_filled({"description": argument.description})}
            for argument in entry.arguments
        ],
        "headers": exported(entry.headers),
        "forward_client_headers": entry.forward_client_headers,
        "ignored_client_headers": list(entry.ignored_client_headers),
        "timeout": None if entry.timeout_s == DEFAULT_TIMEOUT_S else entry.timeout_s,
        "request_transform": entry.request_transform,
        "response_transform": entry.response_transform,
        "type": "query" if entry.query else "mutation",
        "kind": None if entry.query else kind,
    }
    return {"handler": entry.handler, "output_type": entry.output_type, **_filled(parts), **entry.rest}


def _filled(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if value is not None and value is not False and value != []}
