"""Search over the project's tables: indexes as search/indexes.yml declares them, kept by the engine of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from nself.actions import history
from nself.actions.search.declaring import declare
from nself.actions.search.opened import Opened, Place, declared, run, some
from nself.errors import UsageError
from nself.events import Note
from nself.records import dataclass
from nself.search.settings import Kind

if TYPE_CHECKING:
    from nself.search.engine import Stats
    from nself.search.source import Source


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


def listing(at: Place) -> Listing:
    """Declared and built indexes side by side."""
    indexes = declared(at)

    async def read(opened: Opened) -> Listing:
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

    return run(at, read)


def setup(at: Place, *, table: str | None = None, dry_run: bool = False) -> Built:
    """Make the indexes what search/indexes.yml says: build what is new or changed, drop what is no longer declared.
    `table`: declare an index over it there first, unless there is one."""
    indexes = some(declare(at, table, dry_run=dry_run) if table else declared(at), ())

    async def plan(opened: Opened) -> tuple[list[Source], list[str], list[str]]:
        sources = await opened.checked(indexes)
        built = await opened.engine.built()
        stale = [each for each in sources if _state(each, built.get(each.name)) is not State.BUILT]
        kept = [each.name for each in sources if each not in stale]
        return stale, kept, sorted(built.keys() - {each.name for each in sources})

    async def act(opened: Opened) -> Built:
        stale, kept, gone = await plan(opened)
        done = [Done(index=name, action="kept") for name in kept]
        if dry_run:
            done += [Done(index=source.name, action="build") for source in stale]
            done += [Done(index=name, action="drop") for name in gone]
        else:
            done += await _build(opened, stale)
            for name in gone:
                await opened.engine.drop(name)
                done.append(Done(index=name, action="dropped"))
        return Built(engine=opened.kind, indexes=tuple(done), dry_run=dry_run)

    if dry_run:
        return run(at, act)
    with history.recorded(at.project, at.host, at.emit, history.Entry("search.setup", "set up the search indexes")):
        return run(at, act)


def reindex(at: Place, names: Sequence[str], *, table: str | None = None) -> Built:
    """Build the indexes that are named, those over `table`, or all, from their tables as they are now. The old ones
    answer meanwhile."""
    indexes = some(declared(at), names)
    if table is not None:
        indexes = [each for each in indexes if table in (each.table, f"{each.schema}.{each.table}")]
        if not indexes:
            raise UsageError(f"no index is over the table {table}", fixes=["nself service search list"])

    async def act(opened: Opened) -> Built:
        return Built(engine=opened.kind, indexes=tuple(await _build(opened, await opened.checked(indexes))))

    entry = history.Entry("search.reindex", f"reindexed {', '.join(index.name for index in indexes)}")
    with history.recorded(at.project, at.host, at.emit, entry):
        return run(at, act)


def stats(at: Place) -> Figures:
    async def act(opened: Opened) -> Figures:
        names = sorted(await opened.engine.built())
        found = [(name, await opened.engine.stats(name)) for name in names]
        return Figures(engine=opened.kind, indexes=tuple(_figures(name, each) for name, each in found))

    return run(at, act)


def health(at: Place) -> Health:
    """Ask every index, and hold it against its definition."""
    found = listing(at)
    problems = [f"{each.name}: {each.problem}" for each in found.indexes if each.problem]
    problems += [f"{each.name} is {each.state}" for each in found.indexes if each.state is not State.BUILT]

    async def ask(opened: Opened) -> None:
        for name in await opened.engine.built():
            if problem := await opened.silence(name):
                problems.append(f"{name} does not answer: {problem}")

    run(at, ask)
    names = tuple(each.name for each in found.indexes)
    return Health(engine=found.engine, indexes=names, problems=tuple(problems), healthy=not problems)


def sync(at: Place) -> Synced:
    """Tell the engine what changed in the tables since it was last told."""
    indexes = some(declared(at), ())

    async def act(opened: Opened) -> Synced:
        built = await opened.engine.built()
        sources = [each for each in await opened.checked(indexes) if each.name in built]
        return Synced(engine=opened.kind, changes={each.name: await opened.engine.sync(each) for each in sources})

    return run(at, act)


def clear(at: Place, names: Sequence[str]) -> Dropped:
    """Remove indexes: those that are named, or all. The tables they were made from are not touched."""

    async def act(opened: Opened) -> Dropped:
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
        return run(at, act)


async def _build(opened: Opened, sources: Sequence[Source]) -> list[Done]:
    def note(index: str, text: str) -> None:
        opened.emit(Note(f"{index}: {text}"))

    await opened.engine.prepare()
    return [
        Done(index=each.name, action="built", rows=await opened.engine.build(each, partial(note, each.name)))
        for each in sources
    ]


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
