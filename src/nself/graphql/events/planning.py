"""Cron triggers' next events, kept in the database that has the metadata: planned ahead, planned anew on a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final

from nself.graphql.events.schedules import CronTrigger
from nself.pg import queries
from nself.pg.database import Connection, Database

AHEAD: Final = 100
"""Events of each trigger that are planned."""
SQL: Final = queries.load("nself.graphql.events", "plan.sql")
CATALOG: Final = queries.load("nself.graphql.events", "catalog.sql")
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('nself:hdb_catalog'))"

CronTriggers = Mapping[str, CronTrigger]


async def ensure(database: Database) -> None:
    """Create the tables that are missing."""
    if await database.fetch_value(CATALOG["schedules_exist"]):
        return
    async with database.transaction() as connection:
        await connection.execute(_LOCK)
        await connection.execute(CATALOG["create_schedules"])


def changed(before: CronTriggers, now: CronTriggers) -> set[str]:
    """Triggers whose planned events are not right any more, or not there."""
    return {
        name for name in before.keys() | now.keys() if _schedule(before.get(name)) != _schedule(now.get(name))
    }  # fmt: skip


def _schedule(trigger: CronTrigger | None) -> str | None:
    return trigger.schedule if trigger else None


async def plan_anew(connection: Connection, names: Collection[str], triggers: CronTriggers) -> None:
    """Within the transaction that changes the metadata."""
    await connection.execute(SQL["unplan"], list(names))
    await fill(connection, {name: triggers[name] for name in names if name in triggers})


async def fill(connection: Connection, triggers: CronTriggers) -> None:
    """Plan until each trigger has its events ahead. Several engines may do so at once."""
    planned: list[tuple[str, dt.datetime]] = []
    for row in await connection.fetch(SQL["upcoming"], list(triggers)):
        moments = triggers[row["name"]].cron.after(row["last"].astimezone(dt.UTC))
        planned += [(row["name"], moment) for moment in islice(moments, max(AHEAD - row["ahead"], 0))]
    if planned:
        await connection.execute(SQL["plan"], [name for name, _ in planned], [moment for _, moment in planned])
