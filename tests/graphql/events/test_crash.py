"""The engine killed, and the database's connections cut, at the worst moments: no event is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.cluster import free_port
from tests.conformance.webhooks import Helper, running
from tests.graphql.serving import serving

PATIENCE_S = 60.0
PREPARE = {
    "type": "bulk",
    "args": [
        {"type": "run_sql", "args": {"sql": "CREATE TABLE users (id int PRIMARY KEY)"}},
        {"type": "track_table", "args": {"name": "users"}},
        {
            "type": "create_event_trigger",
            "args": {
                "name": "t",
                "table": "users",
                "webhook": "{{HOOK}}",
                "insert": {"columns": "*"},
                "retry_conf": {"num_retries": 5, "interval_sec": 0},
            },
        },
    ],
}
LEASE_OVER = "UPDATE hdb_catalog.event_log SET locked = locked - interval '61 seconds' WHERE locked IS NOT NULL"


@contextlib.asynccontextmanager
async def engine(dsn: str, hook: str, log: Path) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """A process of its own: its URL and how to kill it."""
    port = free_port()
    command = [sys.executable, "-m", "nself.graphql", "--port", str(port), "--database-url", dsn]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "HOOK": hook})
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as http:
            while True:
                with contextlib.suppress(httpx.ConnectError):
                    await http.get(f"{url}/healthz")
                    break
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        yield url, process
    finally:
        process.kill()
        process.wait(60)


async def prepare(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
        reply = await http.post(f"{url}/v1/query", json=PREPARE)
        assert reply.status_code == 200, reply.text


async def until(look: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await look():
            await asyncio.sleep(0.05)


async def take_over(dsn: str, hook: Helper, log: Path, connection: Any) -> None:
    """The next engine delivers what the dead one had locked, once its lease is over."""
    assert await connection.fetchval("SELECT count(*) FROM hdb_catalog.event_log WHERE NOT delivered") == 1
    await connection.execute(LEASE_OVER)
    async with engine(dsn, hook.url, log):
        assert (await hook.next(PATIENCE_S)).body["event"]["data"]["new"] == {"id": 1}

        async def delivered() -> bool:
            return bool(await connection.fetchval("SELECT bool_and(delivered) FROM hdb_catalog.event_log"))

        await until(delivered)


def test_killed_before_the_webhook_answered(dsn: str, tmp_path: Path) -> None:
    async def go() -> None:
        arrived = asyncio.Event()

        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            arrived.set()
            await reader.read()

        connection = await asyncpg.connect(dsn)
        server = await asyncio.start_server(never, "127.0.0.1", 0)
        bad = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with running({"events_webhook"}) as helpers:
            async with engine(dsn, bad, tmp_path / "log") as (url, process):
                await prepare(url)
                await connection.execute("INSERT INTO users VALUES (1)")
                await asyncio.wait_for(arrived.wait(), PATIENCE_S)
                process.kill()
            await take_over(dsn, helpers["events_webhook"], tmp_path / "log", connection)
        server.close()
        await connection.close()

    asyncio.run(go())


def test_killed_between_the_answer_and_writing_it_down(dsn: str, tmp_path: Path) -> None:
    async def go() -> None:
        connection, holding = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        async with running({"events_webhook"}) as helpers:
            hook = helpers["events_webhook"]
            async with engine(dsn, hook.url, tmp_path / "log") as (url, process):
                await prepare(url)
                # Whoever writes what came of it waits for this table.
                transaction = holding.transaction()
                await transaction.start()
                await holding.execute("LOCK hdb_catalog.event_invocation_logs IN ACCESS EXCLUSIVE MODE")
                await connection.execute("INSERT INTO users VALUES (1)")
                await hook.next(PATIENCE_S)

                async def waits() -> bool:
                    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                    return bool(await connection.fetchval(waiting))

                await until(waits)
                process.kill()
                process.wait(60)
                backends = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nself-graphql'"
                )
                await connection.execute(backends + " AND datname = current_database()")
                await transaction.rollback()
            await take_over(dsn, hook, tmp_path / "log", connection)
        await connection.close()
        await holding.close()

    asyncio.run(go())


def test_with_its_connections_cut_again_and_again_every_event_arrives(dsn: str) -> None:
    cut = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'nself-graphql' AND datname = current_database()"""

    async def go() -> None:
        connection = await asyncpg.connect(dsn)
        async with running({"events_webhook"}) as helpers:
            hook = helpers["events_webhook"]
            async with serving(dsn, HOOK=hook.url, HASURA_GRAPHQL_EVENTS_FETCH_BATCH_SIZE="20") as api:
                assert (await api.post("/v1/query", PREPARE)).status_code == 200
                seen: set[int] = set()
                for part in range(5):
                    insert = "INSERT INTO users SELECT n FROM generate_series($1::int, $2::int) n"
                    await connection.execute(insert, part * 40, part * 40 + 39)
                    for _ in range(5):
                        seen.add((await hook.next(PATIENCE_S)).body["event"]["data"]["new"]["id"])
                    await connection.execute(cut)

                async def all_delivered() -> bool:
                    await connection.execute(LEASE_OVER)
                    return bool(await connection.fetchval("SELECT bool_and(delivered) FROM hdb_catalog.event_log"))

                await until(all_delivered)
                while not hook.arrived.empty():
                    seen.add(hook.arrived.get_nowait().body["event"]["data"]["new"]["id"])
        await connection.close()
        assert seen == set(range(200))

    asyncio.run(go())
