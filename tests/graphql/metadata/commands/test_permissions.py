from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

AS_ADA = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}


def test_a_role_sees_what_its_permission_says(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        asked = "{ article(order_by: {id: asc}) { title } }"
        assert await api.graphql(asked, AS_ADA) == {"data": {"article": [{"title": "One"}, {"title": "Two"}]}}
        await api.metadata("pg_drop_select_permission", {"table": "article", "role": "user"})
        assert "errors" in await api.graphql(asked, AS_ADA)

    play(dsn, script)


@pytest.mark.parametrize(
    ("kind", "permission"),
    [
        ("select", {"columns": ["nope"], "filter": {}}),
        ("insert", {"columns": ["nope"], "check": {}}),
        ("insert", {"check": {}, "set": {"nope": 1}}),
        ("update", {"columns": ["title"], "filter": {}, "set": {"nope": 1}}),
        ("select", {"columns": "*", "filter": {"nope": {"_eq": 1}}}),
        ("delete", {"filter": {"author": {"nope": 1}}}),
    ],
)
def test_a_permission_about_a_column_that_does_not_exist_is_refused(
    dsn: str, kind: str, permission: dict[str, Any]
) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        args = {"table": "article", "role": "other", "permission": permission}
        code, path, message = await api.refused(f"pg_create_{kind}_permission", args)
        assert (code, path) == ("invalid-configuration", "$.args")
        assert '"nope" does not exist' in message
        assert all(f"{kind}_permissions" not in table or kind == "select" for table in (await api.exported())["tables"])

    play(dsn, script)


def test_one_permission_per_role_and_none_for_admin(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        for role in ("user", "admin"):
            args = {"table": "article", "role": role, "permission": {"columns": "*", "filter": {}}}
            assert await api.refused("pg_create_select_permission", args) == (
                "already-exists",
                "$.args",
                f'select permission already defined on table "article" with role "{role}"',
            )

    play(dsn, script)


def test_arguments_are_read_strictly(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        create = "pg_create_select_permission"
        assert await api.refused(create, {"table": "article", "role": "r", "permission": {"columns": "*"}}) == (
            "parse-failed",
            "$.permission",
            'key "filter" not found',
        )
        assert (await api.refused(create, {"table": "article", "role": ""}))[0] == "parse-failed"
        assert await api.refused("pg_drop_select_permission", {"table": "article", "role": "ghost"}) == (
            "not-exists",
            "$.args",
            'select permission on "article" for role "ghost" does not exist',
        )

    play(dsn, script)


def test_comments_are_kept(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        args = {"table": "article", "role": "user", "type": "select", "comment": "their own"}
        await api.metadata("pg_set_permission_comment", args)
        assert (await api.exported())["tables"][1]["select_permissions"][0]["comment"] == "their own"
        assert (await api.refused("pg_set_permission_comment", {**args, "type": "read"}))[0] == "parse-failed"

    play(dsn, script)


def test_a_filter_nested_beyond_reason_is_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        expression: Any = {"id": 1}
        for _ in range(450):
            expression = {"_not": expression}
        permission = {"columns": "*", "filter": expression}
        body = {
            "type": "pg_create_select_permission",
            "args": {"table": "author", "role": "r", "permission": permission},
        }
        assert (await api.post("/v1/metadata", body)).status_code == 400
        assert (await api.graphql("{ author(limit: 1) { id } }"))["data"]

    play(dsn, script)
