"""Events delivered by one engine process, beside a loop that only locks and marks the same rows."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop

from bench.row import Row
from tests.cluster import Cluster, free_port

EVENTS = 2000
PATIENCE_S = 120.0
PREPARE = {
    "type": "bulk",
    "args": [
        {"type": "run_sql", "args": {"sql": "CREATE TABLE users (id int PRIMARY KEY, name text)"}},
        {"type": "track_table", "args": {"name": "users"}},
        {
            "type": "create_event_trigger",
            "args": {"name": "t", "table": "users", "webhook": "{{HOOK}}", "insert": {"columns": "*"}},
        },
    ],
}
INSERT = "INSERT INTO users SELECT n, 'user ' || n FROM generate_series($1::int, $2::int) n"
FETCH = """UPDATE hdb_catalog.event_log SET locked = now() WHERE id = ANY (ARRAY(
    SELECT id FROM hdb_catalog.event_log WHERE NOT delivered AND NOT error AND NOT archived AND locked IS NULL
    ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)) RETURNING id, payload::text"""
MARK = "UPDATE hdb_catalog.event_log SET delivered = TRUE, locked = NULL WHERE id = ANY ($1::text[])"


def measure() -> list[Row]:
    cluster = Cluster.start(measured=True)
    try:
        cluster.run("postgres", "CREATE DATABASE bench")
        return [uvloop.run(_measure(cluster.dsn("bench")))]
    finally:
        cluster.stop()


async def _measure(dsn: str) -> Row:
    connection = await asyncpg.connect(dsn)
    async with answering() as hook, engine(dsn, hook):
        await deliver(connection, 0, 200)
        began = time.perf_counter()
        await deliver(connection, 200, 200 + EVENTS)
        delivered = time.perf_counter() - began
    await connection.execute(INSERT, -EVENTS, -1)
    began = time.perf_counter()
    while rows := await connection.fetch(FETCH):
        await connection.execute(MARK, [row["id"] for row in rows])
    marked = time.perf_counter() - began
    await connection.close()
    return Row(
        name=f"events delivered, {EVENTS} at once",
        value=EVENTS / delivered * 60,
        unit="a minute",
        target=10_000,
        better="higher",
        baseline=EVENTS / marked * 60,
        baseline_name="rows locked and marked",
        absolute=True,
    )


async def deliver(connection: asyncpg.Connection[Any], first: int, end: int) -> None:
    """From the insert until the log says that all of them have arrived."""
    await connection.execute(INSERT, first, end - 1)
    async with asyncio.timeout(PATIENCE_S):
        while not await connection.fetchval("SELECT bool_and(delivered) FROM hdb_catalog.event_log"):
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def answering() -> AsyncIterator[str]:
    """The URL of a webhook that answers 204 with as little work as can be, in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", WEBHOOK, str(port)])
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


WEBHOOK = """
import asyncio, sys, uvloop

class Answer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\\r\\n\\r\\n")) >= 0:
            head = self.buffer[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\\r\\n")[0])
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length:]
            self.transport.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")

async def main():
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()

uvloop.run(main())
"""


@contextlib.asynccontextmanager
async def engine(dsn: str, hook: str) -> AsyncIterator[None]:
    port = free_port()
    command = [sys.executable, "-m", "nself.graphql", "--port", str(port), "--database-url", dsn]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"HOOK": hook, "PATH": "/usr/bin:/bin"})
        try:
            async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False, timeout=30) as http:
                await _until_ready(http, f"http://127.0.0.1:{port}")
                reply = await http.post(f"http://127.0.0.1:{port}/v1/query", json=PREPARE)
                assert reply.status_code == 200, reply.text
            yield
        finally:
            process.terminate()
            process.wait(20)


async def _until_ready(http: httpx.AsyncClient, url: str) -> None:
    while True:
        with contextlib.suppress(httpx.ConnectError):
            await http.get(f"{url}/healthz")
            return
        await asyncio.sleep(0.05)
