from __future__ import annotations

import pytest
import yaml
from graphql import GraphQLSchema, build_client_schema, get_introspection_query, parse, print_schema, validate
from graphql.type import assert_valid_schema

from tests.graphql.served import GOLDEN, Served, metadata

CASES = sorted((GOLDEN / "cases").iterdir())


def client_schema(served: Served, **session: object) -> GraphQLSchema:
    answer = served.ask(get_introspection_query(directive_is_repeatable=True), **session)
    schema = build_client_schema(answer)
    assert_valid_schema(schema)
    return schema


@pytest.mark.parametrize("role", ["admin", "reader", "writer", "clerk", "nobody"])
def test_every_roles_schema_is_a_valid_graphql_schema(reading: Served, role: str) -> None:
    schema = client_schema(reading, role=role)
    assert schema.query_type is not None


def test_what_the_engine_answers_its_own_schema_allows(reading: Served) -> None:
    for case in CASES:
        request = yaml.safe_load((case / "request.yaml").read_text()) if (case / "request.yaml").exists() else {}
        session = {key: request[key] for key in ("role", "trusted", "backend_only") if key in request}
        errors = validate(client_schema(reading, **session), parse((case / "query.graphql").read_text()))
        # Standard validation knows no list literals in strings, and merges fields only of equal shape, as we do.
        assert errors == [], case.name


def test_a_role_sees_only_what_it_may_use(reading: Served) -> None:
    text = print_schema(client_schema(reading, role="writer"))
    assert "type genres" not in text
    assert "type profiles" not in text
    assert "email" not in text
    assert "delete_books" not in text
    assert "input authors_insert_input {\n" in text
    fields = {
        field["name"]
        for field in reading.ask('{ __type(name: "query_root") { fields { name } } }', role="writer")["__type"][
            "fields"
        ]
    }
    assert fields == {"authors", "authors_by_pk", "books_by_pk"}


def test_backend_only_fields_show_to_a_trusted_backend_alone(reading: Served) -> None:
    query = '{ __type(name: "mutation_root") { fields { name } } }'
    for session, shown in (
        ({"backend_only": True, "trusted": True}, True),
        ({"backend_only": True}, False),
        ({"trusted": True}, False),
    ):
        fields = reading.ask(query, role="writer", **session)["__type"]["fields"]
        assert ({"name": "delete_books"} in fields) == shown


def test_comments_describe_types_and_fields(reading: Served) -> None:
    query = """{ __type(name: "authors") { description fields { name description } }
        genres: __type(name: "genres_enum") { kind enumValues { name description } } }"""
    answer = reading.ask(query)
    described = {field["name"]: field["description"] for field in answer["__type"]["fields"]}
    assert answer["__type"]["description"] == "People who write"
    assert described["name"] == "As printed on the cover"
    assert described["email"] is None
    assert described["books"] == "An array relationship"
    assert answer["genres"] == {
        "kind": "ENUM",
        "enumValues": [{"name": "essay", "description": None}, {"name": "novel", "description": "long"}],
    }


def test_nullability_follows_the_columns_and_foreign_keys(reading: Served) -> None:
    text = print_schema(client_schema(reading))
    assert "  author: authors!\n" in text
    assert "  editor: authors\n" in text
    assert "  profile: profiles\n" in text
    assert "  tags: [String!]!\n" in text
    assert "  sold: bigint!\n" in text


def test_a_mutation_root_appears_with_the_first_mutation(reading: Served) -> None:
    query = "{ __schema { queryType { name } mutationType { name } } __typename }"
    assert reading.ask(query, role="reader")["__schema"]["mutationType"] is None
    assert reading.ask(query, role="writer")["__schema"]["mutationType"] == {"name": "mutation_root"}


def test_a_type_that_the_role_does_not_know_is_null(reading: Served) -> None:
    query = "query ($n: String!) { __type(name: $n) { name } }"
    assert reading.ask(query, {"n": "genres"}, role="reader") == {"__type": None}
    assert reading.ask(query, {"n": "genres"}) == {"__type": {"name": "genres"}}


def test_unknown_fields_of_the_schema_are_refused(reading: Served) -> None:
    error = reading.refused("{ __schema { nope } }")
    assert (error.path, error.message) == (
        "$.selectionSet.__schema.selectionSet.nope",
        "field 'nope' not found in type: '__Schema'",
    )


def test_a_role_without_columns_may_count_and_nothing_else(empty: Served) -> None:
    empty.sql("CREATE TABLE votes (id int PRIMARY KEY); INSERT INTO votes VALUES (1), (2); CREATE TABLE bare ()")
    permission = {"columns": [], "filter": {"id": {"_gt": 1}}, "allow_aggregations": True}
    empty.track({"table": "votes", "select_permissions": [{"role": "crowd", "permission": permission}]}, "bare")
    assert empty.ask("{ votes_aggregate { aggregate { count } } }", role="crowd") == {
        "votes_aggregate": {"aggregate": {"count": 1}}
    }
    assert set(client_schema(empty, role="crowd").query_type.fields) == {"votes_aggregate"}  # type: ignore[union-attr]
    assert "bare_aggregate" in client_schema(empty).query_type.fields  # type: ignore[union-attr]


def test_an_empty_database_still_has_a_valid_schema(empty: Served) -> None:
    empty.track()
    assert "no_queries_available" in print_schema(client_schema(empty))


def test_metadata_without_its_tables_leaves_an_empty_schema(empty: Served) -> None:
    assert {entry.kind for entry in empty.load(metadata())} == {"table"}
    assert client_schema(empty).query_type is not None
