"""Bringing the database triggers in step with the metadata: what is there, what should be, the statements between."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nself.graphql.errors import ApiError
from nself.graphql.events.capture import Capture, captures, names_of
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.graphql.printer import identifier, literal
from nself.pg import queries
from nself.pg.catalog import Catalog, Name
from nself.pg.database import CONNECTION_LOST, Connection, Database, PostgresError

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


@dataclass(slots=True)
class Installed:
    """The triggers of one source's database. `follow` after each change of metadata or catalog."""

    database: Database
    stringify: bool
    source: str = "default"
    _last: dict[str, Capture] | None = None
    _kept: set[str] = field(default_factory=set)

    @property
    def any(self) -> bool:
        """Whether changes of rows are captured at all."""
        return bool(self._last)

    async def follow(
        self, metadata: Metadata, catalog: Catalog, found: Sequence[Inconsistency], *, anew: bool = False
    ) -> None:
        """Make the database hold just the triggers that metadata wants. Those of inconsistent event triggers stay as
        they are: what they still catch is better than nothing. `anew` makes all of them again."""
        source = metadata.sources.get(self.source)
        left_out = {entry.definition["name"] for entry in found if entry.kind == "event_trigger"}
        wanted = captures(source, catalog, left_out, stringify=self.stringify) if source else {}
        kept = {name for trigger in left_out for name in names_of(trigger)}
        if (wanted, kept) == (self._last, self._kept) and not anew:
            return
        self._last, self._kept = None, kept
        try:
            async with self.database.transaction() as connection:
                await bring_in_step(connection, wanted, kept, anew=anew)
        except CONNECTION_LOST:
            raise
        except PostgresError as error:
            message = f"the database triggers of event triggers cannot be made: {error}"
            raise ApiError("unexpected", message, path="$.args") from error
        self._last = wanted

    async def archive(self, triggers: Iterable[str]) -> None:
        """The events of triggers that are no more: kept, neither delivered nor listed."""
        names = list(triggers)
        if names and await self.database.fetch_value(SQL["events_exist"]):
            await self.database.execute(SQL["archive"], names)

    async def forget(self) -> None:
        """Drop the events and their logs, as clearing the metadata does."""
        await self.database.execute(SQL["drop_events"])


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
