"""What both engines share in the database: the schema `search`, which index follows which table, and its triggers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

from nself.errors import DatabaseError, TimedOutError
from nself.pg.catalog import Name, identifier
from nself.pg.database import Connection, Database, PostgresError
from nself.records import dataclass
from nself.search.source import Source

EXTENSIONS: Final = ("pg_trgm", "fuzzystrmatch")
OPTIONAL: Final = ("unaccent",)
PATIENCE_S: Final = 60.0
"""How long a build waits for transactions that began before it and may not know of it."""
_EVENTS: Final = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where changes of a source go, as SQL over the transition tables `new_rows` and `old_rows`."""

    name: str
    on_insert: str
    on_update: str
    on_delete: str
    on_truncate: str


async def prepare(database: Database, *, extensions: Sequence[str] = EXTENSIONS) -> None:
    """The schema, its functions and the extensions they use. Two that come at once wait for each other."""
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('nself.search'))")
        available = {row["name"] for row in await connection.fetch("SELECT name FROM pg_available_extensions")}
        missing = [name for name in extensions if name not in available]
        if missing:
            raise DatabaseError(
                f"this PostgreSQL has no extension {' and no '.join(missing)}, which typo tolerance needs",
                fixes=["install PostgreSQL's contrib package", "nself service search enable meilisearch"],
            )
        for name in (*extensions, *(name for name in OPTIONAL if name in available)):
            await connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        await connection.execute("SET LOCAL client_min_messages = warning")
        await connection.execute(_install())


async def built(database: Database, engine: str) -> Mapping[str, Mapping[str, Any]]:
    """{index: the definition it was built by} of one engine; empty where nothing was ever made."""
    if await database.fetch_value("SELECT to_regclass('search.indexes')") is None:
        return {}
    rows = await database.fetch(
        "SELECT name, definition FROM search.indexes WHERE engine = $1 AND live IS NOT NULL", engine
    )
    return {row["name"]: row["definition"] for row in rows}


@asynccontextmanager
async def alone(database: Database, index: str) -> AsyncIterator[Connection]:
    """A connection that nobody else builds or drops this index on meanwhile."""
    async with database.connection() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtext('nself.search'), hashtext($1))", index):
            raise DatabaseError(
                f"the search index {index} is being built by somebody else",
                fixes=["wait for it: nself service search list"],
            )
        try:
            yield connection
        finally:
            # A connection that broke has let go of its lock already.
            if not connection.is_closed():
                await connection.fetchval("SELECT pg_advisory_unlock(hashtext('nself.search'), hashtext($1))", index)


async def follow(connection: Connection, source: Source, engine: str, target: Target) -> None:
    """From here on every change of the source reaches `target`, whatever other targets it has."""
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '10s'")
        await connection.execute(
            "INSERT INTO search.indexes (name, engine, source_schema, source_table, key_column, fields, attributes,"
            " sortable, language, definition) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
            source.name, engine, *_row(source),
        )  # fmt: skip
        await connection.execute(
            "INSERT INTO search.targets (index_name, name, on_insert, on_update, on_delete, on_truncate)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING",
            source.name, target.name, target.on_insert, target.on_update, target.on_delete, target.on_truncate,
        )  # fmt: skip
        for statement in _triggers(source.name, source.table):
            await _patiently(connection, statement, source.table)
    await settle(connection)


async def settle(connection: Connection) -> None:
    """Wait until no transaction is left that does not see what was just committed: it would not act on it."""
    mark = await connection.fetchval("SELECT pg_current_xact_id()::xid::text")
    deadline = time.monotonic() + PATIENCE_S
    while await connection.fetchval(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
        " AND (age(backend_xid) > age($1::text::xid) OR age(backend_xmin) > age($1::text::xid)))",
        mark,
    ):
        if time.monotonic() > deadline:
            raise TimedOutError(
                f"a transaction has been open for more than {PATIENCE_S:.0f} seconds, and its changes could be missed",
                fixes=[
                    "end it: SELECT pid, query FROM pg_stat_activity WHERE xact_start < now() - interval '1 minute'"
                ],
            )
        await asyncio.sleep(0.05)


