from __future__ import annotations

from tests.graphql.serving import TABLES, Api, play

AUTHOR = {"table": {"schema": "public", "name": "author"}, "columns": ["id"]}
ARTICLE = {
    "table": {"schema": "public", "name": "article"},
    "columns": ["author_id"],
    "constraint_name": "article_author_id_fkey",
}


def test_foreign_keys_suggest_a_relationship_each_way_until_it_is_tracked(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql(TABLES)
        await api.metadata("pg_track_tables", {"tables": [{"table": "author"}, {"table": "article"}]})
        forth = {"type": "object", "from": ARTICLE, "to": AUTHOR}
        back = {"type": "array", "from": AUTHOR, "to": ARTICLE}
        assert await api.metadata("pg_suggest_relationships", {}) == {"relationships": [forth, back]}
        assert await api.metadata("pg_suggest_relationships", {"tables": ["author"]}) == {"relationships": [back]}
        using = {"foreign_key_constraint_on": "author_id"}
        await api.metadata("pg_create_object_relationship", {"table": "article", "name": "author", "using": using})
        assert await api.metadata("pg_suggest_relationships", {"omit_tracked": True}) == {"relationships": [back]}

    play(dsn, script)
