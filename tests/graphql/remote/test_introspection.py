"""What a service may say of itself, and what it may not."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from graphql import build_schema, graphql_sync

from nself.graphql.remote import introspection
from nself.graphql.remote.upstream import Ref, Upstream
from nself.graphql.remote.validate import objections, validate
from tests.conformance import remote_services
from tests.graphql.remote import forum

SAID: Any = graphql_sync(build_schema(forum.SDL), introspection.QUERY).formatted


def read(said: Any) -> Upstream:
    found = introspection.upstream(json.dumps(said).encode())
    validate(found)
    return found


def changed(path: tuple[Any, ...], value: Any) -> Any:
    """The answer with one thing in it replaced; types are found by name."""
    said = copy.deepcopy(SAID)
    at = said["data"]["__schema"]
    for step in path[:-1]:
        at = next(entry for entry in at if entry["name"] == step) if isinstance(at, list) else at[step]
    at[path[-1]] = value
    return said


def test_a_schema_is_read_with_its_types() -> None:
    found = read(SAID)
    assert (found.query, found.mutation) == ("Query", "Mutation")
    assert str(found.types["Query"].fields["users"].type) == "[User!]!"
    assert found.types["Query"].fields["users"].arguments["limit"].default == "10"
    assert set(found.types["Node"].possible) == {"User", "Message"}
    assert not any(name.startswith("__") for name in found.types)


def test_types_are_written_as_graphql_writes_them() -> None:
    assert str(Ref("A", "!]]!")) == "[[A!]]!"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"data": null}',
        b'{"errors": [{"message": "no"}]}',
        b'{"data": {}}',
        b'{"data": {"__schema": {}}}',
        b'{"data": {"__schema": {"queryType": null, "types": []}}}',
        b'{"data": {"__schema": {"queryType": {"name": "Q"}, "types": [{"kind": "CAT", "name": "Q"}]}}}',
        b"[" * 100_000,
        b'{"data": "\xff"}',
    ],
)
def test_an_answer_that_is_no_schema_is_refused(body: bytes) -> None:
    with pytest.raises(introspection.IntrospectionError) as caught:
        introspection.upstream(body)
    assert caught.value.code == "remote-schema-error"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("types", "User", "name"), 'a"b', "is not a valid GraphQL name"),
        (("types", "User", "name"), "", "is not a valid GraphQL name"),
        (("types", "User", "name"), "Message", "is declared more than once"),
        (("types", "Query", "fields", "users", "name"), "user", "is declared more than once"),
        (("types", "Query", "fields", "users", "name"), "x" * 5 + "\n", "is not a valid GraphQL name"),
        (("types", "Query", "fields", "user", "type"), {"kind": "LIST", "name": None}, "nested more deeply"),
        (("types", "Query", "fields", "user", "type"), {"kind": "OBJECT", "name": None}, "no type that a field"),
        (
            ("types", "Query", "fields", "user", "type"),
            {"kind": "NON_NULL", "ofType": {"kind": "NON_NULL", "ofType": {"kind": "OBJECT", "name": "User"}}},
            "no type that a field",
        ),
        (("types", "Query", "fields", "user", "type"), {"kind": "OBJECT", "name": "Cat"}, "Could not find type"),
        (("types", "Query", "fields", "user", "type", "name"), "UserWhere", "cannot be the type of"),
        (("types", "UserWhere", "inputFields", "inner", "type", "name"), "User", "cannot be the type of"),
        (("types", "UserWhere", "inputFields"), [], "cannot be empty for input object 'UserWhere'"),
        (("types", "Kind", "enumValues"), [], "cannot be empty for enum 'Kind'"),
        (("types", "Message", "fields"), [], "cannot be empty for object 'Message'"),
        (("types", "Message", "interfaces"), [{"kind": "OBJECT", "name": "User"}], "which is not an interface"),
        (("queryType",), {"name": "Nothing"}, '"Nothing" has to be an object type'),
        (("mutationType",), {"name": "Kind"}, '"Kind" has to be an object type'),
    ],
)
def test_a_schema_that_breaks_the_rules_is_refused(path: tuple[Any, ...], value: Any, message: str) -> None:
    with pytest.raises(introspection.IntrospectionError, match=message):
        read(changed(path, value))


@pytest.mark.parametrize("name", sorted(remote_services.BROKEN))
def test_interfaces_and_unions_are_kept(name: str) -> None:
    schema = build_schema(remote_services.BROKEN[name], assume_valid=True, assume_valid_sdl=True)
    said = graphql_sync(schema, introspection.QUERY).formatted
    assert list(objections(introspection.upstream(json.dumps(said).encode())))


def test_an_object_may_promise_more_than_its_interface() -> None:
    sdl = """
        interface A { one: A  two: [A]  three(x: Int): Int }
        type B implements A { one: B!  two: [B!]!  three(x: Int, y: Int): Int! }
        type Query { b: B }
    """
    said = graphql_sync(build_schema(sdl), introspection.QUERY).formatted
    assert list(objections(introspection.upstream(json.dumps(said).encode()))) == []
