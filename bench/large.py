"""GraphQL over 300 tables and 5 roles: how soon it is there, how much memory it takes, whether that stays so, and how
long an operation that it never saw takes to become SQL.

`BENCH_SOAK_S` is how long varied operations are sent (30 s unless told; the figures in the docs are of 600).
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from bench import _http, _large
from bench._http import Ask
from bench._processes import post, running
from bench.row import Row
from nself.graphql.engine import Engine, Request
from nself.graphql.metadata import parse
from nself.graphql.sessions.session import Session
from nself.graphql.sources.pools import OneDatabase
from nself.pg.database import Database
from tests.cluster import Cluster, free_port

SOAK_S = float(os.environ.get("BENCH_SOAK_S", "30"))
COMPILED = 60
FILLS_THE_CACHES = 6000
"""Operations: what is remembered of them has reached its bounds, here and in PostgreSQL's connections."""
SETTLE_S = 2.0


def measure() -> list[Row]:
    cluster = Cluster.start(measured=True)
    try:
        cluster.run("postgres", "CREATE DATABASE large")
        cluster.run("large", _large.schema(), wait_s=120)
        return [*_served(cluster.dsn("large")), uvloop.run(_compiled(cluster.dsn("large")))]
    finally:
        cluster.stop()


def _served(dsn: str) -> list[Row]:
    port = free_port()
    argv = [sys.executable, "-m", "nself.graphql", "--port", str(port), "--database-url", dsn]
    url = f"http://127.0.0.1:{port}/healthz"
    with running(argv, url):
        post(port, "/v1/metadata", {"type": "replace_metadata", "args": _large.metadata()})
    began = time.perf_counter()
    with running(argv, url) as pid:
        started = time.perf_counter() - began
        uvloop.run(_soak(port, 0, FILLS_THE_CACHES))
        time.sleep(SETTLE_S)
        before = _resident(pid)
        asked = uvloop.run(_soak(port, SOAK_S))
        time.sleep(SETTLE_S)
        after = _resident(pid)
    print(f"{asked} operations in {SOAK_S:.0f} s of soak", file=sys.stderr)
    return [
        Row(name="300 tables, 5 roles: start", value=started, unit="s", target=2),
        Row(name="300 tables, 5 roles: memory", value=before, unit="MB", target=150),
        Row(
            name=f"the same after {SOAK_S:.0f} s of varied operations",
            value=after,
            unit="MB",
            target=1.05,
            baseline=before,
            baseline_name="before",
        ),
    ]


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("Rss:"))
    return kilobytes / 1024


async def _soak(port: int, seconds: float, least: int = 0) -> int:
    """Operations that are seldom twice the same, from every role, one in ten of them wrong: `least` of them or more."""
    chance, count, until = random.Random(least), 0, time.monotonic() + seconds

    async def one() -> None:
        nonlocal count
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        while time.monotonic() < until or count < least:
            role = chance.choice(_large.ROLES)
            headers = (("X-Hasura-Role", role), ("X-Hasura-User-Id", str(chance.randrange(100))))
            writer.write(Ask(port, "/v1/graphql", _operation(chance), headers).bytes())
            await _http.read(reader)
            count += 1
        writer.close()

    await asyncio.gather(*(one() for _ in range(8)))
    return count


def _operation(chance: random.Random) -> dict[str, Any]:
    table = f"table_{chance.randrange(_large.TABLES - 1)}"
    fields = " ".join(chance.sample(["id", "name", "state", "note", "amount", "at"], chance.randrange(1, 6)))
    number = chance.randrange(10**6)
    match chance.randrange(10):
        case 0:
            return {"query": f"{{ {table} {{ {fields} nonsense_{number} }} }}"}
        case 1:
            change = f'update_{table}(where: $by, _set: {{note: "x"}}) {{ affected_rows }}'
            query = f"mutation ($by: {table}_bool_exp!) {{ {change} }}"
            return {"query": query, "variables": {"by": {"state": {"_gt": number}}}}
        case 2:
            return {"query": f"{{ {table}_aggregate {{ aggregate {{ count max {{ amount at }} }} }} }}"}
        case _:
            chosen = f'where: {{name: {{_ilike: "%{number}%"}}}}, limit: {number % 50}'
            return {"query": f"{{ {table}({chosen}) {{ {fields} owner {{ name }} before {{ name }} }} }}"}


async def _compiled(dsn: str) -> Row:
    """New operations over tables that the role has not asked for yet: schema, plan and SQL, without running it."""
    database = await Database.open(dsn, name="bench", raw_json=True)
    engine = Engine(OneDatabase(database, dsn))
    await engine.load(parse.metadata(_large.metadata()))
    session = Session(role="user", variables={"x-hasura-user-id": "1"})
    took = []
    for number in range(COMPILED):
        request = Request(query=_never_seen(number * 4))
        began = time.perf_counter()
        engine._planned(engine._loaded, request, session)
        took.append((time.perf_counter() - began) * 1000)
    await database.close()
    return Row(name="300 tables: a new operation compiled, median", value=statistics.median(took), unit="ms", target=10)


def _never_seen(number: int) -> str:
    chosen = 'where: {owner: {name: {_eq: "a"}}, state: {_gt: 1}}, order_by: {at: desc}, limit: 10'
    return f"""query {{ table_{number}({chosen}) {{
        id name amount owner {{ name }} before {{ id name }} following(limit: 3) {{ id note owner {{ name }} }}
        following_aggregate {{ aggregate {{ count sum {{ amount }} }} }} }} }}"""
