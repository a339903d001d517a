"""One statement on its way to the database and back: arguments bound, the database's errors in Hasura's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from nself.graphql.errors import ApiError
from nself.graphql.sql import tree as sql
from nself.graphql.sql.values import Bindings
from nself.pg.database import Database, DriverError, PostgresError

CHECK_FAILED: Final = "check constraint of an insert/update permission has failed"
"""What a mutation's statement says when it refuses its own rows."""

_ALL_IN_USE: Final = "no connection to the database became free in time: all of its pool are in use"

_OUT_OF_REACH: Final = "the database is out of reach"

_SYNTAX_ERROR: Final = "42601"
"""Not of a statement, those are sound: some types (ltree) report a value they cannot read so."""

_NO_SUCH_VALUE: Final = "22P02"

_NO_SUCH_OPERATOR: Final = ("could not identify an", "operator does not exist")
"""Some types (json, point) cannot be compared or put in order: asking for it is the client's doing."""

_MOVED: Final = frozenset({"42703", "42P01", "42883", "42704", "42804", "42P10", "3F000", "0A000"})
"""Said of a statement that was sound when it was made: the schema has changed behind the engine's back."""

CHANGED_BEHIND: Final = "the database's schema was changed outside of the engine: reload the metadata"

_VIOLATIONS: Final[Mapping[str, str]] = {
    "23502": "Not-NULL violation",
    "23503": "Foreign key violation",
    "23505": "Uniqueness violation",
    "23514": "Check constraint violation",
    "23P01": "Exclusion violation",
}


async def only_row(database: Database, statement: sql.Statement, bindings: Bindings, path: str = "$") -> Sequence[Any]:
    """The one row of a statement that has no other around it, and leaves nothing behind in its session."""
    arguments = bound(statement, bindings)
    with translating(path, statement, arguments):
        row: Any = await database.read_row(statement.text, *arguments)
        return row or ()


async def read(database: Database, statement: sql.Statement, bindings: Bindings) -> Sequence[Any]:
    """The one row of a query's statement."""
    if not statement.volatile:
        return await only_row(database, statement, bindings)
    arguments = bound(statement, bindings)
    with translating("$", statement, arguments):
        rows: Any = await rows_of(database, statement, arguments)
        return rows[0] if rows else ()


async def rows_of(database: Database, statement: sql.Statement, arguments: Sequence[Any]) -> Sequence[Any]:
    """What a query's statement finds. What may write is kept from it: whoever may ask may not therefore change."""
    if not statement.volatile:
        return await database.read(statement.text, *arguments)
    async with database.connection() as connection, connection.transaction(readonly=True):
        return await connection.fetch(statement.text, *arguments)


def bound(statement: sql.Statement, bindings: Bindings) -> list[Any]:
    return [source.bind(bindings) for source in statement.parameters]


class translating:  # noqa: N801 - reads as the verb it is at its uses
    """What the database or the way to it does wrong, as an ApiError that blames `path`."""

    __slots__ = ("arguments", "path", "statement")

    def __init__(self, path: str, statement: sql.Statement | None = None, arguments: Sequence[Any] = ()) -> None:
        self.path, self.statement, self.arguments = path, statement, arguments

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case PostgresError():
                raise translated(error, self.path, self.statement, self.arguments) from error
            case TimeoutError():
                # Not from it: a database that is busy is not one that is lost.
                raise ApiError("postgres-max-connections-error", _ALL_IN_USE, path=self.path, status=500) from None
            case OSError():
                # The connection broke, or none could be made. Where the database is, is not for clients to know.
                raise ApiError("unexpected", _OUT_OF_REACH, status=500, internal={"error": str(error)}) from error
            case DriverError():
                # As if the connection broke, or the statement has more parameters than the protocol can count.
                raise ApiError("unexpected", f"the database did not take the statement: {error}", status=500) from error


def translated(error: PostgresError, path: str, statement: sql.Statement | None, arguments: Sequence[Any]) -> ApiError:
    """The client learns what its own data caused; what else went wrong is for `internal`."""
    state, message = str(getattr(error, "sqlstate", "") or ""), str(getattr(error, "message", "") or error)
    internal = _internal(error, state, message, statement, arguments) if statement else None
    if state in _VIOLATIONS:
        text = f"{_VIOLATIONS[state]}. {message}"
        return ApiError("constraint-violation", text, path=path, internal=internal)
    if state == _NO_SUCH_VALUE and CHECK_FAILED in message:
        return ApiError("permission-error", CHECK_FAILED, path=path)
    if state.startswith("22") or state == _SYNTAX_ERROR:
        return ApiError("data-exception", message, path=path, internal=internal)
    if state == "42883" and message.startswith(_NO_SUCH_OPERATOR):
        return ApiError("data-exception", message, path=path, internal=internal)
    if state in _MOVED:
        return ApiError("unexpected", CHANGED_BEHIND, path=path, status=500, internal=internal)
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
