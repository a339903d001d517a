"""Connections go from statement to statement without the pool; nobody waits for one that only lies around."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from nself.pg.database import Database, PostgresError


@asynccontextmanager
async def opened(dsn: str, **options: Any) -> AsyncIterator[Database]:
    database = await Database.open(dsn, name="test", max_size=1, **options)
    try:
        yield database
    finally:
        await database.close()


def play(dsn: str, script: Callable[[Database], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        async with opened(dsn, **options) as database:
            await asyncio.wait_for(script(database), 90)

    asyncio.run(run())


async def backend(database: Database) -> int:
    row = await database.read_row("SELECT pg_backend_pid()")
    assert row is not None
    return int(row[0])


def test_one_connection_serves_statements_transactions_and_commands_in_turn(dsn: str) -> None:
    async def script(database: Database) -> None:
        pid = await backend(database)
        async with database.transaction() as connection:
            assert await connection.fetchval("SELECT pg_backend_pid()") == pid
        assert await database.fetch_value("SELECT pg_backend_pid()") == pid
        assert [row[0] for row in await database.read("SELECT pg_backend_pid()")] == [pid]

    play(dsn, script)


def test_many_at_once_share_the_only_connection(dsn: str) -> None:
    async def script(database: Database) -> None:
        async def change() -> int:
            async with database.transaction() as connection:
                return int(await connection.fetchval("SELECT pg_backend_pid()"))

        asked = [one for _ in range(20) for one in (backend(database), change())]
        assert len(set(await asyncio.gather(*asked))) == 1

    play(dsn, script)


def test_settings_of_a_command_are_gone_for_the_next_statement(dsn: str) -> None:
    async def script(database: Database) -> None:
        await backend(database)
        await database.execute("SET application_name TO 'somebody'")
        row = await database.read_row("SELECT current_setting('application_name')")
        assert row is not None
        assert row[0] == "test"

    play(dsn, script)


def test_a_statement_that_fails_or_is_cancelled_leaves_a_connection_that_works(dsn: str) -> None:
    async def script(database: Database) -> None:
        with pytest.raises(PostgresError):
            await database.read_row("SELECT 1 / 0")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(database.read_row("SELECT pg_sleep(30)"), 0.1)
        assert await backend(database)

    play(dsn, script)


def test_a_connection_that_was_lost_is_not_used_again(dsn: str) -> None:
    async def script(database: Database) -> None:
        pid = await backend(database)
        other = await asyncpg.connect(dsn)
        await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await other.close()
        await asyncio.sleep(0.1)  # until its end has been read
        assert await backend(database) != pid

    play(dsn, script)


def test_the_pool_ends_a_connection_that_nobody_uses(dsn: str) -> None:
    async def script(database: Database) -> None:
        pid = await backend(database)
        other = await asyncpg.connect(dsn)
        while await other.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", pid):
            await asyncio.sleep(0.05)
        await other.close()
        assert await backend(database) != pid

    play(dsn, script, idle_s=0.1, min_size=0)


def test_a_wait_for_a_connection_is_bounded(dsn: str) -> None:
    async def script(database: Database) -> None:
        async with database.transaction():
            with pytest.raises(TimeoutError):
                await backend(database)
        assert await backend(database)

    play(dsn, script, patience_s=0.05)
