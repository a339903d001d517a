"""Tracking SQL functions and adding computed fields."""

from __future__ import annotations

from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.lineage import Lineage
from nself.graphql.metadata import dependencies, edit, parse
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, source
from nself.graphql.metadata.functions import returned_table
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import TrackedFunction
from nself.graphql.metadata.reader import Reader
from nself.graphql.sessions.session import ADMIN
from nself.pg.catalog import Name


async def track(draft: Draft, call: Call) -> Reply:
    where = source(call.args)
    entry = replace(parse.function(call.args), rest={})
    known = edit.source_of(draft.metadata, where)
    if entry.function in known.functions:
        raise ApiError("already-tracked", f'function already tracked: "{entry.function}"', path="$.args")
    if entry.function in known.tables:
        raise ApiError("not-supported", f'table with name "{entry.function}" already exists', path="$.args")
    if entry.function not in draft.engine.catalog_of(where).functions:
        await draft.refresh()
    _put(draft, where, entry)
    return SUCCESS


async def untrack(draft: Draft, call: Call) -> Reply:
    where, entry = _function(draft, call.args)
    known = edit.source_of(draft.metadata, where)
    kept = {name: other for name, other in known.functions.items() if name != entry.function}
    draft.replace(edit.put_source(draft.metadata, replace(known, functions=kept)))
    return SUCCESS


async def customize(draft: Draft, call: Call) -> Reply:
    where, entry = _function(draft, call.args)
    given = parse.function_configuration(call.args.get("configuration"))
    _put(draft, where, replace(entry, configuration=given))
    return SUCCESS


async def permit(draft: Draft, call: Call) -> Reply:
    where, entry = _function(draft, call.args)
    role = call.args.at("role").name()
    if role in entry.roles:
        message = f'permission of role "{role}" already exists for function "{entry.function}" in source: "{where}"'
        raise ApiError("already-exists", message, path="$.args")
    _refuse_blind(draft, where, entry, role)
    _put(draft, where, replace(entry, roles=(*entry.roles, role)))
    return SUCCESS


def _refuse_blind(draft: Draft, where: str, entry: TrackedFunction, role: str) -> None:
    """A function shows nothing to who may not select from the table whose rows it gives."""
    table = returned_table(draft.engine.catalog_of(where), entry.function)
    tracked = edit.source_of(draft.metadata, where).tables.get(table) if table else None
    reading = [permission.role for permission in tracked.select_permissions] if tracked else []
    if role != ADMIN and role not in Lineage.of(draft.metadata.inherited_roles).heirs(reading):
        message = f'role "{role}" may not select from "{table}", the table that function "{entry.function}" returns'
        raise ApiError("permission-denied", message, path="$.args")


async def forbid(draft: Draft, call: Call) -> Reply:
    where, entry = _function(draft, call.args)
    role = call.args.at("role").name()
    if role not in entry.roles:
        message = f'permission of role "{role}" does not exist for function "{entry.function}" in source: "{where}"'
        raise ApiError("not-exists", message, path="$.args")
    _put(draft, where, replace(entry, roles=tuple(other for other in entry.roles if other != role)))
    return SUCCESS


async def add_field(draft: Draft, call: Call) -> Reply:
    where, table = source(call.args), _table(draft, call.args)
    entry = replace(parse.computed_field(call.args), rest={})
    tracked = edit.table_of(draft.metadata, where, table)
    if any(other.name == entry.name for other in tracked.computed_fields):
        raise ApiError("already-exists", f'field with name "{entry.name}" already exists', path="$.args.name")
    if entry.function not in draft.engine.catalog_of(where).functions:
        await draft.refresh()
    changed = replace(tracked, computed_fields=(*tracked.computed_fields, entry))
    draft.replace(
        edit.put_table(draft.metadata, where, changed),
        subject=f"computed_field {entry.name} in table {table} in source {where}",
    )
    return SUCCESS


async def drop_field(draft: Draft, call: Call) -> Reply:
    where, table, name = source(call.args), _table(draft, call.args), call.args.at("name").name()
    if all(entry.name != name for entry in edit.table_of(draft.metadata, where, table).computed_fields):
        raise ApiError("not-exists", f'computed field "{name}" does not exist', path="$.args.name")
    cascade = call.args.get("cascade")
    kept = dependencies.refuse_or_drop(
        draft.metadata,
        draft.engine.catalog_of(where),
        where,
        {dependencies.Part("computed field", table, name)},
        cascade=cascade.boolean() if cascade else False,
    )
    draft.replace(edit.change_table(kept, where, table, lambda tracked: edit.without_computed_field(tracked, name)))
    return SUCCESS


def _put(draft: Draft, where: str, entry: TrackedFunction) -> None:
    known = edit.source_of(draft.metadata, where)
    changed = replace(known, functions={**known.functions, entry.function: entry})
    draft.replace(edit.put_source(draft.metadata, changed), subject=f"function {entry.function} in source {where}")


def _function(draft: Draft, args: Reader) -> tuple[str, TrackedFunction]:
    where, wanted = source(args), parse.function(args).function
    functions = edit.source_of(draft.metadata, where).functions
    if wanted not in functions:
        raise ApiError("not-exists", f'function "{wanted}" not found in source: {where}', path="$.args")
    return where, functions[wanted]


def _table(draft: Draft, args: Reader) -> Name:
    table = args.at("table").qualified()
    if table not in edit.source_of(draft.metadata, source(args)).tables:
        message = f'table "{table}" does not exist in source: {source(args)}'
        raise ApiError("not-exists", message, path="$.args.table")
    return table


COMMANDS = (
    Command(name="track_function", run=track, of_source=True),
    Command(name="untrack_function", run=untrack, of_source=True),
    Command(name="set_function_customization", run=customize, of_source=True),
    Command(name="create_function_permission", run=permit, of_source=True),
    Command(name="drop_function_permission", run=forbid, of_source=True),
    Command(name="add_computed_field", run=add_field, of_source=True),
    Command(name="drop_computed_field", run=drop_field, of_source=True),
)
