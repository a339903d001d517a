"""Scheduled events that are over, kept for ever or for some days."""

from __future__ import annotations

import asyncio

import asyncpg

from nself.graphql.events.planning import ensure
from nself.graphql.events.retention import Retention
from nself.pg.database import Database
from tests.graphql.serving import serving

EVENTS = """
    INSERT INTO hdb_catalog.hdb_cron_events (id, trigger_name, status, scheduled_time)
    SELECT format('%s %s', state, age), 't', state, now() - make_interval(days => age)
    FROM unnest(ARRAY['scheduled', 'locked', 'delivered', 'error', 'dead']) AS state, unnest(ARRAY[1, 30]) AS age;
    INSERT INTO hdb_catalog.hdb_cron_event_invocation_logs (event_id) SELECT id FROM hdb_catalog.hdb_cron_events;
    INSERT INTO hdb_catalog.hdb_scheduled_events (id, webhook_conf, status, scheduled_time)
    SELECT id, '"http://localhost"', status, scheduled_time FROM hdb_catalog.hdb_cron_events;
    INSERT INTO hdb_catalog.hdb_scheduled_event_invocation_logs (event_id) SELECT id FROM hdb_catalog.hdb_cron_events;
"""
KEPT = ["dead 1", "delivered 1", "error 1", "locked 1", "locked 30", "scheduled 1", "scheduled 30"]
LEFT = (
    ("hdb_cron_events", "id"),
    ("hdb_scheduled_events", "id"),
    ("hdb_cron_event_invocation_logs", "event_id"),
    ("hdb_scheduled_event_invocation_logs", "event_id"),
)


def test_what_is_over_and_old_goes_with_its_log(dsn: str) -> None:
    async def go() -> None:
        database = await Database.open(dsn, name="test", raw_json=True)
        try:
            await ensure(database)
            await database.execute(EVENTS)
            assert await Retention(database=database, days=7).enforce() == 6
            for table, column in LEFT:
                rows = await database.fetch(f"SELECT {column} FROM hdb_catalog.{table} ORDER BY 1")
                assert [row[0] for row in rows] == KEPT, table
            assert await Retention(database=database, days=7).enforce() == 0
        finally:
            await database.close()

    asyncio.run(go())


def test_a_server_deletes_only_when_told_to(dsn: str) -> None:
    over = "SELECT count(*) FROM hdb_catalog.hdb_cron_events WHERE status IN ('delivered', 'dead', 'error')"

    async def go() -> None:
        connection = await asyncpg.connect(dsn)
        async with serving(dsn):
            await connection.execute(EVENTS)
        async with serving(dsn) as api:
            await api.metadata("get_cron_triggers", {})
            assert await connection.fetchval(over) == 6
        async with serving(dsn, NSELF_GRAPHQL_SCHEDULED_EVENTS_RETENTION="7"), asyncio.timeout(90):
            while await connection.fetchval(over) != 3:
                await asyncio.sleep(0.05)
        await connection.close()

    asyncio.run(go())
