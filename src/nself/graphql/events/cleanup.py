"""Deletes old events when their trigger's `cleanup_config` says so: those delivered or given up, in batches.

When a trigger is cleaned up next is a row of `event_log_cleanups`. Whoever works on a batch holds that row, so one
engine at a time does; what an engine that died left is taken up by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Final

from nself.graphql.events.cleanup_config import Cleanup
from nself.graphql.events.courier import AWAY
from nself.graphql.events.event_log import CATALOG
from nself.graphql.metadata.live import LiveMetadata
from nself.graphql.metadata.model import Metadata
from nself.pg import queries
from nself.pg.database import Database, Row, StatementCancelled
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")
SQL: Final = queries.load("nself.graphql.events", "cleanup.sql")
LOOK_S = 20.0
"""How late a cleanup may be."""
_MOST_HOURS: Final = 1_000_000
"""No event is older, and PostgreSQL's time does not reach back as far as numbers do."""
_MOST_ROWS: Final = 1_000_000
_MOST_SECONDS: Final = 24 * 3600

Cleanups = Mapping[str, Cleanup]


@dataclass(slots=True, kw_only=True)
class Cleaning:
    """Follows the metadata in force."""

    live: LiveMetadata

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._following())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _following(self) -> None:
        while True:
            metadata = self.live.stored.metadata
            wanted = by_database(metadata, self.live.engine.databases)
            await asyncio.gather(*(self._look_after(metadata, *each) for each in wanted.items()))
            await asyncio.sleep(LOOK_S)

    async def _look_after(self, metadata: Metadata, database: Database, cleanups: Cleanups) -> None:
        try:
            if not await database.fetch_value(CATALOG["events_exist"]):
                return
            await plan(database, cleanups)
            for trigger, cleanup in cleanups.items():
                while self.live.stored.metadata is metadata and await clean(database, trigger, cleanup):
                    pass
        except AWAY as error:
            LOG.warning("old events cannot be deleted now: %s: %s", type(error).__name__, error)


def by_database(metadata: Metadata, databases: Mapping[str, Database]) -> dict[Database, dict[str, Cleanup]]:
    """The cleanups that are not paused, by trigger, by where the events are."""
    found: dict[Database, dict[str, Cleanup]] = {}
    for name, source in metadata.sources.items():
        for entry in (entry for tracked in source.tables.values() for entry in tracked.event_triggers):
            if name in databases and entry.cleanup and not entry.cleanup.paused:
                found.setdefault(databases[name], {})[entry.name] = entry.cleanup
    return found


async def plan(database: Database, cleanups: Cleanups) -> None:
    """Write down when each trigger is cleaned up next, by the database's clock, instead of what an earlier schedule
    said. Of several that were missed, the last one is made up for."""
    now = await database.fetch_value(SQL["now"])
    moments = {name: next(entry.cron.after(now.replace(tzinfo=dt.UTC)), None) for name, entry in cleanups.items()}
    coming = {name: moment.replace(tzinfo=None) for name, moment in moments.items() if moment}
    await database.execute(SQL["plan"], list(coming), list(coming.values()), now)


async def clean(database: Database, trigger: str, cleanup: Cleanup) -> bool:
    """Delete one batch if a cleanup is due and nobody else is at it. Whether there may be more."""
    try:
        batch = await _batch(database, trigger, cleanup)
    except StatementCancelled:
        said = "deleting %d old events of %s took longer than %d s: the rest stays until the next time. A smaller "
        LOG.warning(said + "batch_size or a longer timeout helps", cleanup.batch_size, trigger, cleanup.timeout_s)
        await database.execute(SQL["give_up"], trigger)
        return False
    if batch and batch["deleted"]:
        LOG.info("event trigger %s: %d old events deleted", trigger, batch["deleted"])
    return batch is not None and not batch["completed"]


async def _batch(database: Database, trigger: str, cleanup: Cleanup) -> Row | None:
    async with database.transaction() as connection:
        await connection.execute(SQL["patience"], f"{min(cleanup.timeout_s, _MOST_SECONDS)}s")
        return await connection.fetchrow(
            SQL["clean"],
            trigger,
            min(cleanup.clear_older_than_h, _MOST_HOURS),
            min(cleanup.batch_size, _MOST_ROWS),
            cleanup.clean_invocation_logs,
        )
