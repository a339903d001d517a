"""Relationships between tracked tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import dependencies, edit, parse
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import ForeignKeyUsing
from nself.graphql.metadata.rename import rename_relationship


def create(part: str, kind: str) -> Callable[[Draft, Call], Awaitable[Reply]]:
    async def run(draft: Draft, call: Call) -> Reply:
        where, table = source(call.args), call.args.at("table").qualified()
        entry = replace(parse.relationship(call.args), rest={})
        if kind == "array_relation" and isinstance(entry.using, ForeignKeyUsing) and entry.using.table is None:
            call.args.at("using").at("foreign_key_constraint_on").fail("Expecting object { table, columns }.")
        tracked = edit.table_of(draft.metadata, where, table)
        for other in (*tracked.object_relationships, *tracked.array_relationships):
            if other.name == entry.name:
                message = f'field with name "{entry.name}" already exists in table "{table}"'
                raise ApiError("already-exists", message, path="$.args.name")
        changed = edit.put_table(draft.metadata, where, edit.add_relationship(tracked, part, entry))
        draft.replace(changed, subject=f"{kind} {entry.name} in table {table} in source {where}")
        return SUCCESS

    return run


async def drop(draft: Draft, call: Call) -> Reply:
    where, table = source(call.args), call.args.at("table").qualified()
    name, cascade = call.args.at("relationship").name(), call.args.get("cascade")
    edit.relationship_of(edit.table_of(draft.metadata, where, table), name)
    kept = dependencies.refuse_or_drop(
        draft.metadata,
        draft.engine.catalog_of(where),
        where,
        {dependencies.Part("relationship", table, name)},
        cascade=cascade.boolean() if cascade else False,
    )
    tracked = edit.without_relationship(edit.table_of(kept, where, table), name)
    draft.replace(edit.put_table(kept, where, tracked))
    return SUCCESS


async def rename(draft: Draft, call: Call) -> Reply:
    """Permissions that go through the relationship follow."""
    where, table = source(call.args), call.args.at("table").qualified()
    old, new = call.args.at("name").name(), call.args.at("new_name").name()
    tracked = edit.table_of(draft.metadata, where, table)
    part, _ = edit.relationship_of(tracked, old)
    if any(entry.name == new for kind in edit.RELATIONSHIP_PARTS for entry in getattr(tracked, kind)):
        raise ApiError("already-exists", f'field with name "{new}" already exists in table "{table}"', path="$.args")
    changed = rename_relationship(draft.metadata, draft.engine.catalog_of(where), where, (table, old), new)
    kind = part.removesuffix("ships")
    draft.replace(changed, subject=f"{kind} {new} in table {table} in source {where}")
    return SUCCESS


async def set_comment(draft: Draft, call: Call) -> Reply:
    where, table = source(call.args), call.args.at("table").qualified()
    name, comment = call.args.at("relationship").name(), call.args.get("comment")
    text = comment.text() if comment else None
    draft.replace(
        edit.change_table(
            draft.metadata,
            where,
            table,
            lambda tracked: edit.change_relationship(tracked, name, lambda entry: replace(entry, comment=text)),
        )
    )
    return SUCCESS


COMMANDS = (
    Command(name="create_object_relationship", run=create("object_relationships", "object_relation"), of_source=True),
    Command(name="create_array_relationship", run=create("array_relationships", "array_relation"), of_source=True),
    Command(name="drop_relationship", run=drop, of_source=True),
    Command(name="rename_relationship", run=rename, of_source=True),
    Command(name="set_relationship_comment", run=set_comment, of_source=True),
)
