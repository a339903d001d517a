"""Relationships of tables and of remote types to remote schemas and to tables of other sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import TrackedTable
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.remote_schemas import RemoteRelationship, relationship, with_relationships


async def create(draft: Draft, call: Call) -> Reply:
    where, table, entry = source(call.args), call.args.at("table").qualified(), relationship(call.args)
    tracked = edit.table_of(draft.metadata, where, table)
    taken = {other.name for other in (*tracked.object_relationships, *tracked.array_relationships)}
    if entry.name in taken | {other.name for other in tracked.remote_relationships}:
        raise _exists(entry.name, f'table "{table}"')
    _keep(draft, where, tracked, (*tracked.remote_relationships, entry), entry.name)
    return SUCCESS


async def update(draft: Draft, call: Call) -> Reply:
    where, table, entry = source(call.args), call.args.at("table").qualified(), relationship(call.args)
    tracked = edit.table_of(draft.metadata, where, table)
    _keep(draft, where, tracked, _changed(tracked.remote_relationships, entry, f'table "{table}"'), entry.name)
    return SUCCESS


async def delete(draft: Draft, call: Call) -> Reply:
    where, table, name = source(call.args), call.args.at("table").qualified(), call.args.at("name").name()
    tracked = edit.table_of(draft.metadata, where, table)
    _keep(draft, where, tracked, _without(tracked.remote_relationships, name, f'table "{table}"'), "")
    return SUCCESS


def _keep(draft: Draft, where: str, tracked: TrackedTable, entries: Sequence[RemoteRelationship], name: str) -> None:
    changed = replace(tracked, remote_relationships=tuple(entries))
    subject = f"remote_relationship {name} in table {tracked.table} in source {where}"
    draft.replace(edit.put_table(draft.metadata, where, changed), subject=subject)


async def create_of_type(draft: Draft, call: Call) -> Reply:
    type_name, entry = call.args.at("type_name").name(), relationship(call.args)
    known = _of_type(draft, call.args)
    if any(other.name == entry.name for other in known):
        raise _exists(entry.name, f'type "{type_name}"')
    _keep_of_type(draft, call.args, (*known, entry), entry.name)
    return SUCCESS


async def update_of_type(draft: Draft, call: Call) -> Reply:
    type_name, entry = call.args.at("type_name").name(), relationship(call.args)
    changed = _changed(_of_type(draft, call.args), entry, f'type "{type_name}"')
    _keep_of_type(draft, call.args, changed, entry.name)
    return SUCCESS


async def delete_of_type(draft: Draft, call: Call) -> Reply:
    type_name, name = call.args.at("type_name").name(), call.args.at("name").name()
    _keep_of_type(draft, call.args, _without(_of_type(draft, call.args), name, f'type "{type_name}"'), "")
    return SUCCESS


def _of_type(draft: Draft, args: Reader) -> tuple[RemoteRelationship, ...]:
    name = args.at("remote_schema").name()
    if name not in draft.metadata.remote_schemas:
        raise ApiError("not-exists", f'remote schema with name "{name}" does not exist', path="$.args")
    return draft.metadata.remote_schemas[name].relationships.get(args.at("type_name").name(), ())


def _keep_of_type(draft: Draft, args: Reader, entries: Sequence[RemoteRelationship], name: str) -> None:
    remote, type_name = args.at("remote_schema").name(), args.at("type_name").name()
    entry = with_relationships(draft.metadata.remote_schemas[remote], type_name, entries)
    changed = replace(draft.metadata, remote_schemas={**draft.metadata.remote_schemas, remote: entry})
    draft.replace(
        changed, subject=f"remote_schema_remote_relationship {name} on type {type_name} in remote schema {remote}"
    )


def _changed(
    known: Sequence[RemoteRelationship], entry: RemoteRelationship, where: str
) -> tuple[RemoteRelationship, ...]:
    if all(other.name != entry.name for other in known):
        raise _missing(entry.name, where)
    return tuple(entry if other.name == entry.name else other for other in known)


def _without(known: Sequence[RemoteRelationship], name: str, where: str) -> tuple[RemoteRelationship, ...]:
    if all(other.name != name for other in known):
        raise _missing(name, where)
    return tuple(other for other in known if other.name != name)


def _exists(name: str, where: str) -> ApiError:
    return ApiError("already-exists", f'field with name "{name}" already exists in {where}', path="$.args.name")


def _missing(name: str, where: str) -> ApiError:
    return ApiError("not-exists", f'remote relationship "{name}" does not exist in {where}', path="$.args.name")


COMMANDS = (
    Command(name="create_remote_relationship", run=create, of_source=True),
    Command(name="update_remote_relationship", run=update, of_source=True),
    Command(name="delete_remote_relationship", run=delete, of_source=True),
    Command(name="create_remote_schema_remote_relationship", run=create_of_type),
    Command(name="update_remote_schema_remote_relationship", run=update_of_type),
    Command(name="delete_remote_schema_remote_relationship", run=delete_of_type),
)
