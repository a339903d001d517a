from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play

MANUAL = {"manual_configuration": {"remote_table": "author", "column_mapping": {"author_id": "id"}}}


def test_relationships_can_be_asked_for_until_they_are_dropped(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.metadata("pg_create_object_relationship", {"table": "article", "name": "writer", "using": MANUAL})
        asked = "{ article(limit: 1, order_by: {id: asc}) { writer { name } } }"
        assert await api.graphql(asked) == {"data": {"article": [{"writer": {"name": "Ada"}}]}}
        await api.metadata("pg_drop_relationship", {"table": "article", "relationship": "writer"})
        assert "errors" in await api.graphql(asked)

    play(dsn, script)


def test_a_relationship_must_lead_somewhere_under_a_free_name(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        create = "pg_create_object_relationship"
        no_key = {"table": "article", "name": "x", "using": {"foreign_key_constraint_on": "title"}}
        assert await api.refused(create, no_key) == (
            "invalid-configuration",
            "$.args",
            'Inconsistent object: in table "article": in relationship "x": '
            "no foreign constraint exists on the given column(s)",
        )
        taken = {"table": "article", "name": "author", "using": MANUAL}
        assert (await api.refused(create, taken))[0] == "already-exists"
        column = {"table": "article", "name": "title", "using": MANUAL}
        assert (await api.refused(create, column))[2] == (
            "Inconsistent object: field definition conflicts with postgres column"
        )
        nowhere = {"manual_configuration": {"remote_table": "nobody", "column_mapping": {"id": "id"}}}
        assert (await api.refused(create, {"table": "article", "name": "y", "using": nowhere}))[2] == (
            'Inconsistent object: table "nobody" is not tracked'
        )

    play(dsn, script)


def test_permissions_follow_a_renamed_relationship(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.metadata("pg_rename_relationship", {"table": "article", "name": "author", "new_name": "writer"})
        article = (await api.exported())["tables"][1]
        assert article["object_relationships"][0]["name"] == "writer"
        assert article["select_permissions"][0]["permission"]["filter"] == {"writer": {"name": "X-Hasura-Name"}}

    play(dsn, script)


def test_a_relationship_that_a_permission_needs_is_dropped_only_by_cascade(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        args = {"table": "article", "relationship": "author"}
        assert (await api.refused("pg_drop_relationship", args))[0] == "dependency-error"
        await api.metadata("pg_drop_relationship", {**args, "cascade": True})
        assert "select_permissions" not in (await api.exported())["tables"][1]

    play(dsn, script)


def test_comments_are_kept(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        args = {"table": "article", "relationship": "author", "comment": "who wrote it"}
        await api.metadata("pg_set_relationship_comment", args)
        assert (await api.exported())["tables"][1]["object_relationships"][0]["comment"] == "who wrote it"

    play(dsn, script)
