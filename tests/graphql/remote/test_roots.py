"""Remote root fields beside our own: what is sent, what comes back, who sees what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, parse
from graphql.language import print_ast

from tests.graphql.remote import forum
from tests.graphql.remote.world import Service, World


@pytest.fixture
def world(shared: tuple[World, Service]) -> World:
    return shared[0]


@pytest.fixture
def service(shared: tuple[World, Service]) -> Service:
    return shared[1]


def sent(service: Service) -> str:
    """The last document, on one line."""
    return " ".join(print_ast(parse(service.asked[-1]["query"])).split())


def test_all_fields_of_a_remote_go_as_one_document_and_keep_their_order(world: World, service: Service) -> None:
    found = world.ask('{ ada: user(id: "1") { name } article { title } __typename bob: user(id: "2") { name } }')
    assert json.dumps(found) == json.dumps(
        {
            "ada": {"name": "Ada"},
            "article": [{"title": "one"}],
            "__typename": "query_root",
            "bob": {"name": "Bob"},
        }
    )
    assert sent(service) == '{ ada: user(id: "1") { name } bob: user(id: "2") { name } }'


def test_only_the_variables_in_use_are_sent(world: World, service: Service) -> None:
    query = """query Q($id: ID!, $of: Int, $n: Int = 1) {
        user(id: $id) { messages(first: $n) { text } } article(where: {id: {_eq: $of}}) { id } }"""
    found = world.ask(query, {"id": "2", "of": 7})
    assert found == {"user": {"messages": [{"text": "message 21"}]}, "article": []}
    assert service.asked[-1]["variables"] == {"id": "2", "n": 1}
    assert sent(service) == "query Q($id: ID!, $n: Int) { user(id: $id) { messages(first: $n) { text } } }"


def test_fragments_and_directives_are_worked_out_before(world: World, service: Service) -> None:
    query = """query ($no: Boolean!) {
            user(id: 1) { ...F kind @include(if: $no) ... on User { name } ... on Node { id } }
        }
        fragment F on User { name messages { id @skip(if: true) text } }"""
    found = world.ask(query, {"no": False})
    assert list(found["user"]) == ["name", "messages", "id"]
    assert sent(service) == "{ user(id: 1) { name messages { text } id } }"


def test_what_depends_on_the_type_stays_in_fragments(world: World, service: Service) -> None:
    query = """{ node(id: "21") { id __typename ... on Message { text } ... on User { name } ... on article { title } }
        other: node(id: "1") { ... on Node { id } ...U } } fragment U on User { kind }"""
    assert world.ask(query) == {
        "node": {"id": "21", "__typename": "Message", "text": "message 21"},
        "other": {"id": "1", "kind": "HUMAN"},
    }
    assert "... on article" not in sent(service)


def test_a_selection_of_nothing_is_an_empty_object(world: World, service: Service) -> None:
    assert world.ask('{ user(id: "1") { name @skip(if: true) } node(id: "1") { ... on Message { id } } }') == {
        "user": {},
        "node": {},
    }


HOSTILE = ['"}) { secret } #', "\\", '"""', "\u2028", "${x}", "$id", "'; DROP TABLE article; --", "\x07"]


@pytest.mark.parametrize("value", HOSTILE)
def test_values_arrive_as_they_were_sent(world: World, service: Service, value: str) -> None:
    assert world.ask("query ($v: JSON) { anything(value: $v) }", {"v": value}) == {"anything": value}
    literal = json.dumps(value)
    assert world.ask(f"{{ anything(value: {literal}) }}") == {"anything": value}
    inner = world.ask("query ($v: JSON) { anything(value: {deep: [$v, 1.50, true, null]}) }", {"v": value})
    assert inner == {"anything": {"deep": [value, 1.5, True, None]}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ user { id } }", "missing required field 'id'"),
        ("{ user(key: 1) { id } }", "'user' has no argument named 'key'"),
        ('{ user(id: "1") { age } }', "field 'age' not found in type: 'User'"),
        ('{ user(id: "1") }', "missing selection set for 'user'"),
        ("{ users(where: {kind: CAT}) { id } }", "expected one of the values ['HUMAN', 'BOT'] for type 'Kind'"),
        ("{ users(where: {age: 1}) { id } }", "field 'age' not found in type: 'UserWhere'"),
        ("{ users(limit: true) { id } }", "expected a 32-bit integer for type 'Int', but found a boolean"),
        ("query ($n: String) { users(limit: $n) { id } }", "variable 'n' is declared as 'String', but used where"),
        ('{ node(id: "1") { name } }', "field 'name' not found in type: 'Message'"),
        ('{ node(id: "1") { ... on User { age } } }', "field 'age' not found in type: 'User'"),
        ('{ user(id: "1") @upper { id } }', "directive 'upper' is not defined in the schema"),
    ],
)
def test_a_request_that_does_not_fit_the_schema_is_not_sent(
    world: World, service: Service, query: str, message: str
) -> None:
    error = world.error(query)
    assert message in error["message"]
    assert error["extensions"]["code"] == "validation-failed"
    assert service.asked == []


