"""Remote schemas: added, changed, asked again, and what roles may use of them."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from nself.graphql.errors import ApiError
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, never
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import Metadata
from nself.graphql.metadata.remote_schemas import RemoteSchema, permission, remote_schema
from nself.graphql.sessions.session import ADMIN


async def add(draft: Draft, call: Call) -> Reply:
    """The service is asked at once: one that cannot be is not added."""
    entry = remote_schema(call.args)
    if entry.name in draft.metadata.remote_schemas:
        raise ApiError("already-exists", f'remote schema with name "{entry.name}" already exists', path="$.args")
    await _fetch(draft, entry)
    draft.replace(_with(draft.metadata, entry))
    return SUCCESS


async def update(draft: Draft, call: Call) -> Reply:
    """Definition and comment; permissions and relationships stay."""
    wanted = remote_schema(call.args)
    known = _known(draft.metadata, wanted.name)
    entry = replace(known, definition=wanted.definition, comment=wanted.comment)
    draft.replace(_with(draft.metadata, entry), subject=_subject(entry.name))
    return SUCCESS


async def remove(draft: Draft, call: Call) -> Reply:
    name = call.args.at("name").name()
    _known(draft.metadata, name)
    kept = {key: entry for key, entry in draft.metadata.remote_schemas.items() if key != name}
    draft.replace(replace(draft.metadata, remote_schemas=kept))
    return SUCCESS


async def reload(draft: Draft, call: Call) -> Reply:
    entry = _known(draft.metadata, call.args.at("name").name())
    await _fetch(draft, entry)
    await draft.reload()
    return SUCCESS


async def introspect(draft: Draft, call: Call) -> Reply:
    """What the service answered when it was asked last."""
    entry = _known(draft.metadata, call.args.at("name").name())
    found = draft.engine.remotes.introspection(entry.name)
    if found is None:
        raise ApiError("remote-schema-error", f'remote schema "{entry.name}" is inconsistent', path="$.args")
    return msgspec.Raw(found)


async def add_permission(draft: Draft, call: Call) -> Reply:
    name, wanted = call.args.at("remote_schema").name(), permission(call.args)
    entry = _known(draft.metadata, name)
    if not draft.engine.remotes.permissions:
        message = "remote schema permissions can only be added when they are enabled in the graphql-engine"
        raise ApiError("constraint-violation", message, path="$.args")
    if wanted.role == ADMIN or any(known.role == wanted.role for known in entry.permissions):
        message = f'permission for role "{wanted.role}" on remote schema "{name}" already exists'
        raise ApiError("already-exists", message, path="$.args")
    draft.engine.remotes.check_permission(name, wanted.sdl)
    changed = replace(entry, permissions=(*entry.permissions, wanted))
    draft.replace(_with(draft.metadata, changed))
    return SUCCESS


async def drop_permission(draft: Draft, call: Call) -> Reply:
    name, role = call.args.at("remote_schema").name(), call.args.at("role").name()
    entry = _known(draft.metadata, name)
    if all(known.role != role for known in entry.permissions):
        message = f'permission for role "{role}" on remote schema "{name}" does not exist'
        raise ApiError("not-exists", message, path="$.args")
    kept = tuple(known for known in entry.permissions if known.role != role)
    draft.replace(_with(draft.metadata, replace(entry, permissions=kept)))
    return SUCCESS


async def _fetch(draft: Draft, entry: RemoteSchema) -> None:
    await draft.engine.remotes.fetch(entry.name, entry.definition)


def _with(metadata: Metadata, entry: RemoteSchema) -> Metadata:
    return replace(metadata, remote_schemas={**metadata.remote_schemas, entry.name: entry})


def _known(metadata: Metadata, name: str) -> RemoteSchema:
    if name not in metadata.remote_schemas:
        raise ApiError("not-exists", f'remote schema with name "{name}" does not exist', path="$.args")
    return metadata.remote_schemas[name]


def _subject(name: str) -> str:
    return f"remote_schema {name}"


COMMANDS = (
    Command(name="add_remote_schema", run=add),
    Command(name="update_remote_schema", run=update),
    Command(name="remove_remote_schema", run=remove),
    Command(name="reload_remote_schema", run=reload),
    Command(name="introspect_remote_schema", run=introspect, changes=never),
    Command(name="add_remote_schema_permissions", run=add_permission),
    Command(name="drop_remote_schema_permissions", run=drop_permission),
)
