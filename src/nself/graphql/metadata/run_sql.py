"""Running a script in one transaction and following its DDL: renames carry over, drops need leave or cascade."""

from __future__ import annotations

import contextlib
import csv
import io
from dataclasses import replace
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.events import context
from nself.graphql.metadata import dependencies, edit, rename
from nself.graphql.metadata.altered_functions import refuse_altered
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import Metadata
from nself.graphql.metadata.statements import READS, WRITES, first_word, says_nothing, split_last, words
from nself.pg import queries
from nself.pg.catalog import Name
from nself.pg.database import Connection, PostgresError
from nself.pg.introspect import introspect
from nself.records import dataclass

DDL = frozenset({"alter", "drop", "create", "replace", "comment", "import", "refresh"})
SQL = queries.load("nself.graphql.metadata", "identities.sql")
NO_TIMEOUT = "SET statement_timeout = 0"
"""The limit on requests does not bind the administrator; the pool sets it again before the next user."""

COMMAND_OK = {"result_type": "CommandOk", "result": None}
Identities = dict[tuple[int, int], tuple[Name, str]]
"""{(OID of a table, number of a column or 0): (the table's name, the column's name)}: these outlive a renaming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    sql: str
    cascade: bool = False
    read_only: bool = False
    no_transaction: bool = False
    check_consistency: bool | None = None

    @property
    def follows_schema(self) -> bool:
        """Whether to look for changes of the schema: as told, else if a word of the script can cause one."""
        if self.check_consistency is not None or self.read_only:
            return bool(self.check_consistency)
        return bool(words(self.sql) & DDL)


async def run_sql(draft: Draft, wanted: Wanted, *, source: str) -> Any:
    edit.source_of(draft.metadata, source)
    async with draft.engine.database_of(source).connection() as connection:
        try:
            await connection.execute(NO_TIMEOUT)
            result = await _in_step(draft, connection, wanted, source)
        finally:
            await _forget_role(connection)
    if wanted.follows_schema:
        await (draft.reload() if wanted.no_transaction else draft.follow())
    return result


async def _in_step(draft: Draft, connection: Connection, wanted: Wanted, source: str) -> Any:
    """`no_transaction` is for what cannot run in one (`CREATE INDEX CONCURRENTLY`): the schema is looked at after."""
    if wanted.no_transaction:
        return await _execute(connection, wanted.sql)
    async with connection.transaction(readonly=wanted.read_only):
        await context.of(draft.session, frozenset((source,)), {}).announce(connection)
        if not wanted.follows_schema:
            return await _execute(connection, wanted.sql)
        before = await _identities(connection)
        result = await _execute(connection, wanted.sql)
        await _forget_role(connection)
        await _follow(draft, connection, before, wanted, source)
        await draft.save(within=connection, of=draft.engine.database_of(source))
        return result


async def _forget_role(connection: Connection) -> None:
    """The pool resets settings before the next user, but not the role, which a script may have changed."""
    with contextlib.suppress(PostgresError, OSError):
        await connection.execute("RESET SESSION AUTHORIZATION; RESET ROLE")


async def _execute(connection: Connection, sql: str) -> Any:
    before, last = split_last(sql)
    if says_nothing(sql):
        return COMMAND_OK  # the driver cannot read what PostgreSQL answers to nothing
    try:
        if first_word(last) not in READS | WRITES:
            await connection.execute(sql)
            return COMMAND_OK
        if before.strip():
            await connection.execute(before)
        statement = await connection.prepare(last)
        names = [attribute.name for attribute in statement.get_attributes()]
        if not names:
            await statement.fetch()
            return COMMAND_OK
        return {"result_type": "TuplesOk", "result": [names, *await _rows(connection, last)]}
    except PostgresError as error:
        raise sql_failed(sql, error) from error


async def _rows(connection: Connection, statement: str) -> list[list[str]]:
    """Every value as PostgreSQL's own text, NULL as `NULL`. COPY gives just that for whatever it can read from."""
    if first_word(statement) in {"show", "explain", "execute", "fetch", "call"}:
        rows = await connection.fetch(statement)
        return [["NULL" if value is None else str(value) for value in row.values()] for row in rows]
    out = io.BytesIO()
    await connection.copy_from_query(statement + "\n", output=out, format="csv", null="NULL", force_quote=True)
    return list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))


async def _identities(connection: Connection) -> Identities:
    rows = await connection.fetch(SQL["identities"])
    return {(row["oid"], row["number"]): (Name(row["schema"], row["table"]), row["column"]) for row in rows}


async def _follow(draft: Draft, connection: Connection, before: Identities, wanted: Wanted, source: str) -> None:
    """Bring the draft in step with the changed schema, inside the transaction: refusing takes the DDL back too."""
    after = await _identities(connection)
    gone, renames = compare(before, after)
    old = draft.engine.catalog_of(source)
    tracked = edit.source_of(draft.metadata, source).tables
    kept = dependencies.refuse_or_drop(draft.metadata, old, source, gone, cascade=wanted.cascade)
    for part in gone:
        if part.kind == "table" and part.table in tracked:
            kept = edit.without_table(kept, source, part.table)
    kept = _forget_columns(kept, source, gone)
    if renames:
        kept = rename.apply(kept, old, source, renames)
    catalog = await introspect(connection)
    kept = dependencies.without_lost_functions(kept, catalog, source, cascade=wanted.cascade)
    refuse_altered(edit.source_of(kept, source), old, catalog)
    draft.adopt(kept, {**draft.engine.catalogs, source: catalog})


def compare(before: Identities, after: Identities) -> tuple[set[dependencies.Part], rename.Renames]:
    """What has gone and what goes by another name. Dropped and made again under its name counts as still there."""
    names = set(after.values())
    gone: set[dependencies.Part] = set()
    tables: dict[Name, Name] = {}
    columns: dict[tuple[Name, str], str] = {}
    for key, (table, column) in before.items():
        now = after.get(key)
        if now is None:
            if (table, column) not in names:
                gone.add(dependencies.Part("column" if column else "table", table, column))
        elif column and now[1] != column:
            columns[table, column] = now[1]
        elif not column and now[0] != table:
            tables[table] = now[0]
    return gone, rename.Renames(tables=tables, columns=columns)


def sql_failed(sql: str, error: PostgresError) -> ApiError:
    """The database's refusal with everything it said."""
    said = {
        "exec_status": "FatalError",
        "hint": getattr(error, "hint", None),
        "message": getattr(error, "message", None) or str(error),
        "status_code": getattr(error, "sqlstate", None),
        "description": getattr(error, "detail", None),
    }
    internal = {"statement": sql, "prepared": False, "error": said, "arguments": []}
    return ApiError("postgres-error", "query execution failed", path="$.args", internal=internal)


def _forget_columns(metadata: Metadata, source: str, gone: set[dependencies.Part]) -> Metadata:
    """Names given to columns that are no more."""
    for part in gone:
        tracked = edit.source_of(metadata, source).tables.get(part.table)
        if part.kind == "column" and tracked and part.name in tracked.config.columns:
            columns = {name: entry for name, entry in tracked.config.columns.items() if name != part.name}
            config = replace(tracked.config, columns=columns)
            metadata = edit.put_table(metadata, source, replace(tracked, config=config))
    return metadata
