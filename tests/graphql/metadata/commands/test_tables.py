from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play


def test_a_tracked_table_can_be_asked_for_and_an_untracked_one_cannot(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (7)")
        await api.metadata("pg_track_table", {"table": "t"})
        assert await api.graphql("{ t { id } }") == {"data": {"t": [{"id": 7}]}}
        await api.metadata("pg_untrack_table", {"table": {"schema": "public", "name": "t"}})
        assert "errors" in await api.graphql("{ t { id } }")

    play(dsn, script)


def test_a_table_made_outside_the_engine_is_found(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE hidden (id int)", check_metadata_consistency=False)
        await api.metadata("pg_track_table", {"table": "hidden"})
        assert await api.graphql("{ hidden { id } }") == {"data": {"hidden": []}}

    play(dsn, script)


def test_tracking_twice_untracking_twice_and_the_unknown_are_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE t (id int)")
        await api.metadata("pg_track_table", {"table": "t"})
        assert await api.refused("pg_track_table", {"table": "t"}) == (
            "already-tracked",
            "$.args",
            'view/table already tracked: "t"',
        )
        await api.metadata("pg_untrack_table", {"table": "t"})
        assert (await api.refused("pg_untrack_table", {"table": "t"}))[0] == "already-untracked"
        assert await api.refused("pg_track_table", {"table": {"schema": "s", "name": "x"}}) == (
            "invalid-configuration",
            "$.args",
            'Inconsistent object: no such table/view exists in source: "s.x"',
        )
        assert await api.refused("pg_track_table", {"table": "t", "source": "other"}) == (
            "not-exists",
            "$.args",
            'source with name "other" does not exist',
        )

    play(dsn, script)


def test_many_tables_are_tracked_whole_or_with_warnings(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE a (id int); CREATE TABLE b (id int)")
        tables = [{"table": "a"}, {"table": "gone"}, {"table": "b"}]
        assert (await api.refused("pg_track_tables", {"tables": tables}))[0] == "invalid-configuration"
        assert (await api.exported())["tables"] == []
        reply = await api.metadata("pg_track_tables", {"tables": tables, "allow_warnings": True})
        assert [warning["name"] for warning in reply["warnings"]] == ["gone"]
        assert len((await api.exported())["tables"]) == 2

    play(dsn, script)


def test_what_others_depend_on_is_untracked_only_by_cascade(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        assert await api.refused("pg_untrack_table", {"table": "author"}) == (
            "dependency-error",
            "$.args",
            'cannot drop due to the following dependent objects: relationship article.author in source "default", '
            'permission article.user.select in source "default"',
        )
        await api.metadata("pg_untrack_table", {"table": "author", "cascade": True})
        assert (await api.exported())["tables"] == [{"table": {"schema": "public", "name": "article"}}]

    play(dsn, script)


def test_names_are_customized_and_clashes_refused(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        configuration = {"custom_name": "writer", "column_config": {"name": {"custom_name": "fullName"}}}
        await api.metadata("pg_set_table_customization", {"table": "author", "configuration": configuration})
        assert await api.graphql("{ writer(limit: 1) { fullName } }") == {"data": {"writer": [{"fullName": "Ada"}]}}
        reply = await api.post(
            "/v1/metadata",
            {
                "type": "pg_set_table_customization",
                "args": {"table": "author", "configuration": {"custom_name": "article"}},
            },
        )
        assert (reply.status_code, reply.json()["code"]) == (500, "unexpected")
        assert "Encountered conflicting definitions" in reply.json()["error"]
        clash = {"table": "author", "configuration": {"column_config": {"name": {"custom_name": "articles"}}}}
        assert (await api.refused("pg_set_table_customization", clash))[2] == (
            "cannot continue due to new inconsistent metadata"
        )
        assert await api.graphql("{ writer(limit: 1) { fullName } }") == {"data": {"writer": [{"fullName": "Ada"}]}}

    play(dsn, script)


def test_an_enum_table_must_have_the_shape_of_one(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql("CREATE TABLE mood (value text PRIMARY KEY); INSERT INTO mood VALUES ('good')")
        await api.metadata("pg_track_table", {"table": "mood"})
        await api.metadata("pg_set_table_is_enum", {"table": "mood", "is_enum": True})
        code, _, message = await api.refused("pg_set_table_is_enum", {"table": "author", "is_enum": True})
        assert code == "invalid-configuration"
        assert 'must have type "text", not type "integer"' in message

    play(dsn, script)


def test_many_tables_are_untracked_as_far_as_it_goes_if_wanted(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        tables = [{"table": "gone"}, {"table": "article", "cascade": True}]
        assert (await api.refused("pg_untrack_tables", {"tables": tables}))[0] == "already-untracked"
        reply = await api.metadata("pg_untrack_tables", {"tables": tables, "allow_warnings": True})
        assert [(warning["code"], warning["name"]) for warning in reply["warnings"]] == [("already-untracked", "gone")]
        assert [table["table"]["name"] for table in (await api.exported())["tables"]] == ["author"]

    play(dsn, script)


def test_two_columns_cannot_be_one_field(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE pair (a int, b int)")
        await api.metadata("pg_track_table", {"table": "pair"})

        def named(**names: str) -> dict[str, object]:
            config = {column: {"custom_name": name} for column, name in names.items()}
            return {"table": "pair", "configuration": {"column_config": config}}

        code, _, message = await api.refused("pg_set_table_customization", named(b="a"))
        assert code == "invalid-configuration"
        assert message.endswith('the columns "a" and "b" are mapped to the same field name, "a"')
        await api.metadata("pg_set_table_customization", named(a="b", b="a"))

    play(dsn, script)
