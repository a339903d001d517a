"""The row commands of /v1/query: select, count, insert, update, delete, for every role within its permissions."""

from __future__ import annotations

from typing import Any

import msgspec

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit
from nself.graphql.metadata.command import Call, Command, Reply, never, source
from nself.graphql.metadata.graphql_names import Names
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.row_requests import ANSWER, Document, columns_of, condition, identifier
from nself.graphql.session import Session
from nself.pg.catalog import Name


class _Body(msgspec.Struct):
    data: dict[str, msgspec.Raw]


async def select(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "select")
    selection = document.columns(table, call.args.at("columns"))
    root = document.names.root(table, "select")
    return await _answer(draft, document.request("query", root, document.rows(table, call.args), selection))


async def count(draft: Draft, call: Call) -> Reply:
    """Every role that may select may count, aggregates or not."""
    document, table = await _begin(draft, call, "select")
    arguments = document.rows(table, call.args)
    names, session = document.names, draft.session
    distinct = call.args.get("distinct")
    columns = (
        [names.column(table, item.name(), path=f"$.args{item.path}") for item in distinct.items()] if distinct else []
    )
    if not _may_aggregate(names, session, table) and not columns:
        rows = await _answer(draft, document.request("query", names.root(table, "select"), arguments, "__typename"))
        return {"count": len(msgspec.json.decode(rows))}
    of = f"(columns: [{', '.join(map(identifier, columns))}], distinct: true)" if columns else ""
    root = names.root(table, "select_aggregate")
    answer = await _answer(draft, document.request("query", root, arguments, f"aggregate {{ count{of} }}"))
    return msgspec.json.decode(answer)["aggregate"]


async def insert(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "insert")
    names, base = document.names, identifier(document.names.base(table))
    objects = [columns_of(names, table, item) for item in call.args.at("objects").items()]
    arguments = {"objects": document.variable(f"[{base}_insert_input!]!", objects)}
    if conflict := call.args.get("on_conflict"):
        arguments["on_conflict"] = document.variable(
            f"{base}_on_conflict", _on_conflict(names, table, conflict, objects)
        )
    selection = document.returning(table, call.args)
    return await _answer(draft, document.request("mutation", names.root(table, "insert"), arguments, selection))


async def update(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "update")
    names, base = document.names, identifier(document.names.base(table))
    where = condition(names, table, call.args.at("where"))
    arguments = {"where": document.variable(f"{base}_bool_exp!", where)}
    for operator, kind in (("set", "set"), ("inc", "inc")):
        if values := call.args.get(f"${operator}") or call.args.get(f"_{operator}"):
            arguments[f"_{operator}"] = document.variable(f"{base}_{kind}_input", columns_of(names, table, values))
    for operator in ("mul", "default"):
        if call.args.get(f"${operator}") or call.args.get(f"_{operator}"):
            raise ApiError("not-supported", f"${operator} is not supported", path="$.args")
    if len(arguments) == 1:
        arguments["_set"] = document.variable(f"{base}_set_input", {})
    selection = document.returning(table, call.args)
    return await _answer(draft, document.request("mutation", names.root(table, "update"), arguments, selection))


async def delete(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "delete")
    names, base = document.names, identifier(document.names.base(table))
    where = condition(names, table, call.args.at("where"))
    arguments = {"where": document.variable(f"{base}_bool_exp!", where)}
    selection = document.returning(table, call.args)
    return await _answer(draft, document.request("mutation", names.root(table, "delete"), arguments, selection))


async def _begin(draft: Draft, call: Call, operation: str) -> tuple[Document, Name]:
    """What earlier commands of the same bulk changed is in force from here on."""
    await draft.settle()
    names = Names(edit.source_of(draft.metadata, source(call.args)), draft.engine.catalog)
    table = call.args.at("table").qualified()
    _require(names, draft.session, table, operation)
    return Document(names, draft.session), table


def _require(names: Names, session: Session, table: Name, operation: str) -> None:
    tracked = names.table(table)
    allowed = {entry.role for entry in edit.permissions_of(tracked, operation)}
    if not session.is_admin and session.role not in allowed:
        message = f'{operation} on "{table}" for role "{session.role}" is not allowed. '
        raise ApiError("permission-denied", message, path="$.args")


def _may_aggregate(names: Names, session: Session, table: Name) -> bool:
    permissions = names.table(table).select_permissions
    return session.is_admin or any(entry.role == session.role and entry.allow_aggregations for entry in permissions)


def _on_conflict(names: Names, table: Name, conflict: Reader, objects: list[dict[str, Any]]) -> dict[str, Any]:
    action = conflict.at("action")
    if action.text() not in ("ignore", "update"):
        action.fail(f"expected one of ignore and update, encountered {action.value}")
    named, on = conflict.get("constraint"), conflict.get("constraint_on")
    if not named and not on:
        conflict.fail("expected constraint or constraint_on")
    constraint = named.name() if named else _constraint_on(names, table, conflict.at("constraint_on"))
    written = dict.fromkeys(column for entry in objects for column in entry)
    return {"constraint": constraint, "update_columns": list(written) if action.value == "update" else []}


def _constraint_on(names: Names, table: Name, columns: Reader) -> str:
    wanted = sorted(columns.names())
    for constraint in names.facts(table).unique:
        if sorted(constraint.columns) == wanted:
            return constraint.name
    raise ApiError("constraint-error", "no unique constraint exists on the given column(s)", path="$.args.on_conflict")


async def _answer(draft: Draft, request: Request) -> msgspec.Raw:
    """The one root field's JSON as the database wrote it."""
    reply = await draft.engine.execute(request, draft.session)
    return msgspec.json.decode(reply.body, type=_Body).data[ANSWER]


COMMANDS = tuple(
    Command(name=run.__name__, run=run, data=True, changes=never) for run in (select, count, insert, update, delete)
)
