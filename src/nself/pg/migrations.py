"""Numbered SQL files applied once, in order, under a lock: our servers' schemas, a project's `db/migrations`."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import LiteralString

from nself.errors import ConfigError, DatabaseError, TimedOutError
from nself.pg.database import Connection, PostgresError
from nself.records import dataclass

_NAME = re.compile(r"(?P<version>\d+)_(?P<name>[A-Za-z0-9_-]+?)(?:\.(?P<way>up|down))?\.sql")
# For the few statements PostgreSQL refuses inside a transaction (CREATE INDEX CONCURRENTLY): one statement a file.
_NO_TRANSACTION = re.compile(r"^--\s*nself:\s*no-transaction\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One version. `checksum` is SHA-256 over the text of the up file."""

    version: int
    name: str
    up: str
    down: str | None = None

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.up.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        return not _NO_TRANSACTION.search(self.up)


@dataclass(frozen=True, slots=True)
class Applied:
    version: int
    name: str
    checksum: str
    applied_at: str
    execution_ms: int


class MigrationFailedError(DatabaseError):
    """One migration failed and was rolled back; those before it stay applied."""

    def __init__(self, migration: Migration, error: PostgresError, *, line: int | None) -> None:
        self.migration, self.line, self.reason = migration, line, str(error)
        self.applied: tuple[Applied, ...] = ()
        """What this run had applied before it failed."""
        where = f", line {line}" if line else ""
        super().__init__(
            f"migration {migration.version}_{migration.name} failed{where}: {error}",
            fixes=["correct the file and run: nself db migrate up", "nself db migrate status"],
        )


class NewerSchemaError(DatabaseError):
    """Going back to an older nself cannot take back what the newer one did to the tables."""

    def __init__(self, schema: str, newest: Applied) -> None:
        super().__init__(
            f"the tables of {schema} were changed by a newer nself (migration {newest.version}_{newest.name}),"
            " which this one does not know",
            fixes=["nself update", "or restore a backup from before"],
        )


def of_package(package: str, folder: str = "migrations") -> list[Migration]:
    """Migrations shipped inside a Python package."""
    entries = files(package).joinpath(folder).iterdir()
    return collect((entry.name, entry.read_text(encoding="utf-8")) for entry in entries if entry.name.endswith(".sql"))


def of_folder(folder: Path) -> list[Migration]:
    """A project's migrations: `<version>_<name>.up.sql` and perhaps `.down.sql`, or plain `<version>_<name>.sql`."""
    entries = sorted(folder.glob("*.sql")) if folder.is_dir() else []
    return collect((entry.name, entry.read_text(encoding="utf-8")) for entry in entries)


def collect(named_texts: Iterable[tuple[str, str]]) -> list[Migration]:
    """Pair up and down files; ordered by parsed version, never by locale."""
    ups: dict[int, tuple[str, str]] = {}
    downs: dict[int, str] = {}
    for file, text in named_texts:
        match = _NAME.fullmatch(file)
        if not match:
            raise ConfigError(
                f"{file} is not a migration name",
                fixes=["name it <version>_<name>.up.sql", "nself db migrate create NAME"],
            )
        version = int(match["version"])
        if match["way"] == "down":
            downs[version] = text
        elif version in ups:
            raise ConfigError(f"two migrations have version {version}: {ups[version][0]} and {match['name']}")
        else:
            ups[version] = (match["name"], text)
    return [Migration(version, name, text, downs.get(version)) for version, (name, text) in sorted(ups.items())]


