"""The open databases: a pool for each source of the metadata, opened when it appears, closed when it is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import Final

from nself.errors import DatabaseError
from nself.graphql.errors import ApiError
from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.metadata.reader import Reader
from nself.graphql.sources.connection import Connection, UnknownVariableError, connection
from nself.pg.database import CONNECTION_LOST, Database, DriverError, PostgresError
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")

CONNECT_S: Final = 5.0
"""How long a source may take to answer the first call: metadata changes wait for it."""
OWN_VARIABLES: Final = ("HASURA_GRAPHQL_DATABASE_URL", "PG_DATABASE_URL", "DATABASE_URL")
"""The first names the database of a source `default` that says nothing; the others are older spellings."""


async def opened(wanted: Connection, *, most: int = 20, statement_ms: int = 0, wait_s: float = 0.0) -> Database:
    """A pool of up to `most` connections, unless the source says how many. `statement_ms` bounds each statement."""
    limits = {"statement_timeout": str(statement_ms)} if statement_ms else {}
    if wanted.isolation:
        limits["default_transaction_isolation"] = wanted.isolation
    return await Database.open(
        wanted.dsn,
        name="nself-graphql",
        max_size=wanted.max_connections or most,
        idle_s=wanted.idle_s or 60,
        patience_s=wanted.pool_timeout_s,
        lifetime_s=wanted.lifetime_s,
        connect_s=CONNECT_S,
        wait_s=wait_s,
        raw_json=True,
        settings=limits,
    )


Open = Callable[[Connection], Awaitable[Database]]
_PAUSE_S: Final = 2.0
_KINDS: Final = ("postgres", "pg")
Failures = Mapping[str, str]
"""{source: why it cannot be reached, without anything that is secret}."""


@dataclass(slots=True)
class Pools:
    """`main` is open already, and somebody else's to close: the database that keeps the metadata, at `main_dsn`. A
    source at the same address shares its pool."""

    main: Database
    main_dsn: str = field(repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    open: Open = opened
    databases: dict[str, Database] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    _wanted: dict[str, Connection] = field(default_factory=dict)
    _look_again: float = 0.0
    _closing: set[asyncio.Task[None]] = field(default_factory=set)

    async def follow(self, metadata: Metadata, *, retry: bool = False) -> None:
        """Open and close until the databases are those of the metadata. One that could not be reached is tried again
        with `retry`, or when its configuration changes."""
        for name in [*self.databases, *self.failures]:
            if name not in metadata.sources:
                self._forget(name)
        await asyncio.gather(*(self._bring(source, retry=retry) for source in metadata.sources.values()))

    async def answers_again(self) -> bool:
        """Whether a source that could not be reached can be now. Asked more often, it does not look each time."""
        now = asyncio.get_running_loop().time()
        if now < self._look_again:
            return False
        self._look_again = now + _PAUSE_S
        return any(await asyncio.gather(*(self._answers(name) for name in self.failures if name in self._wanted)))

    def fail(self, name: str, reason: str) -> None:
        """A database that went away after it was opened."""
        wanted = self._wanted.get(name)
        self._forget(name)
        self.failures[name] = reason
        if wanted is not None:
            self._wanted[name] = wanted

    async def close(self) -> None:
        for name in list(self.databases):
            self._forget(name)
        await asyncio.gather(*self._closing)

    async def _bring(self, source: Source, *, retry: bool) -> None:
        try:
            wanted = self._connection(source)
        except (UnknownVariableError, ApiError) as error:
            self._forget(source.name)
            self.failures[source.name] = str(error)
            return
        waits = wanted is not None and source.name in self.failures and not retry
        if wanted == self._wanted.get(source.name) and (source.name in self.databases or waits):
            return
        self._forget(source.name)
        if wanted is None:
            self.databases[source.name] = self.main
            return
        self._wanted[source.name] = wanted
        found = await self._opened(wanted)
        if isinstance(found, Database):
            self.databases[source.name] = found
        else:
            self.failures[source.name] = f"connection error: {found}"

    def dsn_of(self, source: Source) -> str:
        """Where the source's database is, password and all."""
        wanted = self._connection(source)
        return self.main_dsn if wanted is None else wanted.dsn

    def _connection(self, source: Source) -> Connection | None:
        """None for the main database, whose pool is as the server's settings say."""
        if source.kind not in _KINDS:
            raise ApiError("not-supported", f'sources of the kind "{source.kind}" are not supported')
        wanted = Connection(dsn=self.environ.get(OWN_VARIABLES[0], self.main_dsn))
        if "configuration" in source.rest or source.name != "default":
            wanted = connection(Reader(source.rest).at("configuration"), self.environ)
        return None if wanted.dsn == self.main_dsn and wanted.isolation in (None, "read committed") else wanted

    async def _opened(self, wanted: Connection) -> Database | str:
        """The database, or why it cannot be had."""
        try:
            return await self.open(wanted)
        except DatabaseError as error:
            return said(error.__cause__ or error)
        except (DriverError, ValueError):
            # The driver's own words quote the connection string.
            return "the connection string is not a valid PostgreSQL URL"

    async def _answers(self, name: str) -> bool:
        found = await self._opened(self._wanted[name])
        if isinstance(found, Database):
            self._close(found)
        return isinstance(found, Database)

    def _forget(self, name: str) -> None:
        self.failures.pop(name, None)
        self._wanted.pop(name, None)
        database = self.databases.pop(name, None)
        if database is not None and database is not self.main:
            self._close(database)

    def _close(self, database: Database) -> None:
        """Beside what goes on: requests under way finish on it first."""
        task = asyncio.create_task(database.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class OneDatabase(Pools):
    """For a look at a database without a server: the source `default` is there, whatever the metadata says; no other is
    opened."""

    def _connection(self, source: Source) -> Connection | None:
        if source.name != "default":
            raise ApiError("not-supported", "no other database than that of the source default is looked at")
        return None


def said(error: BaseException) -> str:
    """What went wrong on the way to a database, for the administrator."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, PostgresError):
        return str(getattr(error, "message", None) or error)
    if isinstance(error, (*CONNECTION_LOST, DatabaseError)):
        return str(error)
    return "the connection broke"
