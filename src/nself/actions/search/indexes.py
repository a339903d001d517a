"""Search over the project's tables: indexes as search/indexes.yml declares them, kept by the engine of the project."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from nself.actions import history
from nself.actions.stack import open_stack
from nself.errors import ConfigError, ConfigProblemsError, DatabaseError, NselfError, UsageError
from nself.events import Emit, Note, Warned, ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Network
from nself.records import dataclass
from nself.search import definition
from nself.search.definition import Index
from nself.search.engine import Query as Query
from nself.search.settings import Kind, MeilisearchSettings, SearchSettings
from nself.services import meilisearch, postgres

if TYPE_CHECKING:
    from nself.pg.database import Database
    from nself.search.engine import Engine, Stats
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


class State(StrEnum):
    """How an index stands to its definition."""

    NEW = "new"
    BUILT = "built"
    CHANGED = "changed"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An index. `problem` says why changes no longer reach it, or why its definition no longer fits the table."""

    name: str
    table: str | None
    state: State
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    engine: Kind
    indexes: tuple[Listed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one index: built (`rows` of them), kept or dropped; with --dry-run what would."""

    index: str
    action: str
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    engine: Kind
    indexes: tuple[Done, ...]
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`total` is a count when `exact`, else an estimate. `corrected` is the query that was answered when the one that
    was asked has words no document has. `problem` says why the index may not be up to date."""

    engine: Kind
    index: str
    hits: tuple[dict[str, Any], ...]
    total: int
    exact: bool
    corrected: str | None
    problem: str | None
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """`pending` changes the engine has not been told yet; what it does not say is null."""

    name: str
    documents: int
    pending: int
    bytes: int | None
    words: int | None
    built_at: str | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    engine: Kind
    indexes: tuple[IndexStats, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    engine: Kind
    changes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    engine: Kind
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    engine: Kind
    indexes: tuple[str, ...]
    problems: tuple[str, ...]
    healthy: bool


def declared(at: Place) -> tuple[Index, ...]:
    """The indexes of search/indexes.yml; every mistake of form is raised at once."""
    path = at.project.root / definition.FILE
    if not at.host.exists(path):
        return ()
    indexes, problems = definition.parse(at.host.read(path, limit=1024 * 1024))
    if problems:
        raise ConfigProblemsError(problems)
    return indexes


def listing(at: Place) -> Listing:
    """Declared and built indexes side by side."""
    indexes = declared(at)

    async def read(opened: _Opened) -> Listing:
        sources, problems = await opened.check(indexes)
        built = await opened.engine.built()
        wrong = {problem.path.partition(".")[0]: str(problem) for problem in reversed(problems)}
        by_name = {source.name: source for source in sources}
        entries = [
            Listed(
                name=index.name,
                table=f"{index.schema}.{index.table}",
                state=_state(by_name.get(index.name), built.get(index.name)),
                problem=wrong.get(index.name) or await opened.problem(index.name, built),
            )
            for index in indexes
        ]
        names = {index.name for index in indexes}
        gone = (Listed(name=name, table=None, state=State.UNDECLARED) for name in sorted(built.keys() - names))
        return Listing(engine=opened.kind, indexes=(*entries, *gone))

    return _run(at, read)


def setup(at: Place, *, dry_run: bool = False) -> Built:
    """Make the indexes what search/indexes.yml says: build what is new or changed, drop what is no longer declared."""
    indexes = _some(declared(at), ())

    async def plan(opened: _Opened) -> tuple[list[Source], list[str], list[str]]:
        sources = await opened.checked(indexes)
        built = await opened.engine.built()
        stale = [each for each in sources if _state(each, built.get(each.name)) is not State.BUILT]
        kept = [each.name for each in sources if each not in stale]
        return stale, kept, sorted(built.keys() - {each.name for each in sources})

    async def act(opened: _Opened) -> Built:
        stale, kept, gone = await plan(opened)
        done = [Done(index=name, action="kept") for name in kept]
        if dry_run:
            done += [Done(index=source.name, action="build") for source in stale]
            done += [Done(index=name, action="drop") for name in gone]
        else:
            done += await opened.build(stale)
            for name in gone:
                await opened.engine.drop(name)
                done.append(Done(index=name, action="dropped"))
        return Built(engine=opened.kind, indexes=tuple(done), dry_run=dry_run)

    if dry_run:
        return _run(at, act)
    with history.recorded(at.project, at.host, at.emit, history.Entry("search.setup", "set up the search indexes")):
        return _run(at, act)


def reindex(at: Place, names: Sequence[str]) -> Built:
    """Build the indexes that are named, or all, from their tables as they are now. The old ones answer meanwhile."""
    indexes = _some(declared(at), names)

    async def act(opened: _Opened) -> Built:
        return Built(engine=opened.kind, indexes=tuple(await opened.build(await opened.checked(indexes))))

    entry = history.Entry("search.reindex", f"reindexed {', '.join(index.name for index in indexes)}")
    with history.recorded(at.project, at.host, at.emit, entry):
        return _run(at, act)


def query(at: Place, index: str, asked: Query) -> Found:
    if "\0" in asked.text:
        raise UsageError("a query cannot hold the character NUL")

    async def act(opened: _Opened) -> Found:
        began = at.host.monotonic()
        answer = await opened.engine.query(index, asked)
        took = (at.host.monotonic() - began) * 1000
        return Found(
            engine=opened.kind,
            index=index,
            hits=tuple(
                {"id": hit.id, "rank": hit.rank, "document": hit.document, "highlight": hit.highlight}
                for hit in answer.hits
            ),
            total=answer.total,
            exact=answer.exact,
            corrected=answer.corrected,
            problem=answer.problem,
            ms=round(took, 2),
        )

    return _run(at, act)


def stats(at: Place) -> Figures:
    async def act(opened: _Opened) -> Figures:
        names = sorted(await opened.engine.built())
        found = [(name, await opened.engine.stats(name)) for name in names]
        return Figures(engine=opened.kind, indexes=tuple(_figures(name, each) for name, each in found))

    return _run(at, act)


def health(at: Place) -> Health:
    """Ask every index, and hold it against its definition."""
    found = listing(at)
    problems = [f"{each.name}: {each.problem}" for each in found.indexes if each.problem]
    problems += [f"{each.name} is {each.state}" for each in found.indexes if each.state is not State.BUILT]

    async def ask(opened: _Opened) -> None:
        for name in await opened.engine.built():
            if problem := await opened.silence(name):
                problems.append(f"{name} does not answer: {problem}")

    _run(at, ask)
    names = tuple(each.name for each in found.indexes)
    return Health(engine=found.engine, indexes=names, problems=tuple(problems), healthy=not problems)


def sync(at: Place) -> Synced:
    """Tell the engine what changed in the tables since it was last told."""
    indexes = _some(declared(at), ())

    async def act(opened: _Opened) -> Synced:
        built = await opened.engine.built()
        sources = [each for each in await opened.checked(indexes) if each.name in built]
        return Synced(engine=opened.kind, changes={each.name: await opened.engine.sync(each) for each in sources})

    return _run(at, act)


def clear(at: Place, names: Sequence[str]) -> Dropped:
    """Remove indexes: those that are named, or all. The tables they were made from are not touched."""

    async def act(opened: _Opened) -> Dropped:
        built = sorted(await opened.engine.built())
        unknown = [name for name in names if name not in built]
        if unknown:
            raise UsageError(
                f"there is no search index {unknown[0]}", fixes=[f"there are: {', '.join(built) or 'none'}"]
            )
        for name in names or built:
            await opened.engine.drop(name)
        return Dropped(engine=opened.kind, indexes=tuple(names or built))

    with history.recorded(at.project, at.host, at.emit, history.Entry("search.clear", "removed search indexes")):
        return _run(at, act)


def export(at: Place, name: str, write: Callable[[Mapping[str, Any]], None]) -> int:
    """Hand every document of an index to `write`, in the order of their keys; how many there were."""
    indexes = _some(declared(at), [name])

    async def act(opened: _Opened) -> int:
        from nself.search import documents

        (source,) = await opened.checked(indexes)
        count = 0
        async for batch in documents.every(opened.database, source):
            for document in batch:
                write(document)
            count += len(batch)
        return count

    return _run(at, act)


@dataclass(frozen=True, slots=True)
class _Opened:
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

    async def build(self, sources: Sequence[Source]) -> list[Done]:
        await self.engine.prepare()
        done = []
        for each in sources:
            rows = await self.engine.build(each, partial(self._note, each.name))
            done.append(Done(index=each.name, action="built", rows=rows))
        return done

    def _note(self, index: str, text: str) -> None:
        self.emit(Note(f"{index}: {text}"))


def _run(at: Place, work: Callable[[_Opened], Awaitable[T]]) -> T:
    kind = meilisearch.engine(at.project)
    if kind is None:
        raise ConfigError("search is switched off in this project", fixes=["nself service search enable"])
    if at.project.settings(MeilisearchSettings).enabled and at.project.settings(SearchSettings).engine is None:
        at.emit(Warned("MEILISEARCH_ENABLED is the older way to choose it", fix="SEARCH_ENGINE=meilisearch"))

    async def go() -> T:
        async with _open(at, kind) as opened:
            return await work(opened)

    return asyncio.run(go())


@asynccontextmanager
async def _open(at: Place, kind: Kind) -> AsyncIterator[_Opened]:
    from nself.pg.database import Database, PostgresError

    network = open_stack(at.project, at.host, at.environ).runtime.network
    url = postgres.database_url(at.project, network)
    database = await Database.open(url, name="nself search", max_size=3, wait_s=0)
    try:
        async with _engine(at.project, network, kind, database) as engine:
            yield _Opened(kind, engine, database, at.emit)
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


def _some(indexes: Sequence[Index], names: Sequence[str]) -> list[Index]:
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


def _state(source: Source | None, built: Mapping[str, Any] | None) -> State:
    if built is None:
        return State.NEW
    return State.BUILT if source is not None and source.definition() == built else State.CHANGED


def _figures(name: str, found: Stats) -> IndexStats:
    return IndexStats(
        name=name,
        documents=found.documents,
        pending=found.pending,
        bytes=found.bytes,
        words=found.words,
        built_at=found.built_at,
        problem=found.problem,
    )
