"""The row commands of /v1/query: select, count, insert, update, delete, for every role within its permissions."""

from __future__ import annotations

from typing import Any

import msgspec

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.metadata.command import Access, Call, Command, Reply, never, source
from nself.graphql.metadata.graphql_names import Names
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.row_conditions import condition
from nself.graphql.metadata.row_requests import ANSWER, Document, columns_of, identifier
from nself.graphql.schema.means import Action, RoleTable

_CHANGES = ("set", "inc", "mul")
_COUNT = '; "count" is only allowed if the role has "select" permissions on the table'


class _Body(msgspec.Struct):
    data: dict[str, msgspec.Raw]


async def select(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "select")
    root = document.names.root(table, Action.SELECT)
    selection = document.columns(table, _required(call.args, "columns"))
    return await _answer(draft, document.request("query", root, document.rows(root, table, call.args), selection))


async def count(draft: Draft, call: Call) -> Reply:
    """Every role that may select may count, aggregates or not."""
    document, table = await _begin(draft, call, "select", reason=_COUNT)
    root = document.names.root(table, Action.SELECT_AGGREGATE)
    distinct, names = call.args.get("distinct"), document.names
    columns = [
        names.column(table, item.name(), "select", path=f"$.args{item.path}")
        for item in (distinct.items() if distinct else ())
    ]
    of = f"(columns: [{', '.join(map(identifier, columns))}], distinct: true)" if columns else ""
    arguments = document.rows(root, table, call.args)
    answer = await _answer(draft, document.request("query", root, arguments, f"aggregate {{ count{of} }}"))
    return msgspec.json.decode(answer)["aggregate"]


async def insert(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "insert")
    root = document.names.root(table, Action.INSERT)
    objects = [columns_of(document.names, table, item, "insert") for item in _required(call.args, "objects").items()]
    arguments = {"objects": document.argument(root, "objects", objects)}
    if conflict := call.args.get("on_conflict"):
        upsert = _on_conflict(document.names, table, conflict, call.args.at("objects"))
        arguments["on_conflict"] = document.argument(root, "on_conflict", upsert)
    selection = document.returning(table, call.args)
    return await _answer(draft, document.request("mutation", root, arguments, selection))


async def update(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "update")
    root = document.names.root(table, Action.UPDATE)
    where = condition(document.names, table, _required(call.args, "where"))
    arguments = {"where": document.argument(root, "where", where)}
    for operator in _CHANGES:
        if values := _either(call.args, operator):
            given = columns_of(document.names, table, values, "update")
            arguments[f"_{operator}"] = document.argument(root, f"_{operator}", given)
    if columns := _either(call.args, "default"):
        path = f"$.args{columns.path}"
        reset = {document.names.column(table, name, "update", path=path): True for name in columns.names()}
        arguments["_default"] = document.argument(root, "_default", reset)
    if len(arguments) == 1 and not (table.rules.update and table.rules.update.presets):
        raise ApiError("unexpected-payload", "atleast one of $set, $inc, $mul has to be present", path="$.args")
    selection = document.returning(table, call.args)
    return await _answer(draft, document.request("mutation", root, arguments, selection))


async def delete(draft: Draft, call: Call) -> Reply:
    document, table = await _begin(draft, call, "delete")
    root = document.names.root(table, Action.DELETE)
    where = condition(document.names, table, _required(call.args, "where"))
    arguments = {"where": document.argument(root, "where", where)}
    selection = document.returning(table, call.args)
    return await _answer(draft, document.request("mutation", root, arguments, selection))


async def _begin(draft: Draft, call: Call, operation: str, *, reason: str = "") -> tuple[Document, RoleTable]:
    """What earlier commands of the same bulk changed is in force from here on."""
    await draft.settle()
    schema = draft.engine.role_schema(draft.session).of_row_commands
    names = Names(schema, draft.session.role, source(call.args))
    return Document(names), names.table(_required(call.args, "table").qualified(), operation, reason=reason)


def _required(args: Reader, key: str) -> Reader:
    if key not in args.object():
        raise ApiError("parse-failed", f'key "{key}" not found')
    return args.at(key)


def _either(args: Reader, operator: str) -> Reader | None:
    return args.get(f"${operator}") or args.get(f"_{operator}")


def _on_conflict(names: Names, table: RoleTable, conflict: Reader, objects: Reader) -> dict[str, Any]:
    action = conflict.at("action")
    if action.text() not in ("ignore", "update"):
        action.fail(f"expected one of ignore and update, encountered {action.value}")
    named, on = conflict.get("constraint"), conflict.get("constraint_on")
    if action.value == "ignore" and not named and not on:
        return {"update_columns": []}
    if not named and not on:
        conflict.fail("expected constraint or constraint_on")
    constraint = named.name() if named else _constraint_on(table, conflict.at("constraint_on"))
    if action.value == "ignore":
        return {"constraint": constraint, "update_columns": []}
    names.table(table.model.table.name, "update", reason="upsert needs the update permission as well")
    return {"constraint": constraint, "update_columns": _overwritten(table, objects)}


def _overwritten(table: RoleTable, objects: Reader) -> list[str]:
    """The columns that an upsert replaces: those given, as far as the role may update them."""
    rule = table.rules.update
    assert rule is not None
    given = dict.fromkeys(column for item in objects.items() for column in item.object())
    return [table.model.by_sql[column].name for column in given if column in rule.columns]


def _constraint_on(table: RoleTable, columns: Reader) -> str:
    wanted = [columns.name()] if isinstance(columns.value, str) else sorted(columns.names())
    for constraint in table.model.table.unique:
        if sorted(constraint.columns) == wanted:
            return constraint.name
    raise ApiError("constraint-error", "no unique constraint exists on the given column(s)", path="$.args.on_conflict")


async def _answer(draft: Draft, request: Request) -> msgspec.Raw:
    """The one root field's JSON as the database wrote it. Paths into the GraphQL request mean nothing to the caller."""
    try:
        reply = await draft.engine.execute(request, draft.session)
    except ApiError as error:
        raise ApiError(
            error.code, error.message, path="$.args", status=error.http_status, internal=error.internal
        ) from error
    return msgspec.json.decode(reply.body, type=_Body).data[ANSWER]


def writes(call: Call) -> Access:
    return "write"


COMMANDS = (
    *(Command(name=run.__name__, run=run, data=True, changes=never) for run in (select, count)),
    *(Command(name=run.__name__, run=run, data=True, changes=never, access=writes) for run in (insert, update, delete)),
)
