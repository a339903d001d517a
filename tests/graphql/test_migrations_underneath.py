"""Somebody changes the schema with psql while the engine serves it: clear errors, no stale answers, a reload mends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from nself.graphql.sql.statement import CHANGED_BEHIND
from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

QUERY = "{ article(order_by: {id: asc}) { id title } }"
WRITE = 'mutation { update_article(where: {id: {_eq: 1}}, _set: {title: "New"}) { returning { id title } } }'
AS_ADA = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}


@asynccontextmanager
async def psql(dsn: str) -> AsyncIterator[Callable[[str], Any]]:
    """Somebody else's connection."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection.execute
    finally:
        await connection.close()


async def error_of(api: Api, query: str, headers: dict[str, str] | None = None) -> tuple[str, str]:
    (error,) = (await api.graphql(query, headers))["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE article DROP COLUMN title",
        "ALTER TABLE article RENAME COLUMN title TO headline",
        "ALTER TABLE article RENAME TO essay",
        "DROP TABLE article",
        "ALTER TABLE article SET SCHEMA elsewhere",
    ],
)
def test_what_is_gone_is_said_and_a_reload_mends_the_rest(dsn: str, change: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        assert "data" in await api.graphql(QUERY)
        async with psql(dsn) as execute:
            await execute("CREATE SCHEMA elsewhere")
            await execute(change)
        for query in (QUERY, WRITE):
            assert await error_of(api, query) == ("unexpected", CHANGED_BEHIND)
        assert await error_of(api, "{ article { id title } }", AS_ADA) == ("unexpected", CHANGED_BEHIND)
        assert (await api.graphql("{ author(where: {id: {_eq: 1}}) { name } }"))["data"] == {
            "author": [{"name": "Ada"}]
        }
        await api.metadata("reload_metadata", {})
        code, message = await error_of(api, QUERY)
        assert code == "validation-failed"
        assert "not found in type" in message
        assert (await api.graphql("{ author { name } }"))["data"]["author"]

    play(dsn, script)


def test_a_column_of_another_type_is_read_and_written_as_it_is_now(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        for _ in range(3):
            assert (await api.graphql(WRITE))["data"]["update_article"]["returning"] == [{"id": 1, "title": "New"}]
            assert len((await api.graphql(QUERY))["data"]["article"]) == 3
        async with psql(dsn) as execute:
            await execute("ALTER TABLE article ALTER COLUMN title TYPE varchar(5)")
        assert (await api.graphql(QUERY))["data"]["article"][0] == {"id": 1, "title": "New"}
        assert (await api.graphql(WRITE))["data"]["update_article"]["returning"] == [{"id": 1, "title": "New"}]
        async with psql(dsn) as execute:
            await execute("ALTER TABLE article ALTER COLUMN title TYPE int USING 7")
        assert (await api.graphql(QUERY))["data"]["article"][0] == {"id": 1, "title": 7}
        code, _ = await error_of(api, WRITE)
        assert code in {"unexpected", "data-exception"}
        await api.metadata("reload_metadata", {})
        number = WRITE.replace('"New"', "8")
        assert (await api.graphql(number))["data"]["update_article"]["returning"] == [{"id": 1, "title": 8}]

    play(dsn, script)


def test_what_is_new_shows_after_a_reload(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with psql(dsn) as execute:
            await execute("ALTER TABLE article ADD COLUMN words int NOT NULL DEFAULT 3")
        assert "data" in await api.graphql(QUERY)
        assert "data" in await api.graphql(WRITE)
        assert (await error_of(api, "{ article { words } }"))[0] == "validation-failed"
        await api.metadata("reload_metadata", {})
        assert (await api.graphql("{ article(limit: 1) { words } }"))["data"] == {"article": [{"words": 3}]}

    play(dsn, script)


def test_a_permission_whose_column_is_gone_lets_nothing_through(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with psql(dsn) as execute:
            await execute("ALTER TABLE author DROP COLUMN name")
        assert (await error_of(api, "{ article { id } }", AS_ADA))[0] == "unexpected"
        reply = await api.metadata("reload_metadata", {})
        assert reply["is_consistent"] is False
        assert (await error_of(api, "{ article { id } }", AS_ADA))[0] == "validation-failed"
        assert len((await api.graphql("{ article { id } }"))["data"]["article"]) == 3

    play(dsn, script)
