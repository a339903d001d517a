"""Adding, changing, asking again and removing remote schemas."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.remote import forum
from tests.graphql.remote.world import Service, World

HELLO = "type Query { hello: String }"


@pytest.fixture
def service(world: World) -> Service:
    world.start()
    return world.service(HELLO, {"hello": "one"})


def test_a_remote_schema_is_kept_as_it_was_given(world: World, service: Service) -> None:
    definition = {
        "url": service.url,
        "headers": [{"name": "A", "value": "b"}, {"name": "C", "value_from_env": "NOT_SET"}],
        "forward_client_headers": True,
        "timeout_seconds": 30,
        "customization": {"root_fields_namespace": "ns", "type_names": {"prefix": "P_", "mapping": {"Query": "Q"}}},
    }
    error = world.refused("add_remote_schema", name="hello", definition=definition, comment="said")
    assert error["error"] == "environment variables not set: NOT_SET"
    definition["headers"] = definition["headers"][:1]  # type: ignore[index]
    world.command("add_remote_schema", name="hello", definition=definition, comment="said")
    expected = {"name": "hello", "definition": definition, "comment": "said"}
    assert world.command("export_metadata")["remote_schemas"] == [expected]
    assert world.ask("{ ns { hello __typename } }") == {"ns": {"hello": "one", "__typename": "Q"}}


def test_where_it_is_may_come_from_the_environment(dsn: str) -> None:
    with World(dsn) as world:
        made = world.service(HELLO, {"hello": "one"})
        world.environ |= {"PLACE": made.url, "HOST": made.url.removeprefix("http://")}
        world.start()
        world.command("add_remote_schema", name="hello", definition={"url_from_env": "PLACE"})
        assert world.ask("{ hello }") == {"hello": "one"}
        world.command("update_remote_schema", name="hello", definition={"url": "http://{{HOST}}/"})
        assert world.ask("{ hello }") == {"hello": "one"}
        assert "127.0.0.1" not in str(world.command("export_metadata"))


@pytest.mark.parametrize(
    ("args", "path", "message"),
    [
        ({"definition": {"url": "x"}}, "$.args", 'key "name" not found'),
        ({"name": "", "definition": {"url": "x"}}, "$.name", "empty string not allowed"),
        ({"name": "a"}, "$.args", 'key "definition" not found'),
        ({"name": "a", "definition": {}}, "$.definition", "expecting exactly one of url or url_from_env"),
        (
            {"name": "a", "definition": {"url": "x", "timeout_seconds": -1}},
            "$.definition.timeout_seconds",
            "unexpected negative value",
        ),
        (
            {"name": "a", "definition": {"url": "x", "headers": [{"name": "y"}]}},
            "$.definition.headers[0]",
            "expecting value or value_from_env keys",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    world: World, service: Service, args: dict[str, Any], path: str, message: str
) -> None:
    error = world.refused("add_remote_schema", **args)
    assert (error["path"], error["error"], error["code"]) == (path, message, "parse-failed")


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://a/b", "http://", "http://127.0.0.1:1/", "http://[::1", "{{NO}}"])
def test_a_place_that_is_none_is_refused(world: World, service: Service, url: str) -> None:
    error = world.refused("add_remote_schema", name="a", definition={"url": url})
    assert error["code"] in ("remote-schema-error", "not-found")


def test_names_are_taken_once(world: World, service: Service) -> None:
    world.add("hello", service)
    twice = world.refused("add_remote_schema", name="hello", definition={"url": service.url})
    assert twice["code"] == "already-exists"
    for command in ("remove_remote_schema", "reload_remote_schema", "introspect_remote_schema"):
        assert world.refused(command, name="other")["error"] == 'remote schema with name "other" does not exist'


def test_root_fields_are_taken_once(world: World, service: Service) -> None:
    world.add("hello", service)
    error = world.refused("add_remote_schema", name="again", definition={"url": service.url})
    assert (error["code"], error["error"]) == ("unexpected", "cannot continue due to new inconsistent metadata")
    assert 'Duplicate remote field "hello" in query_root' in error["internal"][0]["reason"]
    prefixed = {"field_names": [{"parent_type": "Query", "prefix": "other_"}]}
    world.add("again", service, customization=prefixed)
    assert world.ask("{ hello other_hello }") == {"hello": "one", "other_hello": "one"}


def test_tables_and_remote_schemas_do_not_take_each_others_names(world: World, service: Service) -> None:
    world.sql('CREATE TABLE hello (id int PRIMARY KEY); CREATE TABLE "User" (id int PRIMARY KEY)')
    world.add("hello", service)
    refused = world.refused("pg_track_table", table="hello")
    assert refused["error"] == "cannot continue due to new inconsistent metadata"
    world.command("pg_track_table", table="User")
    made = world.service(forum.SDL, forum.Root())
    refused = world.refused("add_remote_schema", name="forum", definition={"url": made.url})
    assert 'Found conflicting definitions for "User"' in refused["internal"][0]["reason"]
    assert world.ask("{ hello User { id } }") == {"hello": "one", "User": []}
    world.add("forum", made, customization={"type_names": {"prefix": "Forum"}})
    assert world.ask('{ user(id: "1") { __typename } }') == {"user": {"__typename": "ForumUser"}}


def test_a_reload_sees_what_the_service_has_become(world: World, service: Service) -> None:
    world.add("hello", service)
    bigger = world.service("type Query { hello: String  bye: String }")
    service.schema, service.root = bigger.schema, {"hello": "two", "bye": "three"}
    assert "not found" in world.error("{ bye }")["message"]
    world.command("reload_remote_schema", name="hello")
    assert world.ask("{ hello bye }") == {"hello": "two", "bye": "three"}
    service.schema = world.service("type Query { again: String }").schema
    world.command("reload_metadata", reload_remote_schemas=[])
    assert "not found" in world.error("{ again }")["message"]
    world.command("reload_metadata", reload_remote_schemas=True)
    assert world.ask("{ again }") == {"again": None}


def test_the_services_own_words_can_be_had(world: World, service: Service) -> None:
    world.add("hello", service, customization={"type_names": {"prefix": "X"}})
    found = world.command("introspect_remote_schema", name="hello")["data"]["__schema"]
    assert "Query" in [type_["name"] for type_ in found["types"]]


def test_a_server_starts_with_the_remote_schemas_it_had(dsn: str) -> None:
    with World(dsn) as world:
        made = world.service(HELLO, {"hello": "one"})
        world.start()
        world.add("hello", made)
        assert world.start().ask("{ hello }") == {"hello": "one"}
    with World(dsn) as alone:
        alone.start()
        assert alone.command("get_inconsistent_metadata")["inconsistent_objects"][0]["type"] == "remote_schema"
        assert alone.ask("{ __typename }") == {"__typename": "query_root"}


def test_update_keeps_permissions_and_asks_again_only_for_another_place(guarded: World) -> None:
    guarded.start()
    made = guarded.service(HELLO, {"hello": "one"})
    guarded.add("hello", made)
    guarded.command("add_remote_schema_permissions", remote_schema="hello", role="reader", definition={"schema": HELLO})
    made.schema = guarded.service("type Query { bye: String }").schema
    guarded.command("update_remote_schema", name="hello", definition={"url": made.url, "forward_client_headers": True})
    entry = guarded.command("export_metadata")["remote_schemas"][0]
    assert entry["permissions"] == [{"role": "reader", "definition": {"schema": HELLO}}]
    assert entry["definition"]["forward_client_headers"] is True
    assert guarded.graphql("{ hello }", role="reader")["errors"][0]["message"].startswith("Cannot query field")
