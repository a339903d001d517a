"""A table of articles to search, the index over it, and the engine inside PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nself.pg.database import Database
from nself.search import definition, source
from nself.search.engine import Answer, Query
from nself.search.postgres.engine import PostgresEngine
from nself.search.source import Source

TABLE = """
CREATE TABLE articles (id int PRIMARY KEY, title text NOT NULL, body text, tags text[] NOT NULL DEFAULT '{}',
    category text, price numeric, owner_id int);
INSERT INTO articles VALUES
    (1, 'Red shoes', 'Comfortable shoes for running', '{sport,shoes}', 'shop', 50, 1),
    (2, 'Blue shoes', 'A quick brown fox runs in shoes', '{shoes}', 'shop', 70, 2),
    (3, 'Databases', 'PostgreSQL is a database; a café keeps its recipes in it', '{it}', 'blog', NULL, 1),
    (4, 'Running a database', 'How to keep it <b>fast</b> & safe', '{it,sport}', 'blog', 20, 2);
"""
INDEXES = """
articles:
  table: articles
  language: english
  fields: {title: A, body: C}
  filterable: [category, price, tags, owner_id]
  sortable: [price, id]
"""


def quiet(text: str) -> None:
    """Nobody watches the progress."""


async def sources(database: Database, text: str = INDEXES) -> list[Source]:
    indexes, problems = definition.parse(text)
    assert problems == []
    async with database.connection() as connection:
        found, problems = await source.check(connection, indexes)
    assert problems == []
    return found


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Database]:
    database = await Database.open(dsn, name="search tests", max_size=6)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def engine(
    dsn: str, table: str = TABLE, indexes: str = INDEXES
) -> AsyncIterator[tuple[PostgresEngine, Database]]:
    """The engine over a fresh table, its index built."""
    async with opened(dsn) as database:
        await database.execute(table)
        made = PostgresEngine(database)
        await made.prepare()
        for each in await sources(database, indexes):
            await made.build(each, quiet)
        yield made, database


def ids(answer: Answer) -> list[Any]:
    return [hit.id for hit in answer.hits]


async def found(engine: PostgresEngine, text: str, **options: Any) -> list[Any]:
    return ids(await engine.query("articles", Query(text=text, **options)))