async def swap(connection: Connection, source: Source, engine: str, target: str, live: str) -> list[str]:
    """`live` answers from now on, and only `target` is told of changes; the names of the targets that were before."""
    async with connection.transaction():
        await connection.execute(
            "UPDATE search.indexes SET engine = $2, source_schema = $3, source_table = $4, key_column = $5, "
            "fields = $6, attributes = $7, sortable = $8, language = $9, definition = $10, live = $11, "
            "built_at = now(), problem = NULL WHERE name = $1",
            source.name, engine, *_row(source), live,
        )  # fmt: skip
        rows = await connection.fetch(
            "DELETE FROM search.targets WHERE index_name = $1 AND name <> $2 RETURNING name", source.name, target
        )
        for table in await _followed(connection, source.name):
            if table != source.table:
                await connection.execute(_unfollow(source.name, table))
    return [row["name"] for row in rows]


async def leave(connection: Connection, index: str) -> None:
    """Stop following: the triggers and everything known about the index go."""
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '10s'")
        for table in await _followed(connection, index):
            await _patiently(connection, _unfollow(index, table), table)
        await connection.execute("DELETE FROM search.indexes WHERE name = $1", index)


async def drop_tables(connection: Connection, index: str, *, keep: str | None) -> None:
    """The tables of all builds of an index but one, and their words."""
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('search') AND relkind = 'r'"
        " AND relname ~ $1 AND relname <> ALL ($2)",
        f"^{index}_[0-9]+(_words)?$",
        [keep, f"{keep}_words"] if keep else [],
    )
    for row in rows:
        await connection.execute(f"DROP TABLE search.{identifier(row['relname'])}")


async def drop_function(connection: Connection, index: str) -> None:
    """The function of an index that applications call."""
    name = f"search.{identifier(index)}"
    await connection.execute(f"DROP FUNCTION IF EXISTS {name}(text, jsonb, text, text, integer)")


async def _followed(connection: Connection, index: str) -> list[Name]:
    """The tables that have triggers for an index: more than one after its `table:` changed."""
    rows = await connection.fetch(
        "SELECT DISTINCT n.nspname AS schema, c.relname AS name FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal"
        " AND t.tgfoid = to_regproc('search.changed') AND t.tgname = $1",
        _trigger(index, "INSERT"),
    )
    return [Name(row["schema"], row["name"]) for row in rows]


def _triggers(index: str, table: Name) -> Iterator[str]:
    for event, rows in _EVENTS.items():
        yield (
            f"CREATE OR REPLACE TRIGGER {identifier(_trigger(index, event))} AFTER {event} ON {table.quoted} {rows} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION search.changed('{index}')"
        )


def _unfollow(index: str, table: Name) -> str:
    drops = (f"DROP TRIGGER IF EXISTS {identifier(_trigger(index, event))} ON {table.quoted}" for event in _EVENTS)
    return "; ".join(drops)


def _trigger(index: str, event: str) -> str:
    return f"search_{index}_{event.lower()}"


async def _patiently(connection: Connection, statement: str, table: Name) -> None:
    """A trigger needs its table for a moment; a writer that holds it for long is named instead of waited for."""
    try:
        await connection.execute(statement)
    except PostgresError as error:
        if error.sqlstate != "55P03":
            raise
        raise TimedOutError(
            f"{table} was in use for more than 10 seconds", fixes=["end long transactions on it and try again"]
        ) from error


def _row(source: Source) -> tuple[Any, ...]:
    index, definition = source.index, source.definition()
    attributes, sortable = source.attributes, list(index.sortable)
    return (*source.table, source.key, list(index.fields), attributes, sortable, index.language, definition)


def _install() -> str:
    return files("nself.search").joinpath("install.sql").read_text(encoding="utf-8")
