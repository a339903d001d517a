"""Bringing the database triggers in step with the metadata: what is there, what should be, the statements between."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import field

from nself.graphql.errors import ApiError
from nself.graphql.events.capture import Capture, captures
from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.sql.printer import identifier, literal
from nself.pg import queries
from nself.pg.catalog import Catalog, Name
from nself.pg.database import CONNECTION_LOST, Connection, Database, PostgresError
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")
SQL = queries.load("nself.graphql.events", "catalog.sql")
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('nself:event_triggers'))"
_PATIENCE = "SET LOCAL lock_timeout = '10s'"
"""A trigger cannot be made while somebody writes to the table; a transaction that never ends must not hold us up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A function of ours in the database, and the tables whose triggers call it."""

    body: str
    definer: bool
    triggers: frozenset[tuple[Name, bool]] = frozenset()
    """Each with whether it fires on replication."""


_State = tuple[dict[str, Capture], set[str]]
"""What should be there, and the names of what is to be left as it is."""


@dataclass(slots=True)
class Installed:
    """The triggers in the databases of the sources. `follow` after each change of metadata or catalogs."""

    stringify: bool
    _last: dict[Database, _State] = field(default_factory=dict)

    async def follow(
        self,
        metadata: Metadata,
        databases: Mapping[str, Database],
        catalogs: Mapping[str, Catalog],
        *,
        anew: Collection[str] = (),
    ) -> None:
        """Make the databases hold just the triggers that metadata wants. Those of event triggers that do not fit the
        catalog stay as they are: what they still catch is better than nothing. Those of the sources `anew` are made
        again, whatever is there."""
        wanted: dict[Database, _State] = {}
        for name, database in databases.items():
            source = metadata.sources.get(name, Source(name=name))
            captured, kept = captures(source, catalogs[name], stringify=self.stringify)
            more, others = wanted.get(database, ({}, set()))
            wanted[database] = (more | captured, others | kept)
        again = {databases[name] for name in anew if name in databases}
        self._last = {database: state for database, state in self._last.items() if database in wanted}
        for database, state in wanted.items():
            if self._last.get(database) != state or database in again:
                self._last.pop(database, None)
                await self._change(database, state, anew=database in again)
                self._last[database] = state

    def unsure(self) -> None:
        """Another process has changed the metadata, and the triggers with it: look at the databases next time."""
        self._last = {}

    async def leave(self, metadata: Metadata, databases: Mapping[str, Database]) -> None:
        """Take the triggers out of the databases that metadata has left, before their connections are closed."""
        staying = {database for name, database in databases.items() if name in metadata.sources}
        for database in {*databases.values()} - staying:
            self._last.pop(database, None)
            await self._change(database, ({}, set()))

    async def _change(self, database: Database, state: _State, *, anew: bool = False) -> None:
        try:
            async with database.transaction() as connection:
                await bring_in_step(connection, *state, anew=anew)
        except CONNECTION_LOST:
            raise
        except PostgresError as error:
            message = f"the database triggers of event triggers cannot be made: {error}"
            raise ApiError("unexpected", message, path="$.args") from error

    async def archive(self, database: Database, triggers: Collection[str]) -> None:
        """The events of triggers that are no more: kept, neither delivered nor listed."""
        if triggers and await database.fetch_value(SQL["events_exist"]):
            await database.execute(SQL["archive"], list(triggers))

    async def forget(self, database: Database) -> None:
        """Drop the events and their logs, as clearing the metadata does, unless triggers write there again."""
        wanted, kept = self._last.get(database, ({}, set()))
        if not wanted and not kept:
            await database.execute(SQL["drop_events"])


async def bring_in_step(
    connection: Connection, wanted: Mapping[str, Capture], kept: set[str], *, anew: bool = False
) -> None:
    """Several engines may do so at once, one after the other."""
    there = await _found(connection)
    if not anew and not steps(wanted, there, kept):
        return
    await connection.execute(_LOCK)
    await connection.execute(_PATIENCE)
    if wanted and not await connection.fetchval(SQL["events_exist"]):
        await connection.execute(SQL["create_events"])
    for statement in steps(wanted, {} if anew else await _found(connection), kept):
        await connection.execute(statement)
    LOG.info("event triggers: %d database triggers in place", len(wanted))


async def _found(connection: Connection) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for row in await connection.fetch(SQL["installed"]):
        known = found.get(row["name"]) or Found(body=row["body"], definer=row["definer"])
        if row["table"] is not None:
            trigger = (Name(row["schema"], row["table"]), row["enabled"] == "A")
            known = Found(body=known.body, definer=known.definer, triggers=known.triggers | {trigger})
        found[row["name"]] = known
    return found


def steps(wanted: Mapping[str, Capture], there: Mapping[str, Found], kept: set[str]) -> list[str]:
    """The statements from what is there to what is wanted; functions in `kept` are not touched."""
    found: list[str] = []
    for name in sorted(there.keys() - wanted.keys() - kept):
        found += [_drop(name, table) for table, _ in sorted(there[name].triggers)]
        found.append(f"DROP FUNCTION IF EXISTS hdb_catalog.{identifier(name)}()")
    for name, capture in wanted.items():
        known = there.get(name, Found(body="", definer=False))
        if known.body != capture.body or not known.definer:
            found += _function(capture)
        if known.triggers != {(capture.table, capture.always)}:
            tables = {table for table, _ in known.triggers} | {capture.table}
            found += [_drop(name, table) for table in sorted(tables)]
            found += _trigger(capture)
    return found


def _drop(name: str, table: Name) -> str:
    return f"DROP TRIGGER IF EXISTS {identifier(name)} ON {table.quoted}"


def _function(capture: Capture) -> list[str]:
    """It runs as the engine's own role, since writers need no rights on hdb_catalog. Nobody else may attach it to a
    table of theirs: that would forge events."""
    name = f"hdb_catalog.{identifier(capture.name)}()"
    head = f"CREATE OR REPLACE FUNCTION {name} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
    return [
        f"{head} SET search_path = pg_catalog, pg_temp AS {literal(capture.body)}",
        f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
    ]


def _trigger(capture: Capture) -> list[str]:
    name = identifier(capture.name)
    made = (
        f"CREATE TRIGGER {name} AFTER {capture.operation} ON {capture.table.quoted} "
        f"FOR EACH ROW EXECUTE FUNCTION hdb_catalog.{name}()"
    )
    always = f"ALTER TABLE {capture.table.quoted} ENABLE ALWAYS TRIGGER {name}"
    return [made, always] if capture.always else [made]
