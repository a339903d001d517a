"""Old events and their logs, deleted when a trigger says so and otherwise never."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from nself.graphql.events import cleanup, cleanup_config
from nself.graphql.events.cleanup_config import Cleanup
from nself.graphql.events.event_log import CATALOG
from nself.graphql.metadata.reader import Reader
from nself.pg.database import Database
from tests.graphql.serving import Api, serving

Json = Any
NIGHTLY = cleanup_config.parsed(Reader({"schedule": "0 0 * * *"}))
MINUTELY = {"schedule": "* * * * *", "clear_older_than": 24, "clean_invocation_logs": True}
DUE = "UPDATE hdb_catalog.event_log_cleanups SET scheduled_at = now() AT TIME ZONE 'UTC' - interval '1 minute'"
EVENTS = """
    INSERT INTO hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload, delivered, error, created_at)
    SELECT format('%s %s %s %s', name, state, age, n), 'public', 'users', name, '{}', state = 'delivered',
        state = 'failed', now() AT TIME ZONE 'UTC' - make_interval(days => age)
    FROM unnest(ARRAY['t', 'other']) AS name, unnest(ARRAY['delivered', 'failed', 'pending']) AS state,
        unnest(ARRAY[1, 30]) AS age, generate_series(1, 3) AS n;
    INSERT INTO hdb_catalog.event_invocation_logs (event_id, trigger_name)
    SELECT id, trigger_name FROM hdb_catalog.event_log;
