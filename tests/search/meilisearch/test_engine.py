"""The engine `meilisearch` over a real PostgreSQL and a strict fake of the other side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from nself.errors import DatabaseError, NetworkError, PermissionDeniedError, TimedOutError, UsageError
from nself.pg.database import Database
from nself.search.engine import Query
from nself.search.meilisearch import client
from nself.search.meilisearch.client import Client, connected
from nself.search.meilisearch.engine import MeilisearchEngine
from nself.search.meilisearch.filters import expression
from tests.search.articles import TABLE, ids, opened, quiet, sources
from tests.search.meilisearch.fake import KEY, Fake, served

Work = Callable[[MeilisearchEngine, Database], Awaitable[Any]]


@pytest.fixture
def fake() -> Iterator[Fake]:
    with served(Fake()) as fake:
        yield fake


@pytest.fixture
def run(dsn: str, fake: Fake) -> Callable[[Work], Any]:
    """Do something with the engine over the four articles, their index built."""

    def go(work: Work) -> Any:
        async def inside() -> Any:
            async with opened(dsn) as database, connected(fake.url, KEY) as there:
                await database.execute(TABLE)
                engine = MeilisearchEngine(database, there)
                await engine.prepare()
                (source,) = await sources(database)
                assert await engine.build(source, quiet) == 4
                return await work(engine, database)

        return asyncio.run(inside())

    return go


def told(fake: Fake, work: Callable[[Client], Awaitable[Any]], key: str = KEY) -> Any:
    async def inside() -> Any:
        async with connected(fake.url, key) as there:
            return await work(there)

    return asyncio.run(inside())


def test_an_index_is_built_with_its_settings_and_every_row(run: Callable[[Work], Any], fake: Fake) -> None:
    async def check(engine: MeilisearchEngine, database: Database) -> None:
        assert list(fake.indexes) == ["articles"]
        held = fake.indexes["articles"]
        assert (held.key, len(held.documents)) == ("id", 4)
        assert held.settings["searchableAttributes"] == ["title", "body"]
        assert set(held.settings["filterableAttributes"]) >= {"category", "price", "tags", "owner_id"}
        assert set(held.settings["sortableAttributes"]) == {"price", "id"}
        (source,) = await sources(database)
        assert (await engine.built())["articles"] == source.definition()

    run(check)


def test_questions_filters_sorts_and_marks(run: Callable[[Work], Any]) -> None:
    async def ask(engine: MeilisearchEngine, _: Database) -> None:
        async def found(text: str, **options: Any) -> list[Any]:
            return ids(await engine.query("articles", Query(text=text, **options)))

        assert await found("red shoes") == [1]
        assert await found("shoes", filter={"price": {"gt": 60}}) == [2]
        assert await found("shoes", filter={"price": {"gt": "60"}}) == [2]
        assert await found("", filter={"category": ["blog", "shop"], "owner_id": 1}) == [1, 3]
        assert await found("", filter={"tags": "sport"}) == [1, 4]
        assert await found("", filter={"price": None}) == [3]
        assert await found("shoes", sort=("-price",)) == [2, 1]
        assert await found("", limit=1, offset=2, sort=("id",)) == [3]
        (hit,) = (await engine.query("articles", Query(text="fast", highlight=True))).hits
        assert hit.highlight["body"] == "How to keep it &lt;b&gt;<mark>fast</mark>&lt;/b&gt; &amp; safe"
        assert set(hit.document) == {"id", "title", "body", "category", "price", "tags", "owner_id"}
        with pytest.raises(UsageError):
            await found("", filter={"body": "x"})
        with pytest.raises(UsageError):
            await found("", sort=("title",))

    run(ask)


def test_facets_are_counted_by_it(run: Callable[[Work], Any]) -> None:
    async def ask(engine: MeilisearchEngine, _: Database) -> None:
        facets = (await engine.query("articles", Query(text="", facets=("category", "tags"), limit=0))).facets
        assert facets["category"].values == ({"value": "blog", "count": 2}, {"value": "shop", "count": 2})
        assert facets["category"].exact
        assert [each["count"] for each in facets["tags"].values] == [2, 2, 2]
        with pytest.raises(UsageError):
            await engine.query("articles", Query(text="", facets=("body",)))

    run(ask)


def test_what_changes_is_told_by_sync_and_counted_until_then(run: Callable[[Work], Any], fake: Fake) -> None:
    async def change(engine: MeilisearchEngine, database: Database) -> None:
        (source,) = await sources(database)
        await database.execute(
            "INSERT INTO articles (id, title) VALUES (5, 'Umbrella'), (6, 'Hat');"
            "UPDATE articles SET title = 'Green shoes' WHERE id = 1; UPDATE articles SET id = 7 WHERE id = 6;"
            "DELETE FROM articles WHERE id = 2"
        )
        assert sorted(fake.indexes["articles"].documents) == ["1", "2", "3", "4"]
        assert (await engine.stats("articles")).pending > 0
        assert await engine.sync(source) == 5
        documents = fake.indexes["articles"].documents
        assert sorted(documents) == ["1", "3", "4", "5", "7"]
        assert documents["1"]["title"] == "Green shoes"
        assert (await engine.stats("articles")).pending == 0
        assert await engine.sync(source) == 0
        await database.execute("TRUNCATE articles; INSERT INTO articles (id, title) VALUES (9, 'Cap')")
        await engine.sync(source)
        assert list(fake.indexes["articles"].documents) == ["9"]

    run(change)


def test_changes_are_kept_while_it_is_down(run: Callable[[Work], Any], fake: Fake) -> None:
    async def script(engine: MeilisearchEngine, database: Database) -> None:
        (source,) = await sources(database)
        fake.down = True
        await database.execute("INSERT INTO articles (id, title) VALUES (5, 'Umbrella')")
        with pytest.raises(NetworkError):
            await engine.sync(source)
        with pytest.raises(NetworkError):
            await engine.build(source, quiet)
        fake.down = False
        assert await engine.sync(source) == 1
        assert "5" in fake.indexes["articles"].documents

    run(script)


def test_a_reindex_exchanges_the_index_and_a_drop_leaves_nothing(run: Callable[[Work], Any], fake: Fake) -> None:
    async def script(engine: MeilisearchEngine, database: Database) -> None:
        (source,) = await sources(database)
        fake.indexes["articles"].documents.clear()
        assert await engine.build(source, quiet) == 4
        assert len(fake.indexes["articles"].documents) == 4
        await engine.drop("articles")
        assert fake.indexes == {}
        assert await engine.built() == {}
        triggers = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'articles'::regclass AND NOT tgisinternal"
        assert await database.fetch_value(triggers) == 0
        await engine.drop("articles")

    run(script)


def test_a_slow_task_is_waited_for(fake: Fake) -> None:
    fake.slow = 5
    told(fake, lambda there: there.done("POST", "/indexes", {"uid": "a", "primaryKey": "id"}))
    assert fake.asked.count("GET /tasks/0") == 6


def test_a_task_that_never_ends_is_given_up(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_S", 0.05)
    fake.slow = 10_000
    with pytest.raises(TimedOutError, match="has not finished its task 0"):
        told(fake, lambda there: there.done("POST", "/indexes", {"uid": "a"}))


def test_a_task_that_failed_is_an_error_that_says_why(fake: Fake) -> None:
    told(fake, lambda there: there.done("POST", "/indexes", {"uid": "a", "primaryKey": "id"}))
    with pytest.raises(DatabaseError, match="invalid_document_id"):
        told(fake, lambda there: there.done("POST", "/indexes/a/documents", [{"id": "no spaces please"}]))


def test_another_key_is_told_apart_from_a_server_that_is_down(fake: Fake) -> None:
    with pytest.raises(PermissionDeniedError) as refused:
        told(fake, lambda there: there.call("GET", "/health"), key="another-key")
    assert "another-key" not in str(refused.value)
    assert KEY not in str(refused.value)
    away = Fake(url="http://127.0.0.1:1")
    with pytest.raises(NetworkError, match="does not answer"):
        told(away, lambda there: there.call("GET", "/health"))


@pytest.mark.parametrize("text", ['" OR price > 0 OR "" = "', "\\", '\\" OR 1', "a] OR [b", "' = '"])
def test_what_is_typed_into_a_filter_stays_a_value(run: Callable[[Work], Any], text: str) -> None:
    async def ask(engine: MeilisearchEngine, _: Database) -> None:
        for filter in ({"category": text}, {"category": [text, text]}, {"category": {"eq": text}}):
            assert (await engine.query("articles", Query(text="", filter=filter))).hits == ()
        with pytest.raises(UsageError):
            await engine.query("articles", Query(text="", filter={text: 1}))

    run(ask)


def test_filters_in_its_language() -> None:
    assert expression({"a": 1, "b": ["x", 2], "c": None, "d": {"gte": 1, "ne": "y"}, "e": True}) == [
        '"a" = 1', '"b" IN ["x", 2]', '"c" IS NULL', '"d" >= 1', '"d" != "y"', '"e" = true',
    ]  # fmt: skip
    with pytest.raises(UsageError, match="near is no comparison"):
        expression({"a": {"near": 1}})
