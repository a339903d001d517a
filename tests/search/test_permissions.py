"""Who finds what: GraphQL's roles through the function of an index, PostgreSQL's roles through the schema."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from nself.search.postgres.engine import PostgresEngine
from tests.graphql.served import Served
from tests.search.articles import INDEXES, opened, quiet, sources

ARTICLES = {
    "table": {"schema": "public", "name": "articles"},
    "select_permissions": [
        {
            "role": "user",
            "permission": {"columns": ["id", "title"], "filter": {"owner_id": {"_eq": "X-Hasura-User-Id"}}},
        }
    ],
}
FUNCTION = {"schema": "search", "name": "articles"}
EVERYTHING_IN_SEARCH = """
    SELECT format('%s %s', kind, name) FROM (
        SELECT 'table' AS kind, relname AS name, relacl AS acl FROM pg_class
            WHERE relnamespace = 'search'::regnamespace AND relkind IN ('r', 'S', 'v')
        UNION ALL SELECT 'schema', nspname, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace
            WHERE nspname = 'search'
        UNION ALL SELECT 'function', proname, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
            WHERE pronamespace = 'search'::regnamespace
    ) objects, aclexplode(acl) granted WHERE granted.grantee = 0
"""


def metadata(*functions: dict[str, Any]) -> dict[str, Any]:
    source = {"name": "default", "kind": "postgres", "tables": [ARTICLES], "functions": list(functions)}
    return {"version": 3, "sources": [source]}


@pytest.fixture
def served(searchable: str) -> Iterator[Served]:
    with Served(searchable) as served:
        assert served.load(metadata({"function": FUNCTION, "permissions": [{"role": "user"}]})) == []
        yield served


def as_user(number: int) -> dict[str, Any]:
    return {"role": "user", "session": {"x-hasura-user-id": str(number)}}


@pytest.mark.parametrize(
    "arguments",
    [
        'query: "shoes "',
        'query: ""',
        'query: "shoes ", filter: {owner_id: 2}',
        'query: "", filter: {owner_id: [1, 2]}, sort: "-price"',
        'query: "", max_rows: 1000000',
    ],
)
def test_rows_of_others_are_never_found(served: Served, arguments: str) -> None:
    query = f"{{ search_articles(args: {{{arguments}}}) {{ id }} }}"
    everyone = {row["id"] for row in served.ask(query)["search_articles"]}
    mine = {row["id"] for row in served.ask(query, **as_user(1))["search_articles"]}
    theirs = {row["id"] for row in served.ask(query, **as_user(2))["search_articles"]}
    assert mine <= {1, 3}
    assert theirs <= {2, 4}
    assert mine | theirs == everyone
    assert theirs


def test_a_role_gets_the_columns_it_may_select_and_no_others(served: Served) -> None:
    args = 'args: {query: "shoes "}'
    found = served.ask(f"{{ search_articles({args}) {{ id title }} }}", **as_user(1))
    assert found == {"search_articles": [{"id": 1, "title": "Red shoes"}]}
    refused = served.refused(f"{{ search_articles({args}) {{ id body }} }}", **as_user(1))
    assert "field 'body' not found" in refused.message
    for clause in ('where: {body: {_like: "%fox%"}}', "order_by: {price: asc}"):
        field = clause.split("{")[1].split(":")[0]
        assert field in served.refused(f"{{ search_articles({args}, {clause}) {{ id }} }}", **as_user(1)).message


def test_a_role_without_permission_on_the_table_has_no_search(served: Served) -> None:
    refused = served.refused('{ search_articles(args: {query: ""}) { id } }', role="stranger")
    assert "search_articles" in refused.message


@pytest.mark.parametrize("name", ["query", "matches", "find", "index_of"])
def test_functions_that_know_no_permissions_cannot_be_tracked(searchable: str, name: str) -> None:
    with Served(searchable) as served:
        function = {"function": {"schema": "search", "name": name}, "permissions": [{"role": "user"}]}
        (problem,) = served.load(metadata(function))
        assert problem.kind == "function"


def test_a_role_that_sees_few_of_many_rows_asks_for_more_of_them(searchable: str) -> None:
    many = (
        "INSERT INTO articles (id, title, owner_id) SELECT n, 'umbrella', 2 FROM generate_series(100, 2100) n;"
        "INSERT INTO articles (id, title, body, owner_id) VALUES (9999, 'hat', 'umbrella', 1)"
    )
    with Served(searchable) as served:
        served.load(metadata({"function": FUNCTION, "permissions": [{"role": "user"}]}))
        served.sql(many)
        for arguments, expected in [
            ("", []),
            (", max_rows: 10000", [{"id": 9999}]),
            (", filter: {owner_id: 1}", [{"id": 9999}]),
        ]:
            query = f'{{ search_articles(args: {{query: "umbrella "{arguments}}}) {{ id }} }}'
            assert served.ask(query, **as_user(1)) == {"search_articles": expected}


def test_nothing_in_the_schema_is_granted_to_everybody(searchable: str) -> None:
    async def granted() -> list[Any]:
        async with opened(searchable) as database:
            return await database.fetch(EVERYTHING_IN_SEARCH)

    assert asyncio.run(granted()) == []


def test_a_role_of_postgresql_finds_nothing_until_granted_and_then_by_its_policies(searchable: str, role: str) -> None:
    async def script() -> None:
        async with opened(searchable) as database:
            await database.execute(f"GRANT SELECT (id, title) ON articles TO {role}")
            for sql in ("SELECT search.query('articles', 'shoes')", "SELECT id FROM search.articles('shoes')"):
                assert await refused(database, role, sql) == "42501"
            await database.execute(
                f"GRANT USAGE ON SCHEMA search TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA search TO {role};"
                f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA search TO {role}; GRANT SELECT ON articles TO {role};"
                f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA search TO {role};"
                "ALTER TABLE articles ENABLE ROW LEVEL SECURITY;"
                f"CREATE POLICY own ON articles TO {role} USING (owner_id = 1)"
            )
            async with database.transaction() as connection:
                await connection.execute(f"SET LOCAL ROLE {role}")
                rows = await connection.fetch("SELECT id FROM search.articles('shoes ')")
                assert [row["id"] for row in rows] == [1]
                found = await connection.fetchval("SELECT search.query('articles', 'shoes ')")
                assert [hit["id"] for hit in found["hits"]] == [1]

    asyncio.run(script())


def test_whoever_writes_to_the_table_needs_no_right_in_the_schema_and_gets_none(searchable: str, role: str) -> None:
    async def script() -> None:
        async with opened(searchable) as database:
            await database.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON articles TO {role}; GRANT CREATE ON SCHEMA public TO {role}"
            )
            async with database.transaction() as connection:
                await connection.execute(f"SET LOCAL ROLE {role}")
                await connection.execute("INSERT INTO articles (id, title) VALUES (5, 'Umbrella')")
                await connection.execute("UPDATE articles SET title = 'Parasol' WHERE id = 5")
            rows = await database.fetch("SELECT id FROM search.articles('parasol ')")
            assert [row["id"] for row in rows] == [5]
            assert await database.fetch_value("SELECT problem FROM search.indexes") is None
            forged = (
                "CREATE TABLE mine (LIKE articles); CREATE TRIGGER forged AFTER INSERT ON mine REFERENCING NEW TABLE AS"
                " new_rows FOR EACH STATEMENT EXECUTE FUNCTION search.changed('articles')"
            )
            for grant in ("SELECT", f"GRANT USAGE ON SCHEMA search TO {role}"):
                await database.execute(grant)
                assert await refused(database, role, forged) == "42501"

    asyncio.run(script())


def test_grants_on_the_function_outlive_a_reindex(searchable: str, role: str) -> None:
    async def script() -> None:
        async with opened(searchable) as database:
            signature = "search.articles(text, jsonb, text, text, int)"
            await database.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {role}")
            await database.execute("CREATE VIEW found AS SELECT id FROM search.articles('shoes')")
            (source,) = await sources(database, INDEXES)
            await PostgresEngine(database).build(source, quiet)
            assert await database.fetch_value(f"SELECT has_function_privilege('{role}', '{signature}', 'EXECUTE')")
            assert await database.fetch_value("SELECT count(*) FROM found") == 2

    asyncio.run(script())


async def refused(database: Any, role: str, sql: str) -> str | None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        async with database.transaction() as connection:
            await connection.execute(f"SET LOCAL ROLE {role}")
            await connection.execute(sql)
    return caught.value.sqlstate


@pytest.fixture
def role(cluster: Any, new_database: Callable[..., str]) -> str:
    """A role without rights, known to the whole cluster: made once."""
    cluster.run(
        "postgres",
        "DO $$ BEGIN CREATE ROLE search_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    )
    return "search_reader"
