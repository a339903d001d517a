"""Runs plans: the only part of the engine that meets a connection. Database errors become Hasura's here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from nself.graphql import sql
from nself.graphql.errors import ApiError
from nself.graphql.plan.mutation import MutationField, Step
from nself.graphql.plan.operation import Asked, Known, MutationPlan, QueryPlan
from nself.graphql.printer import explained
from nself.graphql.values import Bindings, one
from nself.pg.database import Connection, Database, DriverError, PostgresError

_CHECK_FAILED: Final = "check constraint of an insert/update permission has failed"

_SYNTAX_ERROR: Final = "42601"
"""Not of a statement, those are sound: some types (ltree) report a value they cannot read so."""

_VIOLATIONS: Final[Mapping[str, str]] = {
    "23502": "Not-NULL violation",
    "23503": "Foreign key violation",
    "23505": "Uniqueness violation",
    "23514": "Check constraint violation",
    "23P01": "Exclusion violation",
}


async def query(database: Database, plan: QueryPlan, bindings: Bindings) -> bytes:
    row: Any = ()
    if plan.statement is not None:
        arguments = bound(plan.statement, bindings)
        with _translating("$", plan.statement, arguments):
            row = await database.read_row(plan.statement.text, *arguments) or ()
    return body((field.key, _shown(field, row)) for field in plan.fields)


def _shown(field: Known | Asked, row: Sequence[Any]) -> bytes:
    if isinstance(field, Known):
        return field.json
    text = row[field.column]
    return b"null" if text is None else text.encode()


async def mutation(database: Database, plan: MutationPlan, bindings: Bindings) -> bytes:
    """All fields in one transaction: any error takes everything back."""
    answers: list[tuple[str, bytes]] = []
    with _translating("$"):
        async with database.transaction() as connection:
            for field in plan.fields:
                shown = field.json if isinstance(field, Known) else await _change(connection, field, bindings)
                answers.append((field.key, shown))
    return body(answers)


async def _change(connection: Connection, field: MutationField, bindings: Bindings) -> bytes:
    for step in field.steps:
        await _step(connection, step, bindings)
    answers = [(one(bindings.stored[name]) or "null").encode() for name in field.answers]
    return b"[" + b",".join(answers) + b"]" if field.listed else answers[0]


async def _step(connection: Connection, step: Step, bindings: Bindings) -> None:
    arguments = bound(step.statement, bindings)
    with _translating(step.path, step.statement, arguments):
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
    with _translating("$", statement, arguments):
        rows = await database.fetch(explained(statement), *arguments)
    return [row[0] for row in rows]


def bound(statement: sql.Statement, bindings: Bindings) -> list[Any]:
    return [source.bind(bindings) for source in statement.parameters]


def body(fields: Any) -> bytes:
    """The response out of finished pieces. Response keys are GraphQL names: nothing in them to escape."""
    return b'{"data":{' + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in fields) + b"}}"


@contextmanager
def _translating(path: str, statement: sql.Statement | None = None, arguments: Sequence[Any] = ()) -> Iterator[None]:
    """What the database or the way to it does wrong, as an ApiError that blames `path`."""
    try:
        yield
    except PostgresError as error:
        raise translated(error, path, statement, arguments) from error
    except (DriverError, OSError) as error:
        # The connection broke, none could be made, or the statement has more parameters than the protocol can count.
        raise ApiError("unexpected", f"the database did not take the statement: {error}", status=500) from error


def translated(error: PostgresError, path: str, statement: sql.Statement | None, arguments: Sequence[Any]) -> ApiError:
    """The client learns what its own data caused; what else went wrong is for `internal`."""
    state, message = str(getattr(error, "sqlstate", "") or ""), str(getattr(error, "message", "") or error)
    internal = _internal(error, state, message, statement, arguments) if statement else None
    if state in _VIOLATIONS:
        text = f"{_VIOLATIONS[state]}. {message}"
        return ApiError("constraint-violation", text, path=path, internal=internal)
    if state.startswith("22") or state == _SYNTAX_ERROR:
        return ApiError("data-exception", message, path=path, internal=internal)
    if state in {"40001", "40P01"}:
        return ApiError("concurrent-update", message, path=path, internal=internal)
    if state == "42501":
        return ApiError("permission-denied", message, path=path, internal=internal)
    return ApiError("unexpected", "database query error", path=path, status=500, internal=internal)


def _internal(
    error: PostgresError, state: str, message: str, statement: sql.Statement, arguments: Sequence[Any]
) -> dict[str, Any]:
    return {
        "statement": statement.text,
        "prepared": True,
        "error": {
            "exec_status": "FatalError",
            "hint": getattr(error, "hint", None),
            "message": message,
            "status_code": state,
            "description": getattr(error, "detail", None),
        },
        "arguments": [msgspec.json.encode(argument).decode() for argument in arguments],
    }
