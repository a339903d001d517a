"""The source: this engine serves one database, whose name in the metadata is `default`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import Source
from nself.graphql.metadata.reader import Reader


async def add(draft: Draft, call: Call) -> Reply:
    name, again = call.args.at("name").name(), call.args.get("replace_configuration")
    if name in draft.metadata.sources:
        if not (again and again.boolean()):
            raise ApiError("already-exists", f'source with name "{name}" already exists', path="$.args")
        return await update(draft, call)
    if name != "default":
        message = f'source "{name}" cannot be added: this engine serves one database, the source "default"'
        raise ApiError("not-supported", message, path="$.args.name")
    draft.replace(edit.put_source(draft.metadata, Source(name=name, rest=_settings(call.args))))
    return SUCCESS


async def update(draft: Draft, call: Call) -> Reply:
    entry = edit.source_of(draft.metadata, call.args.at("name").name())
    draft.replace(edit.put_source(draft.metadata, replace(entry, rest={**entry.rest, **_settings(call.args)})))
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    draft.replace(edit.without_source(draft.metadata, call.args.at("name").name()))
    return SUCCESS


def _settings(args: Reader) -> dict[str, Any]:
    parts = {key: args.get(key) for key in ("configuration", "customization")}
    return {key: part.object() for key, part in parts.items() if part}


COMMANDS = (
    Command(name="add_source", run=add, of_source=True),
    Command(name="update_source", run=update, of_source=True),
    Command(name="drop_source", run=drop, of_source=True),
)
