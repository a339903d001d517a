"""What each role may do with a table's rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit, parse
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.sessions.session import ADMIN

Run = Callable[[Draft, Call], Awaitable[Reply]]
_PARSE: dict[str, Callable[[Reader], edit.Permission]] = {
    "select": parse.select_permission,
    "insert": parse.insert_permission,
    "update": parse.update_permission,
    "delete": parse.delete_permission,
}


def create(kind: str) -> Run:
    async def run(draft: Draft, call: Call) -> Reply:
        where, table = source(call.args), call.args.at("table").qualified()
        permission = _PARSE[kind](call.args)
        tracked = edit.table_of(draft.metadata, where, table)
        taken = any(entry.role == permission.role for entry in edit.permissions_of(tracked, kind))
        if taken or permission.role == ADMIN:
            message = f'{kind} permission already defined on table "{table}" with role "{permission.role}"'
            raise ApiError("already-exists", message, path="$.args")
        changed = edit.put_table(draft.metadata, where, edit.add_permission(tracked, kind, permission))
        draft.replace(changed, subject=f"{kind}_permission {permission.role} in table {table} in source {where}")
        return SUCCESS

    return run


def drop(kind: str) -> Run:
    async def run(draft: Draft, call: Call) -> Reply:
        where, table = source(call.args), call.args.at("table").qualified()
        role = call.args.at("role").name()
        tracked = edit.table_of(draft.metadata, where, table)
        draft.replace(edit.put_table(draft.metadata, where, edit.without_permission(tracked, kind, role)))
        return SUCCESS

    return run


async def set_comment(draft: Draft, call: Call) -> Reply:
    where, table = source(call.args), call.args.at("table").qualified()
    role, kind, comment = call.args.at("role").name(), call.args.at("type"), call.args.get("comment")
    if kind.text() not in edit.PERMISSION_KINDS:
        kind.fail(f"expected one of {', '.join(edit.PERMISSION_KINDS)}, encountered {kind.value}")
    text = comment.text() if comment else None
    draft.replace(
        edit.change_table(
            draft.metadata,
            where,
            table,
            lambda tracked: edit.change_permission(
                tracked, kind.value, role, lambda entry: replace(entry, comment=text)
            ),
        )
    )
    return SUCCESS


COMMANDS = (
    *(Command(name=f"create_{kind}_permission", run=create(kind), of_source=True) for kind in edit.PERMISSION_KINDS),
    *(Command(name=f"drop_{kind}_permission", run=drop(kind), of_source=True) for kind in edit.PERMISSION_KINDS),
    Command(name="set_permission_comment", run=set_comment, of_source=True),
)
