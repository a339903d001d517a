from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

AS_ADA = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}


async def run(api: Api, kind: str, args: Any, headers: dict[str, str] | None = None) -> Any:
    return (await api.post("/v1/query", {"type": kind, "args": args}, headers)).json()


def test_rows_are_selected_filtered_ordered_and_nested(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        nested = {"name": "articles", "columns": ["title"], "order_by": "-id", "limit": 1}
        args = {"table": "author", "columns": ["name", nested], "where": {"articles": {"title": {"$in": ["One"]}}}}
        assert await run(api, "select", args) == [{"name": "Ada", "articles": [{"title": "Two"}]}]
        args = {"table": "article", "columns": ["*"], "where": {"$or": [{"id": 1}, {"author": {"name": "Bob"}}]}}
        assert await run(api, "select", {**args, "order_by": [{"column": "author.name", "type": "desc"}]}) == [
            {"id": 3, "title": "Three", "author_id": 2},
            {"id": 1, "title": "One", "author_id": 1},
        ]

    play(dsn, script)


def test_a_roles_permissions_apply(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        assert await run(api, "select", {"table": "article", "columns": "*"}, AS_ADA) == [
            {"id": 1, "title": "One"},
            {"id": 2, "title": "Two"},
        ]
        assert await run(api, "count", {"table": "article"}, AS_ADA) == {"count": 2}
        for kind, args in (
            ("insert", {"table": "article", "objects": []}),
            ("delete", {"table": "article", "where": {}}),
            ("select", {"table": "author", "columns": ["id"]}),
        ):
            refused = await run(api, kind, args, AS_ADA)
            assert refused["code"] == "permission-denied", refused

    play(dsn, script)


def test_rows_are_written(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        upsert = {
            "table": "author",
            "objects": [{"id": 1, "name": "Ada L."}],
            "on_conflict": {"constraint_on": ["id"], "action": "update"},
            "returning": ["name"],
        }
        assert await run(api, "insert", upsert) == {"affected_rows": 1, "returning": [{"name": "Ada L."}]}
        update = {"table": "article", "where": {"id": {"$gt": 1}}, "$set": {"title": "x"}, "returning": ["id"]}
        assert await run(api, "update", update) == {"affected_rows": 2, "returning": [{"id": 2}, {"id": 3}]}
        assert await run(api, "delete", {"table": "article", "where": {"title": "x"}}) == {"affected_rows": 2}
        assert await run(api, "count", {"table": "article", "distinct": ["title"]}) == {"count": 1}

    play(dsn, script)


def test_columns_are_spoken_of_by_their_sql_names(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        configuration = {"custom_name": "Writer", "column_config": {"name": {"custom_name": "fullName"}}}
        await api.metadata("pg_set_table_customization", {"table": "author", "configuration": configuration})
        args = {"table": "author", "columns": ["name"], "where": {"name": "Bob"}, "order_by": "name"}
        assert await run(api, "select", args) == [{"name": "Bob"}]

    play(dsn, script)


@pytest.mark.parametrize(
    ("kind", "args", "code"),
    [
        ("select", {"table": "gone", "columns": ["id"]}, "not-exists"),
        ("select", {"table": "author", "columns": ["nope"]}, "permission-denied"),
        ("select", {"table": "author", "columns": ["id"], "where": {"nope": 1}}, "permission-denied"),
        ("select", {"table": "author", "columns": ["id"], "limit": -1}, "not-supported"),
        ("select", {"table": "author", "columns": []}, "parse-failed"),
        ("select", {"table": "author", "columns": [{"name": "id) { evil", "columns": ["id"]}]}, "not-exists"),
        (
            "select",
            {"table": "author", "columns": [{"name": "articles", "alias": "a: b", "columns": ["id"]}]},
            "not-supported",
        ),
        ("insert", {"table": "author", "objects": [{"id": 9}], "on_conflict": {"action": "explode"}}, "parse-failed"),
        ("insert", {"table": "author", "objects": [{"id": 1, "name": "x"}]}, "constraint-violation"),
        ("update", {"table": "author", "$set": {"name": "x"}}, "parse-failed"),
        ("delete", {"table": "author"}, "parse-failed"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_code(dsn: str, kind: str, args: Any, code: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        reply = await api.post("/v1/query", {"type": kind, "args": args})
        assert (reply.status_code, reply.json()["code"]) == (400, code), reply.text

    play(dsn, script)
