"""Collections of GraphQL texts with names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import collections
from nself.graphql.metadata.collections import QueryCollection
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import Metadata


async def create(draft: Draft, call: Call) -> Reply:
    entry = collections.collection(call.args)
    _refuse_taken(draft.metadata, entry.name)
    for query in entry.queries:
        draft.concerns(subject(query, entry.name))
    draft.replace(put(draft.metadata, entry))
    return SUCCESS


async def rename(draft: Draft, call: Call) -> Reply:
    """What names the collection follows."""
    old, new = call.args.at("name").name(), call.args.at("new_name").name()
    metadata = draft.metadata
    renamed = replace(collection_of(metadata, old), name=new)
    _refuse_taken(metadata, new)
    draft.replace(
        replace(
            metadata,
            query_collections=_in_place(metadata.query_collections, old, renamed),
            allowlist={
                entry.collection: entry
                for entry in (
                    replace(entry, collection=new) if entry.collection == old else entry
                    for entry in metadata.allowlist.values()
                )
            },
            rest_endpoints={
                name: replace(entry, collection=new) if entry.collection == old else entry
                for name, entry in metadata.rest_endpoints.items()
            },
        )
    )
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    """With `cascade` the collection also leaves the allow list, and its REST endpoints go."""
    name, cascade = call.args.at("collection").name(), call.args.get("cascade")
    metadata = draft.metadata
    collection_of(metadata, name)
    if not (cascade and cascade.boolean()):
        if name in metadata.allowlist:
            message = f'query collection with name "{name}" is present in the allowlist; cannot proceed to drop. '
            raise ApiError("dependency-error", message + "please use cascade to confirm", path="$.args")
        _refuse_used(metadata, name)
    draft.replace(
        replace(
            metadata,
            query_collections={key: entry for key, entry in metadata.query_collections.items() if key != name},
            allowlist={key: entry for key, entry in metadata.allowlist.items() if key != name},
            rest_endpoints={key: entry for key, entry in metadata.rest_endpoints.items() if entry.collection != name},
        )
    )
    return SUCCESS


async def add_query(draft: Draft, call: Call) -> Reply:
    entry = collection_of(draft.metadata, call.args.at("collection_name").name())
    name, text = call.args.at("query_name").name(), collections.query_text(call.args.at("query"))
    if name in entry.queries:
        message = f'query with name "{name}" already exists in collection "{entry.name}"'
        raise ApiError("already-exists", message, path="$.args")
    draft.concerns(subject(name, entry.name))
    draft.replace(put(draft.metadata, replace(entry, queries={**entry.queries, name: text})))
    return SUCCESS


async def drop_query(draft: Draft, call: Call) -> Reply:
    entry = collection_of(draft.metadata, call.args.at("collection_name").name())
    name = call.args.at("query_name").name()
    if name not in entry.queries:
        message = f'query with name "{name}" not found in collection "{entry.name}"'
        raise ApiError("not-found", message, path="$.args")
    _refuse_used(draft.metadata, entry.name, name)
    kept = {key: text for key, text in entry.queries.items() if key != name}
    draft.replace(put(draft.metadata, replace(entry, queries=kept)))
    return SUCCESS


def subject(query: str, collection: str) -> str:
    return f"query_collections {query} in {collection}"


def collection_of(metadata: Metadata, name: str) -> QueryCollection:
    found = metadata.query_collections.get(name)
    if found is None:
        raise ApiError("not-exists", f'query collection with name "{name}" does not exist', path="$.args")
    return found


def put(metadata: Metadata, entry: QueryCollection) -> Metadata:
    return replace(metadata, query_collections={**metadata.query_collections, entry.name: entry})


def _in_place(known: Mapping[str, QueryCollection], old: str, renamed: QueryCollection) -> dict[str, QueryCollection]:
    return {renamed.name if key == old else key: renamed if key == old else entry for key, entry in known.items()}


def _refuse_taken(metadata: Metadata, name: str) -> None:
    if name in metadata.query_collections:
        raise ApiError("already-exists", f'query collection with name "{name}" already exists', path="$.args")


def _refuse_used(metadata: Metadata, collection: str, query: str | None = None) -> None:
    users = [
        entry.name
        for entry in metadata.rest_endpoints.values()
        if entry.collection == collection and query in (None, entry.query)
    ]
    if users:
        what = f'query collection "{collection}"' if query is None else f'query "{query}"'
        message = f"{what} is used by the following REST endpoint(s): {', '.join(users)}"
        raise ApiError("dependency-error", message, path="$.args")


COMMANDS = (
    Command(name="create_query_collection", run=create),
    Command(name="rename_query_collection", run=rename),
    Command(name="drop_query_collection", run=drop),
    Command(name="add_query_to_collection", run=add_query),
    Command(name="drop_query_from_collection", run=drop_query),
)
