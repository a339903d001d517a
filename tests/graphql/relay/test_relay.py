"""/v1beta1/relay: ids, pages in both directions over every kind of sort key, and what a stranger may not reach."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}


async def ask(
    api: Api, query: str, variables: Mapping[str, Any] | None = None, headers: dict[str, str] | None = None
) -> Any:
    reply = await api.post("/v1beta1/relay", {"query": query, "variables": dict(variables or {})}, headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def id_of(*parts: Any) -> str:
    return base64.b64encode(json.dumps([1, *parts]).encode()).decode()


async def pages(api: Api, order: str, size: int, *, backwards: bool = False) -> list[list[Any]]:
    """All pages of `t`, one after the other, by the cursors they give."""
    found, mark = [], ""
    side, at, end, more = (
        ("last", "before", "startCursor", "hasPreviousPage")
        if backwards
        else ("first", "after", "endCursor", "hasNextPage")
    )
    for _ in range(20):
        cursor = f', {at}: "{mark}"' if mark else ""
        answer = f"pageInfo {{ {end} {more} }} edges {{ node {{ n }} }}"
        query = f"{{ t_connection({side}: {size}{order}{cursor}) {{ {answer} }} }}"
        page = (await ask(api, query))["data"]["t_connection"]
        found.append([edge["node"]["n"] for edge in page["edges"]])
        mark = page["pageInfo"][end]
        if not page["pageInfo"][more]:
            return found
    raise AssertionError("the pages never end")


@pytest.mark.parametrize(
    "direction", ["asc", "desc", "asc_nulls_first", "asc_nulls_last", "desc_nulls_first", "desc_nulls_last"]
)
def test_pages_joined_are_the_whole_list_whatever_the_order_and_the_nulls(dsn: str, direction: str) -> None:
    async def script(api: Api) -> None:
        await api.sql(
            "CREATE TABLE t (a int, b text, n int, PRIMARY KEY (a, b));"
            "INSERT INTO t SELECT g / 3, 'k' || g, CASE WHEN g % 4 > 0 THEN g % 5 END FROM generate_series(1, 11) g"
        )
        await api.metadata("pg_track_table", {"table": "t"})
        listed = await api.graphql(f"{{ t(order_by: [{{n: {direction}}}, {{a: asc}}, {{b: asc}}]) {{ n }} }}")
        whole = [row["n"] for row in listed["data"]["t"]]
        order = f", order_by: {{n: {direction}}}"
        forward = await pages(api, order, 3)
        assert [n for page in forward for n in page] == whole
        assert [len(page) for page in forward] == [3, 3, 3, 2]
        backward = await pages(api, order, 4, backwards=True)
        assert [n for page in reversed(backward) for n in page] == whole

    play(dsn, script)


def test_a_connection_hangs_on_rows_too_and_keeps_to_the_roles_rules(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        query = """{ author_connection(order_by: {articles_aggregate: {max: {id: desc}}}) {
            __typename pageInfo { __typename hasNextPage }
            edges { __typename node {
                id name articles_connection(last: 1) { edges { node { __typename id title } } }
            } }
        } }"""
        found = (await ask(api, query))["data"]["author_connection"]
        assert [edge["node"]["name"] for edge in found["edges"]] == ["Bob", "Ada"]
        assert (found["__typename"], found["edges"][0]["__typename"]) == ("authorConnection", "authorEdge")
        assert found["edges"][1]["node"]["articles_connection"]["edges"] == [
            {"node": {"__typename": "article", "id": id_of("public", "article", 2), "title": "Two"}}
        ]
        mine = await ask(api, "{ article_connection { edges { node { title } } } }", headers=USER)
        assert [edge["node"]["title"] for edge in mine["data"]["article_connection"]["edges"]] == ["One", "Two"]
        refused = await ask(api, "{ author_connection { edges { cursor } } }", headers=USER)
        assert refused["errors"][0]["message"] == "field 'author_connection' not found in type: 'query_root'"

    play(dsn, script)


def test_node_gives_what_the_role_may_see_and_null_for_the_rest(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        query = "query ($id: ID!) { node(id: $id) { __typename id ... on article { title } ... on author { name } } }"
        for number in (1, 3):
            one = id_of("public", "article", number)
            admin = (await ask(api, query, {"id": one}))["data"]["node"]
            assert admin == {"__typename": "article", "id": one, "title": "One" if number == 1 else "Three"}
            assert (await ask(api, query, {"id": one}, USER))["data"]["node"] == (admin if number == 1 else None)
        author = id_of("public", "author", 1)
        assert (await ask(api, query, {"id": author}))["data"]["node"]["name"] == "Ada"
        hidden = await ask(api, query, {"id": author}, USER)
        assert hidden["errors"][0]["extensions"]["path"] == "$.selectionSet.node.args.id"

    play(dsn, script)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("random!", "Failed reading: not a valid json value"),
        (base64.b64encode(b"{}").decode(), "parsing node id failed, expected Array, but encountered Object"),
        (base64.b64encode(b"[]").decode(), "unexpected GUID format, found empty list"),
        (base64.b64encode(b"[2,1]").decode(), "unsupported GUID version: 2.0"),
        (base64.b64encode(b'["x"]').decode(), "unexpected GUID version, expected a number"),
        (base64.b64encode(b'[1,"public","author"]').decode(), "expecting schema name, table name and at least one"),
        (base64.b64encode(b"[" * 5000).decode(), "not a valid json value"),
        (id_of("public", "pg_authid", 1), 'no table "pg_authid" has nodes'),
        (id_of("public", "author", 1, 2), "the key of author has 1 columns"),
        (base64.b64encode(b"[1%s,1]" % (b"0" * 400)).decode(), "unsupported GUID version: 9007199254740992.0"),
        (id_of("public", "\ud800", 1), "not a valid json value"),
    ],
)
def test_a_wrong_id_is_told_what_is_wrong(dsn: str, given: str, reason: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        refused = await ask(api, "query ($id: ID!) { node(id: $id) { id } }", {"id": given})
        assert refused["errors"][0]["extensions"] == {
            "path": "$.selectionSet.node.args.id",
            "code": "validation-failed",
        }
        assert refused["errors"][0]["message"].startswith("invalid node id: ")
        assert reason in refused["errors"][0]["message"]

    play(dsn, script)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("first: 1, last: 1", '"first" and "last" are not allowed at once'),
        ('after: "e30=", before: "e30="', '"after" and "before" are not allowed at once'),
        ('after: "nonsense"', "the cursor does not belong to this order of rows"),
        ('after: "e30="', "the cursor does not belong to this order of rows"),
        ("first: -1", "expected a non-negative 32-bit integer"),
    ],
)
def test_wrong_pages_are_refused(dsn: str, args: str, message: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        refused = await ask(api, f"{{ author_connection({args}) {{ edges {{ cursor }} }} }}")
        assert message in refused["errors"][0]["message"]
        assert refused["errors"][0]["extensions"]["path"].startswith("$.selectionSet.author_connection.args")

    play(dsn, script)


def test_a_cursor_with_sql_in_it_is_a_value_like_any_other(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        hostile = base64.b64encode(json.dumps({"name": "'; DROP TABLE author; --", "id": 1}).encode()).decode()
        query = (
            f'{{ author_connection(order_by: {{name: asc}}, after: "{hostile}") {{ edges {{ node {{ name }} }} }} }}'
        )
        found = (await ask(api, query))["data"]["author_connection"]
        assert [edge["node"]["name"] for edge in found["edges"]] == ["Ada", "Bob"]

    play(dsn, script)


def test_an_empty_page_has_empty_cursors(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        query = """{ author_connection(where: {id: {_lt: 0}}, first: 2) {
            pageInfo { startCursor endCursor hasNextPage hasPreviousPage } edges { cursor }
        } }"""
        assert (await ask(api, query))["data"]["author_connection"] == {
            "pageInfo": {"startCursor": "", "endCursor": "", "hasNextPage": False, "hasPreviousPage": False},
            "edges": [],
        }

    play(dsn, script)


def test_introspection_describes_the_relay_schema(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        query = "{ __schema { queryType { fields { name } } types { name kind possibleTypes { name } } } }"
        schema = (await ask(api, query))["data"]["__schema"]
        assert [field["name"] for field in schema["queryType"]["fields"]] == [
            "article_connection", "author_connection", "node",
        ]  # fmt: skip
        (node,) = (entry for entry in schema["types"] if entry["name"] == "Node")
        assert [entry["name"] for entry in node["possibleTypes"]] == ["article", "author"]

    play(dsn, script)


def test_a_functions_rows_come_as_a_connection(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(
            "CREATE FUNCTION search(word text) RETURNS SETOF article STABLE LANGUAGE sql"
            " AS $$ SELECT * FROM article WHERE title ~* word $$"
        )
        await api.metadata("pg_track_function", {"function": "search"})
        query = """{ search_connection(args: {word: "o"}, first: 1) {
            pageInfo { hasNextPage } edges { node { title author { name } } }
        } }"""
        assert (await ask(api, query))["data"]["search_connection"] == {
            "pageInfo": {"hasNextPage": True},
            "edges": [{"node": {"title": "One", "author": {"name": "Ada"}}}],
        }

    play(dsn, script)
