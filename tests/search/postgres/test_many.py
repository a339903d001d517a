"""Questions that very many documents match: what is found then, what is counted, and what is said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from nself.pg.database import Database
from nself.search.engine import Query
from nself.search.postgres.engine import PostgresEngine
from tests.cluster import Cluster
from tests.search.articles import engine, found, ids, opened

Work = Callable[[PostgresEngine, Database], Awaitable[Any]]
MANY = 30_000
TABLE = f"""
CREATE TYPE mood AS ENUM ('calm', 'wild');
CREATE TABLE articles (id int PRIMARY KEY, title text NOT NULL, body text NOT NULL, category text, price numeric,
    mood mood, tags text[] NOT NULL, on_day date);
INSERT INTO articles SELECT n, CASE n WHEN 7 THEN 'An umbrella stand' ELSE 'Garden chair ' || n END,
    CASE WHEN n % 2 = 0 THEN 'with an umbrella' ELSE 'without' END, 'c' || n % 10, n % 100,
    CASE WHEN n % 1000 = 0 THEN 'wild' ELSE 'calm' END::mood, ARRAY['t' || n % 3, 't' || n % 7],
    CASE WHEN n % 5 <> 0 THEN date '2024-01-01' + n % 28 END
    FROM generate_series(1, {MANY}) n;
ANALYZE articles;
"""
INDEXES = """
articles:
  table: articles
  language: english
  fields: {title: A, body: C}
  filterable: [category, price, mood, tags, on_day]
  sortable: [price]
"""


@pytest.fixture(scope="module")
def many_template(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as dsn:

        async def build() -> None:
            async with engine(dsn, TABLE, INDEXES):
                pass

        asyncio.run(build())
        yield dsn.rpartition("/")[2]


@pytest.fixture
def run(many_template: str, new_database: Callable[..., str]) -> Callable[[Work], Any]:
    dsn = new_database(many_template)

    def go(work: Work) -> Any:
        async def inside() -> Any:
            async with opened(dsn) as database:
                return await work(PostgresEngine(database), database)

        return asyncio.run(inside())

    return go


def test_what_has_the_words_in_front_comes_first_however_old_it_is(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        answer = await made.query("articles", Query(text="umbrella "))
        assert answer.hits[0].id == 7
        assert [hit.rank > 1 for hit in answer.hits if hit.rank is not None] == [True] + [False] * 19
        # Of equals, those that were written last.
        assert ids(answer)[1:4] == [30_000, 29_998, 29_996]

    run(ask)


def test_a_total_that_was_not_counted_says_so_and_can_be_counted(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        guessed = await made.query("articles", Query(text="umbrella "))
        assert not guessed.exact
        assert 10_000 < guessed.total < 20_000
        counted = await made.query("articles", Query(text="umbrella ", exact=True))
        assert (counted.exact, counted.total) == (True, 15_001)
        assert ids(counted) == ids(guessed)
        few = await made.query("articles", Query(text="12345 "))
        assert (few.exact, few.total) == (True, 1)

    run(ask)


FILTERS: list[tuple[dict[str, Any], Callable[[int], bool]]] = [
    ({"category": "c4"}, lambda n: n % 10 == 4),
    ({"category": ["c4", "c6"]}, lambda n: n % 10 in (4, 6)),
    ({"category": {"eq": "c4"}}, lambda n: n % 10 == 4),
    ({"category": {"ne": "c4"}}, lambda n: n % 10 != 4),
    ({"price": 44}, lambda n: n % 100 == 44),
    ({"price": "44.00"}, lambda n: n % 100 == 44),
    ({"price": {"gte": 10, "lt": 12}}, lambda n: n % 100 in (10, 11)),
    ({"mood": "wild"}, lambda n: n % 1000 == 0),
    ({"tags": "t6"}, lambda n: n % 7 == 6),
    ({"tags": ["t5", "t6"]}, lambda n: n % 7 in (5, 6)),
    ({"on_day": "2024-01-03"}, lambda n: n % 5 != 0 and n % 28 == 2),
    ({"on_day": "Jan 3, 2024"}, lambda n: n % 5 != 0 and n % 28 == 2),
    ({"on_day": None}, lambda n: n % 5 == 0),
    ({"category": []}, lambda n: False),
    ({"category": "c4", "price": {"lt": 50}}, lambda n: n % 10 == 4 and n % 100 < 50),
]  # fmt: skip


def test_filters_narrow_what_very_many_match(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        for filter, meant in FILTERS:
            expected = [n for n in range(1, MANY + 1) if (n % 2 == 0 or n == 7) and meant(n)]
            answer = await made.query("articles", Query(text="umbrella ", filter=filter, exact=True, limit=100))
            assert answer.total == len(expected), filter
            assert set(ids(answer)) <= set(expected), filter
            assert len(answer.hits) == min(100, len(expected)), filter

    run(ask)


def test_every_page_goes_on_where_the_one_before_ended(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        whole = await found(made, "umbrella ", limit=900)
        pages = [each for skip in range(0, 900, 300) for each in await found(made, "umbrella ", limit=300, offset=skip)]
        assert len(set(pages)) == len(pages) == 900
        assert pages == whole
        assert len(await found(made, "", limit=500)) == 500
        assert await found(made, "umbrella ", limit=0) == []

    run(ask)


def test_facets_count_the_matches_of_each_value(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        wild = Query(text="umbrella ", filter={"mood": "wild"}, facets=("category", "tags"))
        few = await made.query("articles", wild)
        assert few.facets["category"].exact
        assert few.facets["category"].values == ({"value": "c0", "count": 30},)
        assert {each["value"]: each["count"] for each in few.facets["tags"].values}["t0"] == 14
        asked = Query(text="umbrella ", facets=("category",), limit=0)
        guessed = (await made.query("articles", asked)).facets["category"]
        assert not guessed.exact
        assert {each["value"] for each in guessed.values} >= {"c0", "c2", "c4", "c6", "c8"}
        assert all(2000 < each["count"] < 4500 for each in guessed.values if each["value"] != "c7")
        asked = Query(text="umbrella ", facets=("category", "price"), limit=0, exact=True)
        counted = (await made.query("articles", asked)).facets
        assert (counted["category"].values[0], counted["category"].values[-1]) == (
            {"value": "c0", "count": 3000}, {"value": "c7", "count": 1},
        )  # fmt: skip
        assert counted["price"].values[0] == {"value": 0, "count": 300}

    run(ask)


def test_facets_of_nothing_and_of_everything(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        for nothing in ("zzzzzzzz ", "the "):
            assert (await made.query("articles", Query(text=nothing, facets=("mood",)))).facets["mood"].values == ()
        everything = await made.query("articles", Query(text="", facets=("mood",), exact=True))
        assert everything.facets["mood"].values == ({"value": "calm", "count": 29_970}, {"value": "wild", "count": 30})

    run(ask)


def test_what_changed_since_is_found_and_filtered(run: Callable[[Work], Any]) -> None:
    async def change(made: PostgresEngine, database: Database) -> None:
        await database.execute("UPDATE articles SET category = 'moved', title = 'Umbrella' WHERE id % 3000 = 0")
        assert sorted(await found(made, "umbrella ", filter={"category": "moved"})) == list(range(3000, MANY + 1, 3000))
        assert 3000 not in await found(made, "umbrella ", filter={"category": "c0"}, limit=10_000)
        await database.execute("DELETE FROM articles WHERE category = 'moved'")
        assert await found(made, "umbrella ", filter={"category": "moved"}) == []

    run(change)
