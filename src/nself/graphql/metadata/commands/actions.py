"""Actions, who may call them, and the types they speak in."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from nself.graphql.actions.log import ActionLog
from nself.graphql.errors import ApiError
from nself.graphql.metadata import actions
from nself.graphql.metadata.actions import Action
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.custom_types import custom_types
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.sessions.session import ADMIN
from nself.graphql.transforms.check import refuse_unreadable

_TYPES: Final = "custom_types custom_types"


async def create(draft: Draft, call: Call) -> Reply:
    entry = replace(actions.action(call.args), roles=(), rest={})
    if entry.name in draft.metadata.actions:
        raise ApiError("already-exists", f'action with name "{entry.name}" already exists', path="$.args")
    _put(draft, entry)
    return SUCCESS


async def update(draft: Draft, call: Call) -> Reply:
    known, wanted = _action(draft, call.args.at("name")), actions.action(call.args)
    _put(draft, replace(known, definition=wanted.definition, comment=wanted.comment))
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    """`clear_data` (the default) also forgets what asynchronous calls left in the log."""
    entry = _action(draft, call.args.at("name"))
    clear = call.args.get("clear_data")
    if (clear is None or clear.boolean()) and entry.definition.asynchronous:
        await ActionLog(draft.kept_in).forget(entry.name)
    kept = {name: other for name, other in draft.metadata.actions.items() if name != entry.name}
    draft.replace(replace(draft.metadata, actions=kept))
    return SUCCESS


async def permit(draft: Draft, call: Call) -> Reply:
    entry, role = _action(draft, call.args.at("action")), call.args.at("role").name()
    if role in entry.roles or role == ADMIN:
        message = f'permission for role "{role}" is already defined on "{entry.name}"'
        raise ApiError("already-exists", message, path="$.args")
    _put(draft, replace(entry, roles=(*entry.roles, role)))
    return SUCCESS


async def forbid(draft: Draft, call: Call) -> Reply:
    entry, role = _action(draft, call.args.at("action")), call.args.at("role").name()
    if role not in entry.roles:
        message = f'permission for role "{role}" is not defined on "{entry.name}"'
        raise ApiError("not-exists", message, path="$.args")
    _put(draft, replace(entry, roles=tuple(other for other in entry.roles if other != role)))
    return SUCCESS


async def set_types(draft: Draft, call: Call) -> Reply:
    """All of them at once: what is not given is no more."""
    draft.replace(replace(draft.metadata, custom_types=custom_types(call.args)), subject=_TYPES)
    return SUCCESS


def _action(draft: Draft, name: Reader) -> Action:
    known = draft.metadata.actions
    if name.name() not in known:
        raise ApiError("not-exists", f'action with name "{name.value}" does not exist', path="$.args")
    return known[name.value]


def _put(draft: Draft, entry: Action) -> None:
    refuse_unreadable(entry.definition.request_transform, entry.definition.response_transform)
    changed = {**draft.metadata.actions, entry.name: entry}
    draft.replace(replace(draft.metadata, actions=changed), subject=f"action {entry.name}")


COMMANDS = (
    Command(name="create_action", run=create),
    Command(name="update_action", run=update),
    Command(name="drop_action", run=drop),
    Command(name="create_action_permission", run=permit),
    Command(name="drop_action_permission", run=forbid),
    Command(name="set_custom_types", run=set_types),
)
