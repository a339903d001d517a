"""What a fresh or changed database needs before servers may use it: itself, its schemas, its extensions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, LiteralString
from urllib.parse import quote

from nself.errors import DatabaseError
from nself.runtimes.native import binaries

if TYPE_CHECKING:
    from nself.pg.database import Database

Statement = tuple[LiteralString, str]
SCHEMAS = ("auth", "storage")
NEEDED = ("pgcrypto", "citext")
"""What our own servers' schemas are made of."""
NO_SUCH_DATABASE = "3D000"
MAINTENANCE = "postgres"
"""The database that is always there; ours may not be yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The project's database as it shall be."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    extensions: Sequence[str] = ()

    def dsn(self, database: str) -> str:
        user, password = quote(self.user, safe=""), quote(self.password, safe="")
        return f"postgresql://{user}:{password}@{self.host}:{self.port}/{quote(database, safe='')}"


def warm() -> None:
    """Import the driver, which takes longer than PostgreSQL's start; meant for a thread of its own."""
    import nself.pg.database  # noqa: F401


def prepare(target: Target) -> None:
    """Make what is missing; what is there is left as it is. Safe to repeat."""
    asyncio.run(_prepare(target))


async def _prepare(target: Target) -> None:
    database = await _open(target)
    try:
        await _check_extensions(database, target.extensions)
        for statement in (*_schemas(), *_extensions(target.extensions)):
            await _run(database, *statement)
    finally:
        await database.close()


async def _open(target: Target) -> Database:
    """The project's database, created if it is missing."""

    try:
        return await _connect(target, target.database)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != NO_SUCH_DATABASE:
            raise
    maintenance: Database = await _connect(target, MAINTENANCE)
    try:
        await _run(maintenance, "CREATE DATABASE %I", target.database)
    finally:
        await maintenance.close()
    return await _connect(target, target.database)


async def _connect(target: Target, database: str) -> Database:
    from nself.pg.database import Database

    return await Database.open(target.dsn(database), name="nself start", max_size=1, wait_s=5)


async def _check_extensions(database: Database, wanted: Sequence[str]) -> None:
    rows = await database.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT name FROM pg_available_extensions)",
        [binaries.canonical(name) for name in wanted],
    )
    if rows:
        version = await database.fetch_value("SELECT current_setting('server_version')")
        raise binaries.lacks_extensions(version, [row["name"] for row in rows])


def _schemas() -> list[Statement]:
    return [("CREATE SCHEMA IF NOT EXISTS %I", name) for name in SCHEMAS]


def _extensions(wanted: Sequence[str]) -> list[Statement]:
    names = dict.fromkeys([*NEEDED, *map(binaries.canonical, wanted)])
    return [("CREATE EXTENSION IF NOT EXISTS %I CASCADE", name) for name in names]


async def _run(database: Database, template: LiteralString, name: str) -> None:
    """A statement that takes a name, which PostgreSQL itself quotes: names cannot be parameters."""
    from nself.pg.database import PostgresError

    sql = await database.fetch_value("SELECT format($1, $2::text)", template, name)
    try:
        await database.execute(sql)
    except PostgresError as error:
        raise DatabaseError(
            f"{sql}: {error}",
            fixes=["take it out of POSTGRES_EXTENSIONS", "some need shared_preload_libraries in postgresql.conf first"],
        ) from error
