"""Indexes as tables of the project's own database, kept up to date by triggers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nself.pg.catalog import identifier
from nself.pg.database import Connection, Database, PostgresError
from nself.search import registry
from nself.search.engine import Answer, Facet, Hit, Progress, Query, Stats
from nself.search.postgres.copying import Copy, together
from nself.search.postgres.statements import Statements
from nself.search.settings import Kind
from nself.search.source import Source


class PostgresEngine:
    """The engine `postgres`. Queries are functions in the database: applications ask it without us. A build takes two
    connections of `database` at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self) -> None:
        await registry.prepare(self._database)

    async def built(self) -> Mapping[str, Mapping[str, Any]]:
        return await registry.built(self._database, Kind.POSTGRES)

    async def build(self, source: Source, progress: Progress) -> int:
        async with registry.alone(self._database, source.name) as connection:
            return await _build(self._database, connection, source, progress)

    async def sync(self, source: Source) -> int:
        return 0

    async def query(self, index: str, query: Query) -> Answer:
        options: dict[str, Any] = {"limit": query.limit, "offset": query.offset, "filter": query.filter}
        options |= {"sort": ",".join(query.sort)} if query.sort else {}
        options |= {"highlight": {"pre": query.marks[0], "post": query.marks[1]}} if query.highlight else {}
        options |= {"facets": list(query.facets)} if query.facets else {}
        options |= {"exact": True} if query.exact else {}
        found = await self._database.fetch_value("SELECT search.query($1, $2, $3)", index, query.text, options)
        return Answer(
            hits=tuple(Hit(**hit) for hit in found["hits"]),
            total=found["total"],
            exact=found["exact"],
            corrected=found["corrected"],
            problem=found["problem"],
            facets={
                name: Facet(values=tuple(each["values"]), exact=each["exact"]) for name, each in found["facets"].items()
            },
        )

    async def stats(self, index: str) -> Stats:
        row = await self._database.fetch_row(
            "SELECT live, problem, built_at FROM search.indexes WHERE name = $1 AND live IS NOT NULL", index
        )
        if row is None:
            return Stats(documents=0)
        table, words = (f"search.{identifier(row['live'] + suffix)}" for suffix in ("", "_words"))
        counted = await self._database.fetch_row(
            f"SELECT (SELECT count(*) FROM {table}) AS documents, (SELECT count(*) FROM {words}) AS words,"  # noqa: S608 # quoted
            f" pg_total_relation_size('{table}'::regclass) + pg_total_relation_size('{words}'::regclass) AS bytes"
        )
        return Stats(**dict(counted or {}), built_at=row["built_at"].isoformat(), problem=row["problem"])

    async def drop(self, index: str) -> None:
        async with registry.alone(self._database, index) as connection:
            await registry.drop_function(connection, index)
            await registry.leave(connection, index)
            await registry.drop_tables(connection, index, keep=None)


async def _build(database: Database, connection: Connection, source: Source, progress: Progress) -> int:
    await _prepare_session(connection)
    live = await connection.fetchval("SELECT live FROM search.indexes WHERE name = $1", source.name)
    # What a build that was killed left behind.
    await connection.execute(
        "DELETE FROM search.targets WHERE index_name = $1 AND name IS DISTINCT FROM $2", source.name, live
    )
    await registry.drop_tables(connection, source.name, keep=live)
    number = await connection.fetchval("SELECT nextval('search.build')")
    made = Statements(source, f"{source.name}_{number}")
    await connection.execute(made.create())
    await registry.follow(connection, source, Kind.POSTGRES, _target(made))
    async with database.connection() as second:
        await _prepare_session(second)
        count = await Copy(connection, second, made, progress).run()
        progress("indexing the words")
        position = await connection.fetchval(made.last_position())
        await together(_execute(connection, made.finish()), _execute(second, await _words(connection, made)))
    await connection.execute(made.forget_deleted(), position)
    async with connection.transaction():
        await _offer(connection, made)
        await registry.swap(connection, source, Kind.POSTGRES, made.name, live=made.name)
    await registry.settle(connection)
    await registry.drop_tables(connection, source.name, keep=made.name)
    return count


async def _prepare_session(connection: Connection) -> None:
    """More memory than a session usually has, and an end when we are killed: no index is built for nobody."""
    await connection.execute(
        "SELECT set_config('maintenance_work_mem', greatest(256 * 1024, setting::int) || 'kB', false)"
        " FROM pg_settings WHERE name = 'maintenance_work_mem'; SET client_connection_check_interval = '2s'"
    )


async def _execute(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        await connection.execute(statement)


async def _offer(connection: Connection, made: Statements) -> None:
    """The function of the index. It is replaced, so that its grants and what was built on it stay, unless its rows are
    those of another table now."""
    try:
        async with connection.transaction():
            await connection.execute(made.function())
    except PostgresError as error:
        if error.sqlstate != "42P13":
            raise
        await registry.drop_function(connection, made.source.name)
        await connection.execute(made.function())


def _target(made: Statements) -> registry.Target:
    return registry.Target(
        name=made.name,
        on_insert=made.on_insert(),
        on_update=made.on_update(),
        on_delete=made.on_delete(),
        on_truncate=made.on_truncate(),
    )


async def _words(connection: Connection, made: Statements) -> tuple[str, ...]:
    schema = await connection.fetchval(
        "SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_trgm'"
    )
    return made.words(trigrams=f"{identifier(schema)}.gin_trgm_ops")
