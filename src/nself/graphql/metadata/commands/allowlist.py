"""The allow list: whose queries may run when only listed ones may."""

from __future__ import annotations

from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import collections
from nself.graphql.metadata.collections import AllowedCollection
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.commands.query_collections import collection_of
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader


async def add(draft: Draft, call: Call) -> Reply:
    """Adding again changes nothing and says so."""
    entry = collections.allowed(_args(call))
    collection_of(draft.metadata, entry.collection)
    if entry.collection in draft.metadata.allowlist:
        message = (
            f'collection "{entry.collection}" already exists in the allowlist, scope ignored; '
            "to change scope, use update_scope_of_collection_in_allowlist"
        )
        return {"message": message}
    _put(draft, entry)
    return SUCCESS


async def update_scope(draft: Draft, call: Call) -> Reply:
    args = _args(call)
    args.at("collection")
    args.at("scope")
    entry = collections.allowed(args)
    _listed(draft, entry.collection)
    _put(draft, entry)
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    args = _args(call)
    if "collection" not in args.object():
        kind = "Hasura.RQL.Types.Allowlist.DropCollectionFromAllowlist(DropCollectionFromAllowlist)"
        args.fail(f'parsing {kind} failed, key "collection" not found')
    name = args.at("collection").name()
    _listed(draft, name)
    kept = {key: entry for key, entry in draft.metadata.allowlist.items() if key != name}
    draft.replace(replace(draft.metadata, allowlist=kept))
    return SUCCESS


def _args(call: Call) -> Reader:
    """These commands' errors begin their paths with the arguments."""
    return Reader(call.args.value, ".args")


def _listed(draft: Draft, name: str) -> None:
    if name not in draft.metadata.allowlist:
        raise ApiError("not-found", f'collection "{name}" doesn\'t exist in the allowlist', path="$.args")


def _put(draft: Draft, entry: AllowedCollection) -> None:
    draft.replace(replace(draft.metadata, allowlist={**draft.metadata.allowlist, entry.collection: entry}))


COMMANDS = (
    Command(name="add_collection_to_allowlist", run=add),
    Command(name="update_scope_of_collection_in_allowlist", run=update_scope),
    Command(name="drop_collection_from_allowlist", run=drop),
)
