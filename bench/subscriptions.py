"""Live queries: how long after a commit its subscribers hear of it, with 10,000 of them asking 100 different questions.

`NSELF_BENCH_SUBSCRIBERS` sets how many subscribe (default 1,000; every hundred share a question), each on a socket
of its own. Server, database and clients share the machine.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg

from bench._listeners import Heard, Listeners, until
from bench._processes import post, running
from bench.row import Row
from tests.cluster import Cluster, free_port

Write = Callable[..., object]

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
    cluster = Cluster.start(measured=True)
    try:
        cluster.run("postgres", "CREATE DATABASE bench")
        cluster.run("bench", SCHEMA, wait_s=60)
        port = free_port()
        command = [sys.executable, "-m", "nself.graphql", "--port", str(port), "--database-url", cluster.dsn("bench")]
        with running(command, f"http://127.0.0.1:{port}/healthz") as process:
            post(port, "/v1/metadata", {"type": "pg_track_table", "args": {"table": "messages"}})
            return _measured(port, process, cluster.dsn("bench"))
    finally:
        cluster.stop()


def _measured(port: int, process: int, dsn: str) -> list[Row]:
    alone, began = _memory_mb(process), time.monotonic()
    with Listeners(port, list(payloads())) as heard, _Writer(dsn) as write:
        until(heard, SUBSCRIBERS)
        opened_s, opening_cpu = time.monotonic() - began, _cpu_s(process)
        memory = _memory_mb(process)
        time.sleep(_QUIET_S)
        idle = (_cpu_s(process) - opening_cpu) / _QUIET_S
        some = [delay for n in range(TO_SOME) for delay in _told(lambda n=n: _to_one(write, n), heard, 1)]
        cpu, own = _cpu_s(process), time.process_time()
        everybody = [delay for _ in range(TO_ALL) for delay in _told(lambda: write(_TO_ALL), heard, SUBSCRIBERS)]
        cpu, own = (_cpu_s(process) - cpu) / TO_ALL, (time.process_time() - own) / TO_ALL
        assert not heard.closed, f"{heard.closed} sockets were closed"
    name = f"{SUBSCRIBERS} live queries"
    return [
        *_delays(f"{name}, commit to its one subscriber", some),
        *_delays(f"{name}, commit to all of them", everybody),
        Row(name=f"{name}, processor for a commit to all of them", value=cpu * 1000, unit="ms"),
        Row(name=f"{name}, the same of the {SUBSCRIBERS} clients", value=own * 1000, unit="ms"),
        Row(name=f"{name}, all connected and answered", value=opened_s, unit="s", target=30),
        Row(name=f"{name}, memory of the server", value=memory, unit="MB", baseline=alone, baseline_name="without any"),
        Row(name=f"{name}, processor while nothing changes", value=idle * 100, unit="% of a core"),
    ]


def _delays(name: str, found: list[float]) -> list[Row]:
    half, most = (statistics.quantiles(found, n=100, method="inclusive")[percent - 1] * 1000 for percent in (50, 99))
    return [
        Row(name=f"{name}, p50", value=half, unit="ms"),
        Row(name=f"{name}, p99", value=most, unit="ms", target=1000),
        Row(name=f"{name}, longest", value=max(found) * 1000, unit="ms"),
    ]


class _Writer:
    """Commits statements, on a connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._runner, self._dsn = asyncio.Runner(), dsn

    def __enter__(self) -> Write:
        self._connection = self._runner.run(asyncpg.connect(self._dsn))
        return lambda sql, *args: self._runner.run(self._connection.execute(sql, *args))

    def __exit__(self, *raised: object) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()


def _to_one(write: Write, number: int) -> None:
    topic, room = divmod(number * 37 % SUBSCRIBERS, ROOMS)
    write("INSERT INTO messages (topic, room, body) VALUES ($1, $2, 'news')", topic + 1, room + 1)


def _told(commit: Callable[[], object], heard: Heard, subscribers: int) -> list[float]:
    """Seconds from a commit to each of those who are told of it."""
    heard.times, heard.results = [], 0
    commit()
    committed = time.time()
    until(heard, subscribers)
    assert heard.results == subscribers, f"{heard.results} were told"
    # Not in step with the server's own clock.
    time.sleep(0.3 + 0.037 * (time.monotonic_ns() % 17))
    return [moment - committed for moment in heard.times]


def _memory_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HERTZ
