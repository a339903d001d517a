"""Runs plans: the database and other places at once where they do not depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from nself.graphql import joins, sql
from nself.graphql.elsewhere import Part
from nself.graphql.errors import ApiError
from nself.graphql.plan.mutation import MutationField, Step
from nself.graphql.plan.operation import Asked, Awaited, Known, MutationPlan, QueryPlan
from nself.graphql.printer import explained
from nself.graphql.run import Reply, Run
from nself.graphql.statement import bound, read_row, translating
from nself.graphql.values import Bindings, one
from nself.pg.database import Connection, Database
from nself.web.json import encode

_CHECK_FAILED: Final = "check constraint of an insert/update permission has failed"


async def query(run: Run, plan: QueryPlan) -> Reply:
    if plan.parts or plan.joined:
        return await _put_together(run, plan)
    row = await _row(run, plan)
    return Reply(body((field.key, _shown(field, row)) for field in plan.fields))


async def _row(run: Run, plan: QueryPlan) -> Sequence[Any]:
    return () if plan.statement is None else await read_row(run.database, plan.statement, run.bindings)


def _shown(field: Known | Asked | Awaited, row: Sequence[Any], ready: Mapping[str, bytes] | None = None) -> bytes:
    match field:
        case Known():
            return field.json
        case Asked():
            text = row[field.column]
            return b"null" if text is None else text.encode()
        case Awaited():
            return (ready or {})[field.key]


async def _put_together(run: Run, plan: QueryPlan) -> Reply:
    """The statement, the parts, and then what either left for others to fill in."""
    row: Sequence[Any] = ()
    ready: dict[str, bytes] = {}

    async def ask() -> None:
        nonlocal row
        row = await _row(run, plan)

    async def run_part(part: Part) -> None:
        ready.update(await part.run(run))

    await joins.together([ask(), *map(run_part, plan.parts)])
    fields = [(field, _shown(field, row, ready)) for field in plan.fields]
    shown = await joins.together(joins.merged(run, shown, field.joins) for field, shown in fields)
    return reply(run, zip((field.key for field in plan.fields), shown, strict=True))


async def mutation(run: Run, plan: MutationPlan) -> Reply:
    """In order. Neighbours that change the database do so in one transaction: any error takes all of them back."""
    ready = {field.key: field.json for field in plan.fields if isinstance(field, Known)}
    for turn in plan.turns:
        if isinstance(turn, tuple):
            ready |= await _transaction(run, turn)
        else:
            ready |= await turn.run(run)
    return reply(run, [(field.key, await joins.merged(run, ready[field.key], field.joins)) for field in plan.fields])


async def _transaction(run: Run, fields: Sequence[MutationField]) -> dict[str, bytes]:
    with translating("$"):
        async with run.database.transaction() as connection:
            return {field.key: await _change(connection, field, run.bindings) for field in fields}


async def _change(connection: Connection, field: MutationField, bindings: Bindings) -> bytes:
    for step in field.steps:
        await _step(connection, step, bindings)
    answers = [(one(bindings.stored[name]) or "null").encode() for name in field.answers]
    return b"[" + b",".join(answers) + b"]" if field.listed else answers[0]


async def _step(connection: Connection, step: Step, bindings: Bindings) -> None:
    arguments = bound(step.statement, bindings)
    with translating(step.path, step.statement, arguments):
        row = await connection.fetchrow(step.statement.text, *arguments)
    assert row is not None
    if not row[0]:
        raise ApiError("permission-error", _CHECK_FAILED, path=step.path)
    bindings.stored.update(zip(step.stores, row[1:], strict=True))
    if step.needs_rows and bindings.stored[step.stores[0]] == "0":
        raise ApiError("not-supported", step.needs_rows, path=step.path)


async def explain(database: Database, statement: sql.Statement, bindings: Bindings) -> list[str]:
    """The lines of PostgreSQL's plan."""
    arguments = bound(statement, bindings)
    with translating("$", statement, arguments):
        rows = await database.fetch(explained(statement), *arguments)
    return [row[0] for row in rows]


def reply(run: Run, fields: Iterable[tuple[str, bytes]]) -> Reply:
    passed_on = run.passed_on
    return Reply(body(fields, passed_on.errors), tuple(passed_on.headers))


def body(fields: Iterable[tuple[str, bytes]], errors: Sequence[Any] = ()) -> bytes:
    """The response out of finished pieces. Response keys are GraphQL names: nothing in them to escape."""
    data = b'{"data":{' + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in fields)
    return data + (b'},"errors":%b}' % encode(errors) if errors else b"}}")
