"""The search of a project, opened: its engine, the database it is over, and the indexes that are declared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from nself.actions.stack import open_stack
from nself.errors import ConfigError, ConfigProblemsError, DatabaseError, NselfError, UsageError
from nself.events import Emit, Warned, ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Network
from nself.records import dataclass
from nself.search import definition
from nself.search.definition import Index
from nself.search.engine import Query
from nself.search.settings import Kind, MeilisearchSettings, SearchSettings
from nself.services import meilisearch, postgres

if TYPE_CHECKING:
    from nself.pg.database import Database
    from nself.search.engine import Engine
    from nself.search.source import Source

T = TypeVar("T")
BAD_REQUEST = ("22", "42704")
"""SQLSTATEs of what the caller wrote: a value that is no number, an index that is not there."""
NOT_SET_UP = ("3F000", "42883", "42P01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The project whose indexes are meant, and the machine it runs on."""

    project: Project
    host: LocalHost
    environ: Mapping[str, str]
    emit: Emit = ignore


def declared(at: Place) -> tuple[Index, ...]:
    """The indexes of search/indexes.yml; every mistake of form is raised at once."""
    path = at.project.root / definition.FILE
    if not at.host.exists(path):
        return ()
    indexes, problems = definition.parse(at.host.read(path, limit=1024 * 1024))
    if problems:
        raise ConfigProblemsError(problems)
    return indexes


def some(indexes: Sequence[Index], names: Sequence[str]) -> list[Index]:
    """Those that are named, all when none is."""
    if not indexes:
        raise ConfigError(
            f"this project declares no index: {definition.FILE} is not there, or empty",
            fixes=["nself service search docs shows how to write one"],
        )
    known = {index.name: index for index in indexes}
    for name in names:
        if name not in known:
            raise UsageError(f"{definition.FILE} has no index {name}", fixes=[f"it has {', '.join(known)}"])
    return [known[name] for name in names] if names else list(indexes)


@dataclass(frozen=True, slots=True)
class Opened:
    """The engine of the project and the database it is over."""

    kind: Kind
    engine: Engine
    database: Database
    emit: Emit

    async def check(self, indexes: Sequence[Index]) -> tuple[list[Source], list[Any]]:
        from nself.search import source

        async with self.database.connection() as connection:
            return await source.check(connection, indexes)

    async def checked(self, indexes: Sequence[Index]) -> list[Source]:
        sources, problems = await self.check(indexes)
        if problems:
            raise ConfigProblemsError(problems)
        return sources

    async def problem(self, name: str, built: Mapping[str, Any]) -> str | None:
        return (await self.engine.stats(name)).problem if name in built else None

    async def silence(self, name: str) -> str | None:
        """Why an index does not answer; None when it does."""
        from nself.pg.database import PostgresError

        try:
            await self.engine.query(name, Query(text="", limit=1))
        except (NselfError, PostgresError) as error:
            return str(error)
        return None


def engine(at: Place) -> Kind:
    """Who searches in this project."""
    kind = meilisearch.engine(at.project)
    if kind is None:
        raise ConfigError("search is switched off in this project", fixes=["nself service search enable"])
    return kind


def run(at: Place, work: Callable[[Opened], Awaitable[T]]) -> T:
    """Do something with the engine; what PostgreSQL says against it becomes an error of ours."""
    kind = engine(at)
    if at.project.settings(MeilisearchSettings).enabled and at.project.settings(SearchSettings).engine is None:
        at.emit(Warned("MEILISEARCH_ENABLED is the older way to choose it", fix="SEARCH_ENGINE=meilisearch"))

    async def go() -> T:
        async with _open(at, kind) as opened:
            return await work(opened)

    return asyncio.run(go())


@asynccontextmanager
async def _open(at: Place, kind: Kind) -> AsyncIterator[Opened]:
    from nself.pg.database import Database, PostgresError

    stack = open_stack(at.project, at.host, at.environ)
    if kind is Kind.MEILISEARCH:
        stack.refuse_stopped()
    network = stack.runtime.network
    url = postgres.database_url(at.project, network)
    database = await Database.open(url, name="nself search", max_size=3, wait_s=0)
    try:
        async with _engine(at.project, network, kind, database) as engine:
            yield Opened(kind, engine, database, at.emit)
    except PostgresError as error:
        raise _explained(error) from error
    finally:
        await database.close()


@asynccontextmanager
async def _engine(project: Project, network: Network, kind: Kind, database: Database) -> AsyncIterator[Engine]:
    match kind:
        case Kind.POSTGRES:
            from nself.search.postgres.engine import PostgresEngine

            yield PostgresEngine(database)
        case Kind.MEILISEARCH:
            from nself.search.meilisearch.client import connected
            from nself.search.meilisearch.engine import MeilisearchEngine

            url = network.endpoint(meilisearch.NAME).url
            async with connected(url, meilisearch.settings(project).master_key) as client:
                yield MeilisearchEngine(database, client)


def _explained(error: Any) -> NselfError:
    state, message = getattr(error, "sqlstate", "") or "", str(getattr(error, "message", error))
    hint = getattr(error, "hint", None)
    if state in NOT_SET_UP:
        return ConfigError("the search indexes are not set up in this database", fixes=["nself service search setup"])
    if state.startswith(BAD_REQUEST):
        return UsageError(message, fixes=[hint] if hint else ["nself service search list"])
    return DatabaseError(f"PostgreSQL: {message}", fixes=["nself service search health", "nself logs postgres"])
