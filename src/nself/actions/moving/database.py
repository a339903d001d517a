"""The database: dumped with its own pg_dump, restored with the other's pg_restore, its rows counted on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from nself.actions.stack import Stack
from nself.errors import DatabaseError
from nself.model.spec import ServiceSpec
from nself.runtimes.runtime import Inside
from nself.services import postgres

ROLES = "roles.sql"
MAINTENANCE = "postgres"


def dump(stack: Stack, folder: Path) -> dict[str, int]:
    """Write roles and every database into `folder`; {database.schema.table: rows}."""
    _poured(stack, ["pg_dumpall", "--roles-only", "--no-password"], into=folder / ROLES)
    rows: dict[str, int] = {}
    for name in databases(stack):
        _poured(
            stack, ["pg_dump", "--format=custom", "--no-password", f"--dbname={name}"], into=folder / f"{name}.dump"
        )
        rows |= count(stack, name)
    return rows


def restore(stack: Stack, folder: Path, wanted: Mapping[str, int]) -> None:
    """Make the databases anew from `folder`; DatabaseError when a table has other rows than `wanted`."""
    # Roles that are there already are no mistake; what is missing shows when objects are given to their owners.
    _poured(stack, ["psql", "--quiet", "--no-psqlrc", f"--dbname={MAINTENANCE}"], out_of=folder / ROLES)
    found: dict[str, int] = {}
    for name in databases(stack):
        asyncio.run(_make_anew(_dsn(stack, MAINTENANCE), name))
        argv = ["pg_restore", "--no-password", "--exit-on-error", "--single-transaction", f"--dbname={name}"]
        _poured(stack, argv, out_of=folder / f"{name}.dump")
        found |= count(stack, name)
    differing = [table for table in wanted.keys() | found.keys() if wanted.get(table) != found.get(table)]
    if differing:
        table = sorted(differing)[0]
        raise DatabaseError(
            f"{len(differing)} tables differ after the restore, first {table}: "
            f"{wanted.get(table, 'no')} rows before, {found.get(table, 'no')} after",
            fixes=["nothing was lost: the source is as it was", "nself doctor"],
        )


def databases(stack: Stack) -> list[str]:
    """The project's own and those that services have for themselves."""
    own = postgres.settings(stack.project).database or ""
    return list(dict.fromkeys([own, *(name for spec in stack.runtime.specs for name in spec.databases)]))


def count(stack: Stack, database: str) -> dict[str, int]:
    """{database.schema.table: rows}, counted one by one."""
    return asyncio.run(_count(_dsn(stack, database), database))


async def _count(dsn: str, name: str) -> dict[str, int]:
    from nself.pg.database import Database

    database = await Database.open(dsn, name="nself migrate", max_size=1, wait_s=10)
    try:
        tables = await database.fetch(
            "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' "
            "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_temp%' "
            # What an extension made it makes again, and may make otherwise.
            "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"
        )
        return {
            # The name was quoted by PostgreSQL itself, which is the only one that knows it.
            f"{name}.{row['name']}": await database.fetch_value(f"SELECT count(*) FROM {row['name']}")  # noqa: S608
            for row in tables
        }
    finally:
        await database.close()


async def _make_anew(dsn: str, name: str) -> None:
    """An empty database without even what templates add: the dump brings all."""
    from nself.pg.database import Database

    database = await Database.open(dsn, name="nself migrate", max_size=1, wait_s=10)
    try:
        for template in ("DROP DATABASE IF EXISTS %I", "CREATE DATABASE %I TEMPLATE template0"):
            await database.execute(await database.fetch_value("SELECT format($1, $2::text)", template, name))
    finally:
        await database.close()


def _dsn(stack: Stack, database: str) -> str:
    found = replace(postgres.settings(stack.project), database=database)
    return postgres.url(found, stack.runtime.network.endpoint(postgres.NAME, postgres.PORT.name))


def _poured(stack: Stack, argv: Sequence[str], *, into: Path | None = None, out_of: Path | None = None) -> None:
    """Run one of PostgreSQL's programs where the server is: it is of the same version."""
    spec: ServiceSpec = stack.spec(postgres.NAME)
    command = stack.runtime.inside(spec, Inside(argv=tuple(argv)))
    ran = stack.runtime.host.pour(command.argv, into=into, out_of=out_of, env=command.env, cwd=command.cwd)
    if not ran.ok:
        lines = [line for line in ran.stderr.splitlines() if line.strip()]
        raise DatabaseError(
            f"{argv[0]} failed: {lines[-1] if lines else f'exit code {ran.exit_code}'}",
            fixes=["nothing was lost: the source is as it was", "nself logs postgres"],
        )
