from __future__ import annotations

from tests.graphql.serving import Api, authors_and_articles, play


def test_what_there_is_to_track_is_listed_even_if_it_is_new(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql("CREATE TABLE late (id int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                      check_metadata_consistency=False)  # fmt: skip
        public = [{"schema": "public", "name": name} for name in ("article", "author", "late")]
        assert await api.metadata("pg_get_source_tables", {"source": "default"}) == public
        assert await api.metadata("pg_get_source_trackables", {}) == {
            "tables": public[2:],
            "functions": [{"schema": "public", "name": "f"}],
        }
        code, _, _ = await api.refused("pg_get_source_tables", {"source": "elsewhere"})
        assert code == "not-exists"

    play(dsn, script)


def test_a_table_is_described(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        info = await api.metadata("pg_get_table_info", {"table": "article"})
        assert info["name"] == ["public", "article"]
        assert info["primary_key"] == ["id"]
        assert [(column["name"], column["type"], column["nullable"]) for column in info["columns"]] == [
            ("id", "int4", False),
            ("title", "text", True),
            ("author_id", "int4", True),
        ]
        assert info["foreign_keys"] == {
            "article_author_id_fkey": {"foreign_table": ["public", "author"], "column_mapping": {"author_id": "id"}}
        }
        code, path, message = await api.refused("pg_get_table_info", {"table": "gone"})
        assert (code, path) == ("not-exists", "$.args.table")
        assert message == 'table "gone" does not exist in source: default'

    play(dsn, script)


def test_the_state_of_tools_is_kept(dsn: str) -> None:
    async def script(api: Api) -> None:
        first = await api.metadata("get_catalog_state", {})
        assert (first["cli_state"], first["console_state"]) == ({}, {})
        await api.metadata("set_catalog_state", {"type": "cli", "state": {"migrations": {"1": False}}})
        await api.metadata("set_catalog_state", {"type": "console", "state": {"theme": "dark"}})
        now = await api.metadata("get_catalog_state", {})
        assert now == {
            "id": first["id"],
            "cli_state": {"migrations": {"1": False}},
            "console_state": {"theme": "dark"},
        }
        code, path, _ = await api.refused("set_catalog_state", {"type": "editor", "state": {}})
        assert (code, path) == ("parse-failed", "$.type")

    play(dsn, script)


def test_the_engine_tells_what_it_has_in_mind(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        state = await api.metadata("dump_internal_state", {})
        assert sorted(state["sources"]["default"]["catalog"]["tables"]) == ["article", "author"]
        assert len(state["sources"]["default"]["tables"]) == 2
        assert state["inconsistent_objects"] == []
        kinds = await api.metadata("list_source_kinds", {})
        assert [one["kind"] for one in kinds["sources"]] == ["postgres"]

    play(dsn, script)


def test_connection_templates_are_refused_in_words(dsn: str) -> None:
    async def script(api: Api) -> None:
        code, _, message = await api.refused("pg_test_connection_template", {"source_name": "default"})
        assert code == "not-supported"
        assert "connection templates" in message

    play(dsn, script)