class Ledger:
    """The table that remembers what was applied: `<schema>.schema_migrations`."""

    def __init__(self, schema: str) -> None:
        self.schema = '"' + schema.replace('"', '""') + '"'

    async def applied(self, connection: Connection) -> list[Applied]:
        await connection.execute(
            self._sql(
                """CREATE SCHEMA IF NOT EXISTS {schema};
                CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (
                    version bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now(), execution_ms int NOT NULL)"""
            )
        )
        rows = await connection.fetch(
            self._sql(
                "SELECT version, name, checksum, to_json(applied_at)#>>'{{}}' AS applied_at, execution_ms "
                "FROM {schema}.schema_migrations ORDER BY version"
            )
        )
        return [Applied(**dict(row)) for row in rows]

    async def add(self, connection: Connection, migration: Migration, execution_ms: int) -> None:
        await connection.execute(
            self._sql(
                "INSERT INTO {schema}.schema_migrations (version, name, checksum, execution_ms) VALUES ($1, $2, $3, $4)"
            ),
            migration.version,
            migration.name,
            migration.checksum,
            execution_ms,
        )

    async def drop(self, connection: Connection, migration: Migration) -> None:
        await connection.execute(
            self._sql("DELETE FROM {schema}.schema_migrations WHERE version = $1"), migration.version
        )

    def _sql(self, template: LiteralString) -> LiteralString:
        return template.format(schema=self.schema)


def pending(wanted: Sequence[Migration], applied: Sequence[Applied]) -> list[Migration]:
    done = {entry.version for entry in applied}
    return [migration for migration in wanted if migration.version not in done]


async def up_package(connection: Connection, package: str, *, schema: str) -> None:
    """Bring one of our servers' own schemas up to date; one that a newer nself has changed is left alone."""
    await up(connection, of_package(package), schema=schema, sole=True)


def drifted(wanted: Sequence[Migration], applied: Sequence[Applied]) -> list[Migration]:
    """Applied migrations whose file has changed since."""
    sums = {entry.version: entry.checksum for entry in applied}
    return [migration for migration in wanted if sums.get(migration.version, migration.checksum) != migration.checksum]


async def up(
    connection: Connection,
    wanted: Sequence[Migration],
    *,
    schema: str,
    limit: int | None = None,
    lock_wait_s: float = 60,
    sole: bool = False,
) -> list[Applied]:
    """Apply what is pending, each file in one transaction with its ledger row. Stops at the first error.

    With `sole` nobody else writes migrations for this schema: newer ones than `wanted` are of a newer program."""
    ledger = Ledger(schema)
    async with locked(connection, schema, wait_s=lock_wait_s):
        found = await ledger.applied(connection)
        if sole and wanted and found and found[-1].version > wanted[-1].version:
            raise NewerSchemaError(schema, found[-1])
        before = {entry.version for entry in found}
        error: MigrationFailedError | None = None
        for migration in [migration for migration in wanted if migration.version not in before][:limit]:
            try:
                await _apply(connection, ledger, migration)
            except MigrationFailedError as failed:
                error = failed
                break
        applied = [entry for entry in await ledger.applied(connection) if entry.version not in before]
        if error:
            error.applied = tuple(applied)
            raise error
        return applied


@asynccontextmanager
async def locked(connection: Connection, schema: str, *, wait_s: float) -> AsyncIterator[None]:
    """One migrating process a schema. The lock belongs to the connection: it is gone when we are."""
    key = f"nself:migrations:{schema}"
    deadline = time.monotonic() + wait_s
    while not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key):
        if time.monotonic() >= deadline:
            raise TimedOutError(
                f"another migration of schema {schema} has been running for over {wait_s:g} s",
                fixes=["wait for it and try again", "nself db migrate up --lock-timeout 600"],
            )
        await asyncio.sleep(0.05)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)


async def _apply(connection: Connection, ledger: Ledger, migration: Migration) -> None:
    began = time.monotonic()
    sql: LiteralString = migration.up
    try:
        if migration.transactional:
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute("RESET ALL")
                await ledger.add(connection, migration, _ms_since(began))
        else:
            await connection.execute(sql)
            await ledger.add(connection, migration, _ms_since(began))
    except PostgresError as error:
        raise MigrationFailedError(migration, error, line=_line(migration.up, error)) from error


def _ms_since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _line(sql: str, error: PostgresError) -> int | None:
    position = getattr(error, "position", None)
    return sql[: int(position)].count("\n") + 1 if position else None
