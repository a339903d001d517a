"""REST endpoints over queries of collections."""

from __future__ import annotations

from dataclasses import replace

from graphql import OperationType

from nself.graphql.errors import ApiError
from nself.graphql.language.document import definitions
from nself.graphql.metadata import rest_endpoints
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import Metadata
from nself.graphql.metadata.rest_endpoints import RestEndpoint


async def create(draft: Draft, call: Call) -> Reply:
    entry = rest_endpoints.endpoint(call.args)
    if entry.name in draft.metadata.rest_endpoints:
        raise ApiError("already-exists", f'Endpoint with name "{entry.name}" already exists', path="$.args")
    _refuse_query(draft.metadata, entry)
    changed = replace(draft.metadata, rest_endpoints={**draft.metadata.rest_endpoints, entry.name: entry})
    if rest_endpoints.objection(entry, changed.query_collections) is None:
        _refuse_clash(changed, entry)
    draft.replace(changed, subject=f"rest_endpoint {entry.name}")
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    name = call.args.at("name").name()
    if name not in draft.metadata.rest_endpoints:
        raise ApiError("not-exists", f'Endpoint with name "{name}" does not exist', path="$.args")
    kept = {key: entry for key, entry in draft.metadata.rest_endpoints.items() if key != name}
    draft.replace(replace(draft.metadata, rest_endpoints=kept))
    return SUCCESS


def _refuse_query(metadata: Metadata, entry: RestEndpoint) -> None:
    if entry.collection not in metadata.query_collections:
        message = f'query collection with name "{entry.collection}" does not exist'
        raise ApiError("not-exists", message, path="$.args")
    text = rest_endpoints.text_of(entry, metadata.query_collections)
    if text is None:
        message = f'query with name "{entry.query}" does not exist in collection "{entry.collection}"'
        raise ApiError("not-exists", message, path="$.args")
    if any(operation.kind is OperationType.SUBSCRIPTION for operation in definitions(text)):
        message = f"query with name {entry.query} is a subscription"
        raise ApiError("method-not-allowed", message, path="$.args", status=405)


def _refuse_clash(metadata: Metadata, entry: RestEndpoint) -> None:
    for group in rest_endpoints.clashes(metadata.rest_endpoints.values()):
        if entry in group:
            reason = rest_endpoints.ambiguous(group)
            internal = [{"reason": reason, "conflicts": [_conflict(metadata, one) for one in group]}]
            raise ApiError("invalid-configuration", reason, path="$.args", internal=internal)


def _conflict(metadata: Metadata, entry: RestEndpoint) -> dict[str, object]:
    return {
        "name": entry.name,
        "url": entry.url,
        "methods": list(entry.methods),
        "definition": {"query": rest_endpoints.text_of(entry, metadata.query_collections)},
        "comment": entry.comment,
    }


COMMANDS = (
    Command(name="create_rest_endpoint", run=create),
    Command(name="drop_rest_endpoint", run=drop),
)
