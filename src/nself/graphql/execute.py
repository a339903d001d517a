"""Runs plans: the database and other places at once where they do not depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

from nself.graphql import joins
from nself.graphql.elsewhere import Part
from nself.graphql.errors import ApiError
from nself.graphql.plan.mutation import MutationField, Step
from nself.graphql.plan.operation import Asked, Awaited, Known, MutationPlan, QueryPlan
from nself.graphql.run import Reply, Run
from nself.graphql.sql import tree as sql
from nself.graphql.sql.printer import explained
from nself.graphql.sql.statement import bound, only_row, read, translating
from nself.graphql.sql.values import Bindings, one
from nself.pg.database import Connection, Database
from nself.web.json import encode

Rows: TypeAlias = Sequence[Sequence[Any]]
"""What the reads of a plan answered, in their order."""


async def query(run: Run, plan: QueryPlan) -> Reply:
    if plan.parts or plan.joined:
        return await _put_together(run, plan)
    rows = await _rows(run, plan)
    return Reply(body((field.key, shown(field, rows)) for field in plan.fields))


async def _rows(run: Run, plan: QueryPlan) -> Rows:
    """What each source answers. Several are asked at the same time."""
    reads = plan.reads
    if len(reads) == 1:
        return (await read(run.databases[reads[0].source], reads[0].statement, run.bindings),)
    return await joins.together(read(run.databases[one.source], one.statement, run.bindings) for one in reads)


def shown(field: Known | Asked | Awaited, rows: Rows, ready: Mapping[str, bytes] | None = None) -> bytes:
    """A root field's JSON: out of the plan, a statement's row, or what a part has made ready."""
    match field:
        case Known():
            return field.json
        case Asked():
            text = rows[field.read][field.column]
            return b"null" if text is None else text.encode()
        case Awaited():
            return (ready or {})[field.key]


async def _put_together(run: Run, plan: QueryPlan) -> Reply:
    """The statement, the parts, and then what either left for others to fill in."""
    rows: Rows = ()
    ready: dict[str, bytes] = {}

    async def ask() -> None:
        nonlocal rows
        rows = await _rows(run, plan)

    async def run_part(part: Part) -> None:
        ready.update(await part.run(run))

    await joins.together([ask(), *map(run_part, plan.parts)])
    fields = [(field, shown(field, rows, ready)) for field in plan.fields]
    merged = await joins.together(joins.merged(run, json, field.joins) for field, json in fields)
    return reply(run, zip((field.key for field in plan.fields), merged, strict=True))


async def mutation(run: Run, plan: MutationPlan) -> Reply:
    """In order. Neighbours that change databases do so in one transaction each: any error takes all of them back."""
    ready = {field.key: field.json for field in plan.fields if isinstance(field, Known)}
    for turn in plan.turns:
        if isinstance(turn, tuple):
            for field in turn:
                for checks in field.every_check():
                    await checks.run(run)
            ready |= await (_alone(run, turn[0]) if _is_one_statement(run, turn) else _transaction(run, turn))
        else:
            ready |= await turn.run(run)
    return reply(run, [(field.key, await joins.merged(run, ready[field.key], field.joins)) for field in plan.fields])


def _is_one_statement(run: Run, fields: Sequence[MutationField]) -> bool:
    """Where changes are captured, a transaction tells the triggers who makes them."""
    captured = run.context is not None and fields[0].source in run.context.sources
    return len(fields) == 1 and len(fields[0].steps) == 1 and not captured


async def _transaction(run: Run, fields: Sequence[MutationField]) -> dict[str, bytes]:
    connections: dict[str, Connection] = {}
    ready: dict[str, bytes] = {}
    with translating("$"):
        async with AsyncExitStack() as transactions:
            for field in fields:
                if field.source not in connections:
                    begun = run.databases[field.source].transaction()
                    connections[field.source] = await transactions.enter_async_context(begun)
                    if run.context and field.source in run.context.sources:
                        await run.context.announce(connections[field.source])
                ready[field.key] = await _change(connections[field.source], field, run.bindings)
    return ready


async def _alone(run: Run, field: MutationField) -> dict[str, bytes]:
    """A change that is one statement: PostgreSQL keeps all of it or nothing, without being asked to."""
    (step,) = field.steps
    row = await only_row(run.databases[field.source], step.statement, run.bindings, step.path)
    _keep(step, row, run.bindings)
    return {field.key: _answered(field, run.bindings)}


async def _change(connection: Connection, field: MutationField, bindings: Bindings) -> bytes:
    for step in field.steps:
        await _step(connection, step, bindings)
    return _answered(field, bindings)


def _answered(field: MutationField, bindings: Bindings) -> bytes:
    if field.inner:
        pairs = (one if isinstance(one, tuple) else (one.key, _answered(one, bindings)) for one in field.inner)
        return b"{" + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in pairs) + b"}"
    answers = [(one(bindings.stored[name]) or "null").encode() for name in field.answers]
    return b"[" + b",".join(answers) + b"]" if field.listed else answers[0]


async def _step(connection: Connection, step: Step, bindings: Bindings) -> None:
    arguments = bound(step.statement, bindings)
    with translating(step.path, step.statement, arguments):
        row = await connection.fetchrow(step.statement.text, *arguments)
    assert row is not None
    _keep(step, row, bindings)


def _keep(step: Step, row: Sequence[Any], bindings: Bindings) -> None:
    # A check stands behind what is kept.
    bindings.stored.update(zip(step.stores, row, strict=False))
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
