"""A project's own schema: `db/migrations` applied to its database, each file once and whole."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nself.errors import ConfigError, UsageError
from nself.host import Host
from nself.model.project import Project
from nself.records import dataclass

if TYPE_CHECKING:
    from nself.pg.database import Connection
    from nself.pg.migrations import Applied, Migration

T = TypeVar("T")

SCHEMA = "nself"
"""The project's ledger is `nself.schema_migrations`; the schemas of our servers keep their own."""


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    version: int
    name: str
    applied_at: str
    execution_ms: int


@dataclass(frozen=True, slots=True)
class PendingMigration:
    version: int
    name: str


@dataclass(frozen=True, slots=True)
class Failure:
    version: int
    name: str
    error: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`drifted` are applied migrations whose file changed since; `missing` were applied and have no file any more."""

    applied: tuple[AppliedMigration, ...]
    pending: tuple[PendingMigration, ...]
    drifted: tuple[PendingMigration, ...]
    missing: tuple[PendingMigration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """What one run did. With `failed` set, that file was rolled back and nothing after it was tried."""

    applied: tuple[AppliedMigration, ...]
    failed: Failure | None
    remaining: int
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    version: int
    files: tuple[Path, ...]


def folder(project: Project) -> Path:
    return project.root / "db" / "migrations"


def status(project: Project, dsn: str) -> Status:
    """What is applied, pending, changed or gone. Reads only."""
    from nself.pg import migrations

    wanted = migrations.of_folder(folder(project))

    async def read(connection: Connection) -> Status:
        applied = await migrations.Ledger(SCHEMA).applied(connection)
        known = {migration.version for migration in wanted}
        return Status(
            applied=tuple(_applied(entry) for entry in applied),
            pending=tuple(_pending(each) for each in migrations.pending(wanted, applied)),
            drifted=tuple(_pending(each) for each in migrations.drifted(wanted, applied)),
            missing=tuple(PendingMigration(e.version, e.name) for e in applied if e.version not in known),
        )

    return _connected(dsn, read)


def up(
    project: Project,
    dsn: str,
    *,
    limit: int | None = None,
    to: int | None = None,
    dry_run: bool = False,
    lock_wait_s: float = 60,
) -> Up:
    """Apply pending files in the order of their versions: at most `limit` of them, none above version `to`."""
    from nself.pg import migrations

    found = status(project, dsn)
    if found.drifted:
        names = ", ".join(f"{each.version}_{each.name}" for each in found.drifted)
        raise ConfigError(
            f"applied migrations were changed afterwards: {names}",
            fixes=["restore those files as they were", "put the change into a new file: nself db migrate create NAME"],
        )
    wanted = [each for each in migrations.of_folder(folder(project)) if to is None or each.version <= to]
    open_before = len(found.pending)
    if dry_run:
        return Up(applied=(), failed=None, remaining=open_before, dry_run=True)

    async def apply(connection: Connection) -> Up:
        failed: Failure | None = None
        try:
            done = await migrations.up(connection, wanted, schema=SCHEMA, limit=limit, lock_wait_s=lock_wait_s)
        except migrations.MigrationFailedError as error:
            failed = Failure(error.migration.version, error.migration.name, error.reason, error.line)
            done = list(error.applied)
        return Up(applied=tuple(_applied(entry) for entry in done), failed=failed, remaining=open_before - len(done))

    return _connected(dsn, apply)


def create(project: Project, name: str, host: Host) -> Created:
    """An empty pair of files, versioned by the time in UTC."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not slug:
        raise UsageError(
            f"{name!r} has no letter or digit to name a migration by", fixes=["nself db migrate create add_notes"]
        )
    version = int(host.now().strftime("%Y%m%d%H%M%S"))
    stem = folder(project) / f"{version}_{slug}"
    files = (stem.with_name(stem.name + ".up.sql"), stem.with_name(stem.name + ".down.sql"))
    for file, text in zip(files, ("-- What this migration changes.\n", "-- How to take it back.\n"), strict=True):
        if host.exists(file):
            raise ConfigError(f"{file} is already there", fixes=["wait a second and try again"])
        host.write(file, text)
    return Created(version, files)


def _connected(dsn: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    from nself.pg.database import Database

    async def go() -> T:
        database = await Database.open(dsn, name="nself migrate", min_size=1, max_size=1, wait_s=0)
        try:
            async with database.connection() as connection:
                return await work(connection)
        finally:
            await database.close()

    return asyncio.run(go())


def _applied(entry: Applied) -> AppliedMigration:
    return AppliedMigration(entry.version, entry.name, entry.applied_at, entry.execution_ms)


def _pending(migration: Migration) -> PendingMigration:
    return PendingMigration(migration.version, migration.name)
