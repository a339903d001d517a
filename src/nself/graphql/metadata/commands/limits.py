"""Limits of what roles may ask, and which roles may not ask for the schema."""

from __future__ import annotations

from dataclasses import replace

from nself.graphql.metadata import api_limits, parse
from nself.graphql.metadata.api_limits import ApiLimits
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply
from nself.graphql.metadata.live import Draft


async def set_limits(draft: Draft, call: Call) -> Reply:
    draft.replace(replace(draft.metadata, api_limits=api_limits.read(call.args)))
    return SUCCESS


async def remove_limits(draft: Draft, call: Call) -> Reply:
    draft.replace(replace(draft.metadata, api_limits=ApiLimits()))
    return SUCCESS


async def set_introspection(draft: Draft, call: Call) -> Reply:
    call.args.at("disabled_for_roles")
    draft.replace(replace(draft.metadata, no_introspection=parse.without_introspection(call.args)))
    return SUCCESS


COMMANDS = (
    Command(name="set_api_limits", run=set_limits),
    Command(name="remove_api_limits", run=remove_limits),
    Command(name="set_graphql_schema_introspection_options", run=set_introspection),
)
