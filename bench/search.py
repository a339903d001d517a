"""Full text search over a million articles: the index built, its size, and how long questions take.

Beside the time that passed stands the processor time of PostgreSQL's process, which other work on the machine leaves
alone. `NSELF_BENCH_ROWS` makes it smaller, `NSELF_BENCH_SEED` asks other questions of the same kinds.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import _articles
from bench.row import Row
from nself.pg.database import Database
from nself.search import definition, source
from nself.search.engine import Query
from nself.search.postgres.engine import PostgresEngine
from tests.cluster import Cluster

ROWS = int(os.environ.get("NSELF_BENCH_ROWS", "1000000"))
SEED = int(os.environ.get("NSELF_BENCH_SEED", "3"))
ASKED = 100
TARGET_MS = 20.0
INDEXES = """
articles:
  table: articles
  language: english
  fields: {title: A, body: C}
  filterable: [category, owner_id]
  sortable: [price]
"""


def measure() -> list[Row]:
    cluster = Cluster.start(measured=True)
    try:
        return asyncio.run(_measured(cluster))
    finally:
        cluster.stop()


async def _measured(cluster: Cluster) -> list[Row]:
    dsn = cluster.dsn("postgres")
    database = await Database.open(dsn, name="bench search", max_size=3)
    try:
        await database.execute(_articles.TABLE)
        async with database.connection() as connection:
            await connection.copy_records_to_table("articles", columns=_articles.COLUMNS, records=_articles.rows(ROWS))
        await database.execute("VACUUM ANALYZE articles")
        built = await _built(database, PostgresEngine(database), cluster.process.pid)
    finally:
        await database.close()
    database = await Database.open(dsn, name="bench search", max_size=1)
    try:
        return [*built, *await asked(database, PostgresEngine(database))]
    finally:
        await database.close()


async def _built(database: Database, engine: PostgresEngine, server: int) -> list[Row]:
    indexes, _ = definition.parse(INDEXES)
    async with database.connection() as connection:
        (checked,), _ = await source.check(connection, indexes)
    await engine.prepare()
    began, before = time.perf_counter(), _server_s(server)
    await engine.build(checked, lambda text: None)
    took, worked = time.perf_counter() - began, _server_s(server) - before
    table = await database.fetch_value("SELECT pg_total_relation_size('articles') / 1e6::float")
    size = ((await engine.stats("articles")).bytes or 0) / 1e6
    what = f"search index of {ROWS:,} articles"
    return [
        Row(name=f"{what}: built", value=took, unit="s"),
        Row(name=f"{what}: PostgreSQL's processor time", value=worked, unit="s"),
        Row(name=f"{what}: size", value=size, unit="MB", baseline=table, baseline_name="the table itself"),
    ]


async def asked(database: Database, engine: PostgresEngine) -> list[Row]:
    """The 95th of 100 times, the slowest being the last, of each kind of question."""
    process = await database.fetch_value("SELECT pg_backend_pid()")
    naive = await _naive(database)
    rows = []
    for kind, ask in questions():
        passed, worked = [], []
        for _ in range(ASKED):
            query = ask()
            began, before = time.perf_counter(), _worked_ms(process)
            await engine.query("articles", query)
            passed.append((time.perf_counter() - began) * 1000)
            worked.append(_worked_ms(process) - before)
        rows += [
            Row(
                name=f"search, {kind}: p95", value=_p95(passed), unit="ms", target=TARGET_MS, baseline=naive,
                absolute=True, baseline_name="ILIKE '%word%'",
            ),
            Row(name=f"search, {kind}: p95 of PostgreSQL's processor time", value=_p95(worked), unit="ms"),
        ]  # fmt: skip
    return rows


def questions() -> Iterator[tuple[str, Callable[[], Query]]]:
    """Kinds of questions, each made anew every time it is asked: nothing is measured twice."""
    chance, words = random.Random(SEED), _articles.vocabulary()

    def word(first: int, last: int) -> str:
        return words[chance.randrange(first, last)]

    def misspelt() -> str:
        text = word(0, 5000)
        place = chance.randrange(1, len(text) - 2)
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    yield "one of the 10 most frequent words", lambda: Query(text=f"{word(0, 10)} ")
    yield "a frequent word", lambda: Query(text=f"{word(10, 300)} ")
    yield "a rare word", lambda: Query(text=f"{word(5000, 60_000)} ")
    yield "two frequent words", lambda: Query(text=f"{word(0, 30)} {word(0, 30)} ")
    yield "three words", lambda: Query(text=f"{word(0, 300)} {word(0, 300)} {word(0, 5000)} ")
    yield "4 letters of a word", lambda: Query(text=word(0, 3000)[:4])
    yield "a word and 3 letters of the next", lambda: Query(text=f"{word(0, 300)} {word(0, 3000)[:3]}")
    yield "a misspelt word", lambda: Query(text=f"{misspelt()} ")
    yield "a word, filtered", lambda: Query(text=f"{word(0, 300)} ", filter={"category": "c3"})
    yield (
        "a word, filtered twice",
        lambda: Query(text=f"{word(0, 300)} ", filter={"category": ["c3", "c5"], "price": {"gte": 2000}}),
    )
    yield "no word, filtered", lambda: Query(text="", filter={"owner_id": chance.randrange(5000)})
    yield "a word, sorted", lambda: Query(text=f"{word(0, 300)} ", sort=("-price",))


async def _naive(database: Database) -> float:
    began = time.perf_counter()
    await database.fetch(
        "SELECT id FROM articles WHERE title ILIKE $1 OR body ILIKE $1 ORDER BY id LIMIT 20", "%no such word%"
    )
    return (time.perf_counter() - began) * 1000


def _worked_ms(process: int) -> float:
    """Time a process has had a processor, from the kernel's scheduler."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


def _server_s(server: int) -> float:
    """Processor time of PostgreSQL: of its first process, of those that it has, and of those that ended."""
    tick, passed = os.sysconf("SC_CLK_TCK"), 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if stat.parent.name == str(server):
            passed += sum(map(int, fields[11:15]))
        elif fields[1] == str(server):
            passed += int(fields[11]) + int(fields[12])
    return passed / tick


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values)) - 1]
