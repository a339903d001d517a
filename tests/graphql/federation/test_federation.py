"""What a gateway gets: a text it can read, and rows in the order of its representations, within the role's rules."""

from __future__ import annotations

from typing import Any

import graphql
import pytest

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play

FEATURE = {"HASURA_GRAPHQL_EXPERIMENTAL_FEATURES": "apollo_federation"}
ENABLED = {"enable": "v1"}
USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}
ENTITIES = """query ($r: [_Any!]!) { _entities(representations: $r) {
    __typename ... on author { name articles(order_by: {id: asc}) { title } } ... on article { title }
} }"""


async def federated(api: Api) -> None:
    await authors_and_articles(api)
    for table in ("author", "article"):
        args = {"table": table, "apollo_federation_config": ENABLED}
        await api.metadata("pg_set_apollo_federation_config", args)


async def ask(api: Api, query: str, variables: Any = None, headers: dict[str, str] | None = None) -> Any:
    return (await api.post("/v1/graphql", {"query": query, "variables": variables}, headers)).json()


def test_rows_come_in_the_order_of_their_representations_and_null_for_none(dsn: str) -> None:
    async def script(api: Api) -> None:
        await federated(api)
        asked = [("article", 3), ("author", 1), ("article", 99), ("article", 1)]
        representations = [{"__typename": name, "id": number} for name, number in asked]
        assert (await ask(api, ENTITIES, {"r": representations}))["data"]["_entities"] == [
            {"__typename": "article", "title": "Three"},
            {"__typename": "author", "name": "Ada", "articles": [{"title": "One"}, {"title": "Two"}]},
            None,
            {"__typename": "article", "title": "One"},
        ]
        mine = [{"__typename": "article", "id": number} for number in (1, 3)]
        query = ENTITIES.replace("... on author { name articles(order_by: {id: asc}) { title } }", "")
        assert (await ask(api, query, {"r": mine}, USER))["data"]["_entities"] == [
            {"__typename": "article", "title": "One"}, None,
        ]  # fmt: skip
        assert (await ask(api, ENTITIES, {"r": []}))["data"]["_entities"] == []

    play(dsn, script, **FEATURE)


@pytest.mark.parametrize(
    ("representation", "message"),
    [
        ({"id": 1}, "expected an object with the __typename of an entity"),
        ({"__typename": "nothing", "id": 1}, "expected an object with the __typename of an entity"),
        ("author", "expected an object with the __typename of an entity"),
        ({"__typename": ["author"], "id": 1}, "expected an object with the __typename of an entity"),
        ({"__typename": "author"}, 'the key field "id" is missing'),
        (
            {"__typename": "author", "id": "1; DROP TABLE author"},
            'invalid input syntax for type integer: "1; DROP TABLE author"',
        ),
    ],
)
def test_a_wrong_representation_is_refused(dsn: str, representation: Any, message: str) -> None:
    async def script(api: Api) -> None:
        await federated(api)
        refused = await ask(api, ENTITIES, {"r": [representation]})
        assert refused["errors"][0]["message"] == message

    play(dsn, script, **FEATURE)


def test_the_text_of_the_schema_can_be_read_and_names_the_keys(dsn: str) -> None:
    async def script(api: Api) -> None:
        await federated(api)
        text = (await ask(api, "{ _service { __typename sdl } }"))["data"]["_service"]["sdl"]
        schema = graphql.build_schema(f"directive @key(fields: String!) repeatable on OBJECT\n{text}")
        assert schema.query_type is not None
        assert "_service" not in schema.query_type.fields
        assert 'type author @key(fields: "id") {' in text
        mine = (await ask(api, "{ _service { sdl } }", None, USER))["data"]["_service"]["sdl"]
        assert 'type article @key(fields: "id")' in mine
        assert "type author" not in mine
        await api.metadata("set_graphql_schema_introspection_options", {"disabled_for_roles": ["user"]})
        refused = await ask(api, "{ _service { sdl } }", None, USER)
        assert refused["errors"][0]["message"] == "field '_service' not found in type: 'query_root'"

    play(dsn, script, **FEATURE)


def test_nothing_of_it_is_there_without_the_feature(dsn: str) -> None:
    async def script(api: Api) -> None:
        await federated(api)
        assert "not found in type" in (await ask(api, "{ _service { sdl } }"))["errors"][0]["message"]

    play(dsn, script)
