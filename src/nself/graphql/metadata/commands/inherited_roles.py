"""Roles made of others."""

from __future__ import annotations

from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import inherited_roles
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.live import Draft
from nself.graphql.sessions.session import ADMIN


async def add(draft: Draft, call: Call) -> Reply:
    """Adding it again changes its parents."""
    role, parents = inherited_roles.entry(call.args)
    if role == ADMIN:
        raise ApiError("not-supported", 'the role "admin" cannot inherit', path="$.args.role_name")
    known = draft.metadata.inherited_roles
    draft.replace(replace(draft.metadata, inherited_roles={**known, role: parents}))
    return SUCCESS


async def drop(draft: Draft, call: Call) -> Reply:
    role, known = call.args.at("role_name").name(), draft.metadata.inherited_roles
    if role not in known:
        raise ApiError("not-exists", f'inherited role "{role}" does not exist', path="$.args.role_name")
    kept = {name: parents for name, parents in known.items() if name != role}
    draft.replace(replace(draft.metadata, inherited_roles=kept))
    return SUCCESS


COMMANDS = (
    Command(name="add_inherited_role", run=add),
    Command(name="drop_inherited_role", run=drop),
)
