"""Live queries: how long after a commit its subscribers hear of it, with 10,000 of them asking 100 different questions.

`NSELF_BENCH_SUBSCRIBERS` sets how many subscribe (default 1,000; every hundred share a question).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from tests.cluster import Cluster, free_port

from bench._listeners import Heard, listen, until
from bench._processes import post, running
from bench.row import Row

SUBSCRIBERS = int(os.environ.get("NSELF_BENCH_SUBSCRIBERS", "1000"))
ROOMS = 100
TO_SOME, TO_ALL = 100, 10
_TO_ALL = """
    UPDATE messages SET body = 'news ' || clock_timestamp()
    WHERE id IN (SELECT max(id) FROM messages GROUP BY topic, room)
"""
_HERTZ = os.sysconf("SC_CLK_TCK")
_QUIET_S = 5.0

SCHEMA = """
CREATE TABLE messages (id bigserial PRIMARY KEY, topic int NOT NULL, room int NOT NULL, body text NOT NULL);
CREATE INDEX ON messages (topic, room, id);
INSERT INTO messages (topic, room, body)
    SELECT topic, room, repeat('so and so ', 8) FROM generate_series(1, 100) topic, generate_series(1, 100) room,
    generate_series(1, 5);
ANALYZE;
"""


def payloads() -> Iterator[Any]:
    """Topics are the questions; within each, every subscriber looks into a room of its own."""
    for number in range(SUBSCRIBERS):
        topic, room = divmod(number, ROOMS)
        query = (
            f"subscription Topic{topic + 1}($room: Int!) {{ topic_{topic + 1}: messages("
            f"limit: 5, order_by: {{id: desc}}, where: {{topic: {{_eq: {topic + 1}}}, room: {{_eq: $room}}}}"
            ") { id body } }"
        )
        yield {"query": query, "variables": {"room": room + 1}}


def measure() -> list[Row]:
    cluster = Cluster.start()
    try:
        cluster.run("postgres", "CREATE DATABASE bench")
        cluster.run("bench", SCHEMA, wait_s=60)
        port = free_port()
        command = [sys.executable, "-m", "nself.graphql", "--port", str(port), "--database-url", cluster.dsn("bench")]
        with running(command, f"http://127.0.0.1:{port}/healthz") as process:
            post(port, "/v1/metadata", {"type": "pg_track_table", "args": {"table": "messages"}})
            return uvloop.run(_measured(port, process, cluster.dsn("bench")))
    finally:
        cluster.stop()


async def _measured(port: int, process: int, dsn: str) -> list[Row]:
    heard, alone = Heard(), _memory_mb(process)
    began = time.monotonic()
    await listen(port, list(payloads()), heard)
    await until(heard, lambda: heard.results, SUBSCRIBERS)
    opened_s = time.monotonic() - began
    memory = _memory_mb(process)
    before = _cpu_s(process)
    await asyncio.sleep(_QUIET_S)
    idle = (_cpu_s(process) - before) / _QUIET_S
    writer = await asyncpg.connect(dsn)
    some = [delay for n in range(TO_SOME) for delay in await _told(_to_one(writer, n), heard, 1)]
    everybody = [delay for _ in range(TO_ALL) for delay in await _told(writer.execute(_TO_ALL), heard, SUBSCRIBERS)]
    assert not heard.closed, f"{heard.closed} sockets were closed"
    name = f"{SUBSCRIBERS} live queries"
    return [
        Row(name=f"{name}, commit to its one subscriber, p50", value=_percentile(some, 50) * 1000, unit="ms"),
        Row(
            name=f"{name}, commit to its one subscriber, p99",
            value=_percentile(some, 99) * 1000,
            unit="ms",
            target=1000,
        ),
        Row(name=f"{name}, commit to its one subscriber, longest", value=max(some) * 1000, unit="ms"),
        Row(name=f"{name}, commit to all of them, p50", value=_percentile(everybody, 50) * 1000, unit="ms"),
        Row(
            name=f"{name}, commit to all of them, p99", value=_percentile(everybody, 99) * 1000, unit="ms", target=1000
        ),
        Row(name=f"{name}, all connected and answered", value=opened_s, unit="s"),
        Row(name=f"{name}, memory of the server", value=memory, unit="MB", baseline=alone, baseline_name="without any"),
        Row(name=f"{name}, processor while nothing changes", value=idle * 100, unit="% of a core"),
    ]


def _to_one(writer: Any, number: int) -> Awaitable[object]:
    topic, room = divmod(number * 37 % SUBSCRIBERS, ROOMS)
    return writer.execute("INSERT INTO messages (topic, room, body) VALUES ($1, $2, 'news')", topic + 1, room + 1)


async def _told(change: Awaitable[object], heard: Heard, subscribers: int) -> list[float]:
    """Seconds from a commit to each of those who are told of it."""
    heard.results, heard.times = 0, []
    await change
    committed = time.monotonic()
    await until(heard, lambda: heard.results, subscribers)
    assert heard.results == subscribers, f"{heard.results} were told"
    # Not in step with the server's own clock.
    await asyncio.sleep(0.3 + 0.037 * (time.monotonic_ns() % 17))
    return [moment - committed for moment in heard.times]


def _percentile(found: list[float], percent: int) -> float:
    return statistics.quantiles(found, n=100, method="inclusive")[percent - 1]


def _memory_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HERTZ
