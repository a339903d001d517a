"""A source whose names show otherwise: prefixes, suffixes, a namespace, the convention graphql-default."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.serving import Api, authors_and_articles, play
from tests.graphql.sockets import talking
from tests.graphql.subscriptions.test_streams import QUICK

CAMEL = {"naming_convention": "graphql-default"}
FEATURE = {"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "naming_convention"}
SPACE = {
    "root_fields": {"namespace": "lib", "prefix": "f_", "suffix": "_s"},
    "type_names": {"prefix": "t_", "suffix": "_u"},
}


async def customized(api: Api, customization: dict[str, Any]) -> None:
    await authors_and_articles(api)
    await api.metadata("pg_update_source", {"name": "default", "customization": customization})


async def data(api: Api, query: str, headers: dict[str, str] | None = None) -> Any:
    answer = await api.graphql(query, headers)
    assert "data" in answer, answer
    return answer["data"]


def test_a_namespace_holds_queries_and_mutations_with_their_names(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, SPACE)
        query = """{ lib {
            __typename f_author_s(limit: 1) { __typename name articles { title } } a: f_author_by_pk_s(id: 2) { id }
        } }"""
        assert await data(api, query) == {
            "lib": {
                "__typename": "t_lib_query_u",
                "f_author_s": [
                    {"__typename": "t_author_u", "name": "Ada", "articles": [{"title": "One"}, {"title": "Two"}]}
                ],
                "a": {"id": 2},
            }
        }
        insert = 'f_insert_author_one_s(object: {name: "Eve"}) { id }'
        failing = 'f_insert_author_s(objects: [{name: "Ada"}]) { affected_rows }'
        assert "errors" in await api.graphql(f"mutation {{ lib {{ {insert} {failing} }} }}")
        done = await data(
            api, f"mutation {{ lib {{ __typename {insert} f_delete_article_s(where: {{}}) {{ affected_rows }} }} }}"
        )
        assert done["lib"]["__typename"] == "t_lib_mutation_u"
        assert done["lib"]["f_delete_article_s"] == {"affected_rows": 3}
        names = await data(api, "{ lib { f_author_s(order_by: {id: asc}) { name } } }")
        assert [row["name"] for row in names["lib"]["f_author_s"]] == ["Ada", "Bob", "Eve"]

    play(dsn, script)


def test_a_role_without_a_table_of_the_source_has_no_namespace(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, SPACE)
        headers = {"x-hasura-admin-secret": "s3cret", "x-hasura-role": "nobody"}
        refused = await api.graphql("{ lib { __typename } }", headers)
        assert refused["errors"][0]["message"] == "field 'lib' not found in type: 'query_root'"

    play(dsn, script)


def test_every_word_is_respelled_in_graphql_default(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, CAMEL)
        variables = {
            "where": {"authorId": {"_isNull": False}},
            "order": [{"authorId": "DESC"}, {"id": "ASC_NULLS_LAST"}],
        }
        query = """query ($where: ArticleBoolExp, $order: [ArticleOrderBy!]) {
            article(where: $where, orderBy: $order, distinctOn: [AUTHOR_ID, ID], limit: 1) {
                __typename authorId author { name }
            }
            authorAggregate(where: {articlesAggregate: {count: {predicate: {_gt: 1}}}}) {
                __typename aggregate { count stddevPop { id } } nodes { name articlesAggregate { aggregate { count } } }
            }
            articleByPk(id: 1) { title }
        }"""
        reply = (await api.post("/v1/graphql", {"query": query, "variables": variables})).json()
        assert reply["data"] == {
            "article": [{"__typename": "Article", "authorId": 2, "author": {"name": "Bob"}}],
            "authorAggregate": {
                "__typename": "AuthorAggregate",
                "aggregate": {"count": 1, "stddevPop": {"id": 0}},
                "nodes": [{"name": "Ada", "articlesAggregate": {"aggregate": {"count": 2}}}],
            },
            "articleByPk": {"title": "One"},
        }
        change = """mutation {
            insertAuthor(objects: [{name: "Ada"}], onConflict: {constraint: AUTHOR_NAME_KEY, updateColumns: [NAME]}) {
                affectedRows
            }
            updateArticleMany(updates: [{where: {authorId: {_eq: 1}}, _inc: {authorId: 0}}]) { affectedRows }
            updateArticleByPk(pkColumns: {id: 1}, _set: {title: "New"}) { title }
        }"""
        assert await data(api, change) == {
            "insertAuthor": {"affectedRows": 1},
            "updateArticleMany": [{"affectedRows": 2}],
            "updateArticleByPk": {"title": "New"},
        }

    play(dsn, script, **FEATURE)


def test_introspection_knows_the_new_names_alone(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, CAMEL)
        query = "{ __schema { types { name fields { name args { name } } inputFields { name } } } }"
        types = (await data(api, query))["__schema"]["types"]
        known = {entry["name"]: entry for entry in types}
        assert {"ArticleBoolExp", "StringComparisonExp", "OrderBy", "AuthorMutationResponse"} <= set(known)
        assert not [name for name in known if "_" in name.removeprefix("__") and not name.endswith("_root")]
        spelled = [field["name"] for entry in types for field in (entry["fields"] or entry["inputFields"] or ())]
        assert not [name for name in spelled if "_" in name.lstrip("_")]

    play(dsn, script, **FEATURE)


def test_the_row_commands_find_their_tables_under_any_name(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, {**SPACE, **CAMEL})
        args = {"table": "article", "columns": ["title"], "where": {"author_id": {"$gt": 1}}, "order_by": "-author_id"}
        assert (await api.post("/v1/query", {"type": "select", "args": args})).json() == [{"title": "Three"}]

    play(dsn, script, **FEATURE)


@pytest.mark.parametrize(
    "customization",
    [
        {"root_fields": {"namespace": "a b"}},
        {"root_fields": {"prefix": '"; DROP TABLE x; --'}},
        {"root_fields": {"prefix": "__"}},
        {"root_fields": {"suffix": "ä"}},
        {"type_names": {"prefix": "1"}},
        {"type_names": {"suffix": "a-b"}},
        {"naming_convention": "SHOUTING"},
        {"root_fields": 7},
    ],
)
def test_names_that_are_none_are_refused(dsn: str, customization: dict[str, Any]) -> None:
    async def script(api: Api) -> None:
        code, path, _ = await api.refused("pg_update_source", {"name": "default", "customization": customization})
        assert code == "parse-failed"
        assert path.startswith("$.customization")

    play(dsn, script)


def test_customization_survives_export_and_import(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, {**SPACE, **CAMEL})
        exported = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        assert exported["sources"][0]["customization"] == {**SPACE, **CAMEL}
        await api.metadata("clear_metadata", {})
        await api.metadata("replace_metadata", exported)
        assert await data(api, "{ lib { __typename } }") == {"lib": {"__typename": "t_lib_query_u"}}

    play(dsn, script)


def test_subscriptions_and_streams_are_in_the_namespace_too(dsn: str) -> None:
    async def script(api: Api) -> None:
        await customized(api, {"root_fields": {"namespace": "lib"}, **CAMEL})
        async with talking(api) as talk:
            await talk.start("subscription { lib { authorByPk(id: 1) { name } } }")
            assert await talk.data() == {"lib": {"authorByPk": {"name": "Ada"}}}
            await api.sql("UPDATE author SET name = 'Eve' WHERE id = 1")
            assert await talk.data() == {"lib": {"authorByPk": {"name": "Eve"}}}
        async with talking(api) as talk:
            stream = "articleStream(batchSize: 2, cursor: {initialValue: {id: 0}, ordering: ASC}) { id }"
            await talk.start(f"subscription {{ lib {{ {stream} }} }}")
            assert await talk.data() == {"lib": {"articleStream": [{"id": 1}, {"id": 2}]}}
            assert await talk.data() == {"lib": {"articleStream": [{"id": 3}]}}

    play(dsn, script, **FEATURE, **QUICK)
