"""The sources: each a PostgreSQL database that is served, under a name of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit, source_links
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.customization import customization
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import Source
from nself.graphql.metadata.reader import Reader
from nself.graphql.sources.connection import UnknownVariableError, connection


async def add(draft: Draft, call: Call) -> Reply:
    name, again = call.args.at("name").name(), call.args.get("replace_configuration")
    if name in draft.metadata.sources:
        if not (again and again.boolean()):
            raise ApiError("already-exists", f'source with name "{name}" already exists', path="$.args")
        return await update(draft, call)
    if name != "default":
        call.args.at("configuration")
    await _put(draft, call.args, Source(name=name))
    return SUCCESS


async def update(draft: Draft, call: Call) -> Reply:
    await _put(draft, call.args, edit.source_of(draft.metadata, call.args.at("name").name()))
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    """What other sources and remote schemas have leading here goes too, with `cascade`."""
    name, cascade = call.args.at("name").name(), call.args.get("cascade")
    edit.source_of(draft.metadata, name)
    needed = source_links.leading_to(draft.metadata, name)
    if needed and not (cascade and cascade.boolean()):
        listed = ", ".join(needed)
        message = f"cannot drop due to the following dependent objects: {listed}"
        raise ApiError("dependency-error", message, path="$.args")
    draft.replace(edit.without_source(source_links.without(draft.metadata, name), name))
    return SUCCESS


async def rename(draft: Draft, call: Call) -> Reply:
    old, new = call.args.at("name").name(), call.args.at("new_name").name()
    edit.source_of(draft.metadata, old)
    if new in draft.metadata.sources:
        raise ApiError("already-exists", f'source with name "{new}" already exists', path="$.args.new_name")
    draft.replace(source_links.renamed(draft.metadata, old, new))
    await draft.settle()
    return SUCCESS


async def _put(draft: Draft, args: Reader, entry: Source) -> None:
    """In force at once: the following commands of a bulk work on it, and a wrong address is this command's fault."""
    shown = args.get("customization")
    changed = replace(
        entry,
        rest={**entry.rest, **_configuration(draft, args)},
        customization=customization(shown) if shown else entry.customization,
    )
    draft.replace(edit.put_source(draft.metadata, changed), subject=f"source {entry.name}")
    await draft.settle(retry=True)


def _configuration(draft: Draft, args: Reader) -> dict[str, Any]:
    """As it was given, once it has the right form."""
    given = args.get("configuration")
    if given is None:
        return {}
    try:
        connection(given, draft.engine.pools.environ)
    except UnknownVariableError as error:
        raise ApiError("invalid-configuration", f"Inconsistent object: {error}", path="$.args") from error
    return {"configuration": given.object()}


COMMANDS = (
    Command(name="add_source", run=add, of_source=True),
    Command(name="update_source", run=update, of_source=True),
    Command(name="drop_source", run=drop, of_source=True),
    Command(name="rename_source", run=rename),
)
