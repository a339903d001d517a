"""What Hasura's command line and console remember on the server (migrations applied, settings), as Hasura keeps it."""

from __future__ import annotations

import json
from typing import Any, Final

from nself.pg import queries
from nself.pg.database import Connection, Database

KINDS: Final = ("cli", "console")
_SQL = queries.load("nself.graphql.metadata", "catalog_state.sql")


async def read(database: Database) -> dict[str, Any]:
    """`{id, cli_state, console_state}`; the id is this installation's, made at the first look."""
    async with database.transaction() as connection:
        await _ensure(connection)
        row = await connection.fetchrow(_SQL["read"])
        assert row is not None
        return {
            "id": row["id"],
            "cli_state": json.loads(row["cli"]),
            "console_state": json.loads(row["console"]),
        }


async def write(database: Database, kind: str, state: dict[str, Any]) -> None:
    """Replace the state of one of KINDS."""
    async with database.transaction() as connection:
        await _ensure(connection)
        await connection.execute(_SQL[f"set_{kind}"], json.dumps(state))


async def _ensure(connection: Connection) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('nself:hdb_version'))")
    await connection.execute(_SQL["create"])