"""
KEPT = [
    *(f"other {state} {age} {n}" for state in ("delivered", "failed") for age in (1, 30) for n in (1, 2, 3)),
    *(f"other pending {age} {n}" for age in (1, 30) for n in (1, 2, 3)),
    *(f"t {state} 1 {n}" for state in ("delivered", "failed") for n in (1, 2, 3)),
    *(f"t pending {age} {n}" for age in (1, 30) for n in (1, 2, 3)),
]
"""What a cleanup of `t` with the usual age leaves."""


class Place:
    def __init__(self, database: Database, connection: asyncpg.Connection[Any]) -> None:
        self.database, self.connection = database, connection

    async def due(self, config: Cleanup = NIGHTLY) -> None:
        await cleanup.plan(self.database, {"t": config})
        await self.connection.execute(DUE)

    async def ids(self, table: str, column: str) -> list[str]:
        return [row[0] for row in await self.connection.fetch(f"SELECT {column} FROM hdb_catalog.{table} ORDER BY 1")]

    async def cleanups(self) -> list[tuple[str, int | None, int | None]]:
        """(status, events deleted, log entries deleted) of each, in order."""
        rows = await self.connection.fetch(
            "SELECT status, deleted_event_logs, deleted_event_invocation_logs FROM hdb_catalog.event_log_cleanups "
            "ORDER BY scheduled_at"
        )
        return [tuple(row) for row in rows]


def play(dsn: str, script: Callable[[Place], Awaitable[None]]) -> None:
    @contextlib.asynccontextmanager
    async def place() -> AsyncIterator[Place]:
        database = await Database.open(dsn, name="test", max_size=4, raw_json=True)
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(CATALOG["create_events"])
            await connection.execute(EVENTS)
            yield Place(database, connection)
        finally:
            await connection.close()
            await database.close()

    async def go() -> None:
        async with place() as found:
            await script(found)

    asyncio.run(go())


def test_what_is_done_and_old_is_deleted_and_its_log_only_if_asked(dsn: str) -> None:
    async def script(place: Place) -> None:
        await place.due()
        assert await cleanup.clean(place.database, "t", NIGHTLY) is False
        assert await place.ids("event_log", "id") == KEPT
        assert len(await place.ids("event_invocation_logs", "event_id")) == 36
        assert await place.cleanups() == [("completed", 6, 0)]

    play(dsn, script)


def test_logs_go_along_in_batches(dsn: str) -> None:
    config = replace(NIGHTLY, batch_size=4, clean_invocation_logs=True)

    async def script(place: Place) -> None:
        await place.due(config)
        assert await cleanup.clean(place.database, "t", config) is True
        assert await place.cleanups() == [("scheduled", 4, 4)]
        assert await cleanup.clean(place.database, "t", config) is False
        assert await place.ids("event_log", "id") == KEPT
        assert await place.ids("event_invocation_logs", "event_id") == KEPT
        assert await place.cleanups() == [("completed", 6, 6)]

    play(dsn, script)


def test_nothing_happens_before_its_time(dsn: str) -> None:
    async def script(place: Place) -> None:
        await cleanup.plan(place.database, {"t": NIGHTLY})
        assert await cleanup.clean(place.database, "t", NIGHTLY) is False
        assert len(await place.ids("event_log", "id")) == 36

    play(dsn, script)


def test_planning_again_changes_nothing_and_another_schedule_takes_over(dsn: str) -> None:
    when = "SELECT to_char(scheduled_at, 'HH24:MI') FROM hdb_catalog.event_log_cleanups"

    async def script(place: Place) -> None:
        for _ in range(2):
            await cleanup.plan(place.database, {"t": NIGHTLY})
        assert [row[0] for row in await place.connection.fetch(when)] == ["00:00"]
        await cleanup.plan(place.database, {"t": cleanup_config.parsed(Reader({"schedule": "30 5 * * *"}))})
        assert [row[0] for row in await place.connection.fetch(when)] == ["05:30"]

    play(dsn, script)


def test_of_those_missed_one_is_made_up_for(dsn: str) -> None:
    missed = """
        INSERT INTO hdb_catalog.event_log_cleanups (trigger_name, scheduled_at, status)
        SELECT 't', now() AT TIME ZONE 'UTC' - make_interval(days => age), 'scheduled' FROM generate_series(1, 3) AS age
    """

    async def script(place: Place) -> None:
        await place.connection.execute(missed)
        await cleanup.plan(place.database, {"t": NIGHTLY})
        assert await cleanup.clean(place.database, "t", NIGHTLY) is False
        states = [state for state, _, _ in await place.cleanups()]
        assert states == ["dead", "dead", "completed", "scheduled"]

    play(dsn, script)


def test_one_engine_at_a_time(dsn: str) -> None:
    async def script(place: Place) -> None:
        await place.due()
        async with place.connection.transaction():
            await place.connection.execute("SELECT FROM hdb_catalog.event_log_cleanups FOR UPDATE")
            assert await cleanup.clean(place.database, "t", NIGHTLY) is False
        assert len(await place.ids("event_log", "id")) == 36
        await asyncio.gather(*(cleanup.clean(place.database, "t", NIGHTLY) for _ in range(3)))
        assert await place.ids("event_log", "id") == KEPT
        assert await place.cleanups() == [("completed", 6, 0)]

    play(dsn, script)


def test_an_event_that_somebody_holds_is_left_for_the_next_time(dsn: str) -> None:
    held = "UPDATE hdb_catalog.event_log SET error = FALSE WHERE id = 't failed 30 1'"

    async def script(place: Place) -> None:
        await place.due()
        async with place.connection.transaction():
            await place.connection.execute(held)
            await cleanup.clean(place.database, "t", NIGHTLY)
        assert await place.ids("event_log", "id") == sorted([*KEPT, "t failed 30 1"])

    play(dsn, script)


def test_a_batch_that_takes_too_long_ends_the_cleanup(dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    slow = """
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN OLD; END';
        CREATE TRIGGER slow BEFORE DELETE ON hdb_catalog.event_log FOR EACH ROW EXECUTE FUNCTION slow();
    """

    async def script(place: Place) -> None:
        await place.connection.execute(slow)
        await place.due()
        assert await cleanup.clean(place.database, "t", replace(NIGHTLY, timeout_s=1)) is False
        assert len(await place.ids("event_log", "id")) == 36
        assert await place.cleanups() == [("dead", None, None)]
        assert await cleanup.clean(place.database, "t", NIGHTLY) is False

    play(dsn, script)
    assert "A smaller batch_size or a longer timeout helps" in caplog.text


def test_numbers_beyond_time_itself_delete_nothing(dsn: str) -> None:
    endless = replace(NIGHTLY, clear_older_than_h=10**12, batch_size=10**12, timeout_s=10**12)

    async def script(place: Place) -> None:
        await place.due()
        assert await cleanup.clean(place.database, "t", endless) is False
        assert await place.cleanups() == [("completed", 0, 0)]

    play(dsn, script)


async def trigger(api: Api, name: str, **more: Json) -> None:
    args = {"name": name, "table": "users", "webhook": "http://localhost", "insert": {"columns": "*"}, **more}
    await api.metadata("pg_create_event_trigger", args)


def test_a_server_cleans_up_what_says_so_and_nothing_else(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "LOOK_S", 0.05)

    async def go() -> None:
        connection = await asyncpg.connect(dsn)
        async with serving(dsn, HASURA_GRAPHQL_EVENTS_FETCH_BATCH_SIZE="0") as api:
            await api.sql("CREATE TABLE users (id int)")
            await api.metadata("pg_track_table", {"table": "users"})
            await trigger(api, "other", cleanup_config={**MINUTELY, "paused": True})
            await trigger(api, "silent")
            await connection.execute(EVENTS + EVENTS.replace("'other'", "'silent'").replace("'t'", "'gone'"))
            await trigger(api, "t", cleanup_config=MINUTELY)
            async with asyncio.timeout(90):
                while await connection.fetchval("SELECT count(*) FROM hdb_catalog.event_log_cleanups") == 0:
                    await asyncio.sleep(0.05)
                await connection.execute(DUE)
                while await connection.fetchval("SELECT count(*) FROM hdb_catalog.event_log") == 72:
                    await asyncio.sleep(0.05)
            left = await connection.fetch("SELECT trigger_name, count(*) FROM hdb_catalog.event_log GROUP BY 1")
            assert {row[0]: row[1] for row in left} == {"t": 6, "other": 18, "silent": 18, "gone": 18}
        await connection.close()

    asyncio.run(go())
