"""Full text in PostgreSQL: what is found, how it is ranked, and that the index follows its table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from nself.pg.database import Database
from nself.search.engine import Query
from nself.search.postgres.engine import PostgresEngine
from tests.search.articles import found, opened

Work = Callable[[PostgresEngine, Database], Awaitable[Any]]


@pytest.fixture
def run(searchable: str) -> Callable[[Work], Any]:
    """Do something with the engine over the four articles."""

    def go(work: Work) -> Any:
        async def inside() -> Any:
            async with opened(searchable) as database:
                return await work(PostgresEngine(database), database)

        return asyncio.run(inside())

    return go


WORDS: list[tuple[str, set[int]]] = [
    ("shoes", {1, 2}),
    ("Running", {1, 2, 4}),
    ("red shoes", {1}),
    ('"quick brown"', {2}),
    ('"brown quick"', set()),
    ("shoes -red", {2}),
    ("red OR databases ", {1, 3, 4}),
    ("cafe ", {3}),
    ("café ", {3}),
    ("", {1, 2, 3, 4}),
    ("the ", set()),
    ("zzzzzzzz", set()),
]


def test_words_find_rows(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        for text, expected in WORDS:
            assert set(await found(made, text)) == expected, text

    run(ask)


def test_a_match_in_a_heavier_field_comes_first(run: Callable[[Work], Any]) -> None:
    assert run(lambda made, _: found(made, "running "))[0] == 4


def test_the_last_word_may_be_unfinished(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        assert set(await found(made, "data")) == {3, 4}
        assert set(await found(made, "runn")) == {1, 2, 4}
        assert await found(made, "data ") == []

    run(ask)


def test_a_misspelt_word_is_corrected_and_said(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        answer = await made.query("articles", Query(text="quick databse "))
        assert answer.corrected == "quick database"
        answer = await made.query("articles", Query(text="conmfortable shoes "))
        assert (answer.corrected, [hit.id for hit in answer.hits]) == ("comfortable shoes", [1])
        assert (await made.query("articles", Query(text="shoes "))).corrected is None

    run(ask)


def test_filters_narrow_and_sorts_order(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        assert await found(made, "shoes", filter={"price": {"gt": 60}}) == [2]
        assert await found(made, "shoes", filter={"category": ["blog", "shop"], "owner_id": 1}) == [1]
        assert set(await found(made, "", filter={"tags": "sport"})) == {1, 4}
        assert set(await found(made, "", filter={"tags": ["it", "nothing"]})) == {3, 4}
        assert await found(made, "", filter={"price": None}) == [3]
        assert await found(made, "shoes", sort=("-price",)) == [2, 1]
        assert await found(made, "", sort=("price", "-id"), limit=2, offset=1) == [1, 2]

    run(ask)


def test_what_was_found_is_marked_and_what_users_wrote_is_escaped(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        (hit,) = (await made.query("articles", Query(text="fast ", highlight=True))).hits
        assert hit.highlight["body"] == "How to keep it &lt;b&gt;<mark>fast</mark>&lt;/b&gt; &amp; safe"
        assert hit.document["title"] == "Running a database"

    run(ask)


def test_the_index_follows_its_table(run: Callable[[Work], Any]) -> None:
    async def change(made: PostgresEngine, database: Database) -> None:
        await database.execute("INSERT INTO articles (id, title) VALUES (5, 'Green umbrella')")
        assert await found(made, "umbrella ") == [5]
        await database.execute("UPDATE articles SET title = 'Green parasol' WHERE id = 5")
        assert (await found(made, "umbrella "), await found(made, "parasol ")) == ([], [5])
        await database.execute("UPDATE articles SET id = 6 WHERE id = 5")
        assert await found(made, "parasol ") == [6]
        await database.execute(
            "INSERT INTO articles (id, title) VALUES (6, 'Hat'), (7, 'Hat')"
            " ON CONFLICT (id) DO UPDATE SET title = 'Cap'"
        )
        assert (await found(made, "hat "), await found(made, "cap ")) == ([7], [6])
        await database.execute("DELETE FROM articles WHERE id = 6")
        assert await found(made, "cap ") == []
        await database.execute("TRUNCATE articles")
        assert await found(made, "") == []

    run(change)


def test_two_letters_exchanged_are_corrected_in_short_words_too(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, _: Database) -> None:
        for wrong, meant in [("bule shoes ", "blue shoes"), ("quikc ", "quick"), ("foxx ", "fox"), ("reed ", "red")]:
            assert (await made.query("articles", Query(text=wrong))).corrected == meant, wrong

    run(ask)


def test_a_word_that_came_after_the_last_build_is_not_corrected_to_another(run: Callable[[Work], Any]) -> None:
    async def ask(made: PostgresEngine, database: Database) -> None:
        assert (await made.query("articles", Query(text="databasis "))).corrected == "databases"
        await database.execute("INSERT INTO articles (id, title) VALUES (5, 'Databasis')")
        answer = await made.query("articles", Query(text="databasis "))
        assert (answer.corrected, [hit.id for hit in answer.hits]) == (None, [5])

    run(ask)
