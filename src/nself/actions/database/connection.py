"""The project's database: where it is, and what it needs before servers may use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, LiteralString

from nself.actions.stack import Stack, open_stack
from nself.errors import DatabaseError
from nself.events import Emit
from nself.host import LocalHost
from nself.model.project import Project
from nself.services import extensions, postgres

if TYPE_CHECKING:
    from nself.pg.database import Database

Statement = tuple[LiteralString, str]
SCHEMAS = ("auth", "storage")
NEEDED = ("pgcrypto", "citext")
"""What our own servers' schemas are made of."""
NO_SUCH_DATABASE = "3D000"
MAINTENANCE = "postgres"
"""The database that is always there; ours may not be yet."""


def url(project: Project, host: LocalHost, environ: Mapping[str, str]) -> str:
    """What tools on this machine connect with."""
    return postgres.database_url(project, open_stack(project, host, environ).runtime.network)


def warm() -> None:
    """Import the driver, which takes longer than PostgreSQL's start; meant for a thread of its own."""
    import nself.pg.migrations  # noqa: F401


def prepare(opened: Stack, emit: Emit) -> None:
    """Make what is missing: the database, its schemas, its extensions. What is there is left as it is."""
    import asyncio  # here and not above: see `warm`

    found = postgres.settings(opened.project)
    at = opened.runtime.network.endpoint(postgres.NAME, postgres.PORT.name)
    others = dict.fromkeys(name for spec in opened.runtime.specs for name in spec.databases)
    asyncio.run(
        _prepare(postgres.url(found, at), postgres.url(replace(found, database=MAINTENANCE), at), found, list(others))
    )


async def _prepare(dsn: str, maintenance: str, wanted: postgres.PostgresSettings, others: Sequence[str]) -> None:
    database = await _open(dsn, maintenance, wanted.database or wanted.user)
    try:
        await _check_extensions(database, wanted.extensions)
        for statement in (*_schemas(), *_extensions(wanted.extensions), *await _missing(database, others)):
            await _run(database, *statement)
    finally:
        await database.close()


async def _missing(database: Database, names: Sequence[str]) -> list[Statement]:
    """Databases that services have for themselves and that are not there yet."""
    rows = await database.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT datname FROM pg_database)", list(names)
    )
    return [("CREATE DATABASE %I", row["name"]) for row in rows]


async def _open(dsn: str, maintenance: str, name: str) -> Database:
    """The project's database, created if it is missing."""
    try:
        return await _connect(dsn)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != NO_SUCH_DATABASE:
            raise
    server = await _connect(maintenance)
    try:
        await _run(server, "CREATE DATABASE %I", name)
    finally:
        await server.close()
    return await _connect(dsn)


async def _connect(dsn: str) -> Database:
    from nself.pg.database import Database

    return await Database.open(dsn, name="nself start", max_size=1, wait_s=5)


async def _check_extensions(database: Database, wanted: Sequence[str]) -> None:
    rows = await database.fetch(
        "SELECT name FROM unnest($1::text[]) AS name WHERE name NOT IN (SELECT name FROM pg_available_extensions)",
        [extensions.canonical(name) for name in wanted],
    )
    if rows:
        version = await database.fetch_value("SELECT current_setting('server_version')")
        raise extensions.missing(version, [row["name"] for row in rows])


def _schemas() -> list[Statement]:
    return [("CREATE SCHEMA IF NOT EXISTS %I", name) for name in SCHEMAS]


def _extensions(wanted: Sequence[str]) -> list[Statement]:
    names = dict.fromkeys([*NEEDED, *map(extensions.canonical, wanted)])
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
            fixes=["take it out of POSTGRES_EXTENSIONS", "nself logs postgres"],
        ) from error