def test_values_of_variables_are_checked_again_when_a_plan_is_reused(world: World, service: Service) -> None:
    query = "query ($n: Int) { users(limit: $n) { id } }"
    world.ask(query, {"n": 1})
    assert "expected a 32-bit integer" in world.error(query, {"n": 1.5})["message"]
    assert len(service.asked) == 1


def test_mutations_take_turns(world: World, service: Service) -> None:
    query = """mutation { a: rename(id: "1", name: "Eve") { name }
        insert_article_one(object: {id: 2, title: "two"}) { id } b: rename(id: "2", name: "Bo") { name } }"""
    found = world.ask(query)
    assert json.dumps(found) == json.dumps({"a": {"name": "Eve"}, "insert_article_one": {"id": 2}, "b": {"name": "Bo"}})
    assert len(service.asked) == 2
    world.ask("mutation { delete_article_by_pk(id: 2) { id } }")


def test_the_schema_that_clients_see_is_whole(world: World, service: Service) -> None:
    schema = build_client_schema(world.ask(get_introspection_query()))
    assert {"user", "article"} <= set(schema.type_map["query_root"].fields)  # type: ignore[attr-defined]
    node = schema.type_map["Node"]
    assert {type_.name for type_ in schema.get_possible_types(node)} == {"User", "Message"}  # type: ignore[arg-type]
    roots = world.ask('{ __type(name: "query_root") { fields { name args { name defaultValue } } } }')["__type"]
    users = next(field["args"] for field in roots["fields"] if field["name"] == "users")
    assert {"name": "limit", "defaultValue": "10"} in users
    assert "Query" not in schema.type_map


def test_headers_are_the_configured_ones_then_the_sessions_then_the_clients(dsn: str) -> None:
    with World(dsn, TOKEN="from the environment") as world:
        _check_headers(world.start())


def _check_headers(world: World) -> None:
    made = world.service(forum.SDL, forum.Root())
    headers = [{"name": "X-Fixed", "value": "1"}, {"name": "Authorization", "value_from_env": "TOKEN"}]
    world.add("forum", made, headers=headers, forward_client_headers=True)
    world.ask(
        '{ user(id: "1") { id } }',
        role="reader",
        x_hasura_user_id="7",
        x_fixed="mine",
        authorization="mine",
        x_trace="t",
        cookie="c=1",
        x_hasura_admin_secret="wrong",
        accept_language="de",
    )
    got = made.headers[-1]
    assert (got["x-fixed"], got["authorization"]) == ("1", "from the environment")
    assert (got["x-hasura-role"], got["x-hasura-user-id"]) == ("reader", "7")
    assert (got["x-trace"], got["cookie"]) == ("t", "c=1")
    assert "x-hasura-admin-secret" not in got
    assert "accept-language" not in got


def test_without_forwarding_only_the_session_goes_along(world: World, service: Service) -> None:
    world.ask('{ user(id: "1") { id } }', x_hasura_user_id="7", x_trace="t")
    assert service.headers[-1]["x-hasura-user-id"] == "7"
    assert "x-trace" not in service.headers[-1]


def test_cookies_of_the_remote_reach_the_client(world: World, service: Service) -> None:
    service.cookies = ["a=1; Path=/", "b=2"]
    reply = world.post("/v1/graphql", {"query": '{ user(id: "1") { id } }'})
    assert reply.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]


def test_errors_of_the_remote_reach_the_client_as_they_are(world: World, service: Service) -> None:
    body = world.graphql('{ me: user(id: "1") { name secret } article { id } }')
    assert body["data"] is None
    assert body["errors"][0]["message"] == "nobody may know"
    assert body["errors"][0]["path"] == ["me", "secret"]


def test_the_operation_name_goes_along(world: World, service: Service) -> None:
    body: Any = {"query": 'query A { user(id: "1") { id } } query B { users { id } }', "operationName": "A"}
    assert world.post("/v1/graphql", body).json() == {"data": {"user": {"id": "1"}}}
    assert service.asked[-1]["operationName"] == "A"
