"""What a role is given of a remote schema: subsets, presets, and why a subset is none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.remote import forum
from tests.graphql.remote.world import Service, World


@pytest.fixture
def service(guarded: World) -> Service:
    guarded.start()
    made = guarded.service(forum.SDL, forum.Root())
    guarded.add("forum", made)
    return made


def give(world: World, sdl: str, role: str = "reader") -> None:
    world.command("add_remote_schema_permissions", remote_schema="forum", role=role, definition={"schema": sdl})


def test_a_role_without_a_permission_sees_nothing(guarded: World, service: Service) -> None:
    assert guarded.error("{ users { id } }", role="reader")["message"] == (
        "field 'users' not found in type: 'query_root'"
    )
    assert len(guarded.ask("{ users { id } }")["users"]) == 3


def test_a_role_sees_its_part(guarded: World, service: Service) -> None:
    give(guarded, forum.READER)
    assert guarded.ask("{ users { id name } }", role="reader", x_hasura_user_id="7")["users"][0]["name"] == "Ada"
    for query, message in [
        ("{ users { messages { id } } }", "field 'messages' not found in type: 'User'"),
        ("{ anything }", "field 'anything' not found in type: 'query_root'"),
        ("{ users(limit: 9) { id } }", "'users' has no argument named 'limit'"),
        ("{ users(where: {owner: 9}) { id } }", "field 'owner' not found in type: 'UserWhere'"),
        ("{ users(where: {kind: BOT}) { id } }", "field 'kind' not found in type: 'UserWhere'"),
        ('mutation { rename(id: "1", name: "x") { id } }', "no mutations exist"),
    ]:
        assert guarded.error(query, role="reader", x_hasura_user_id="7")["message"] == message
    names = guarded.ask('{ __type(name: "Message") { name } user: __type(name: "User") { name } }', role="reader")
    assert names == {"__type": None, "user": {"name": "User"}}


def test_presets_are_sent_in_place_of_what_a_client_says(guarded: World, service: Service) -> None:
    give(guarded, forum.READER)
    assert guarded.ask("{ user { name } }", role="reader", x_hasura_user_id="2") == {"user": {"name": "Bob"}}
    assert len(guarded.ask("{ users { id } }", role="reader", x_hasura_user_id="2")["users"]) == 3
    assert "2" in map(str, service.asked[-1]["variables"].values())


@pytest.mark.parametrize(
    ("argument", "variables", "where"),
    [
        ("", None, {"owner": 7}),
        ("(where: null)", None, {"owner": 7}),
        ("(where: $w)", {"w": None}, {"owner": 7}),
        ("(where: $w)", {}, {"owner": 7}),
        ('(where: {name: "x"})', None, {"name": "x", "owner": 7}),
        ("(where: $w)", {"w": {"name": "x", "inner": {"name": "y"}}}, None),
        ('(where: {inner: {name: "y"}, name: "x"})', None, None),
    ],
)
def test_no_filter_gets_around_a_preset(
    shared: tuple[World, Service], argument: str, variables: Any, where: Any
) -> None:
    guarded, service = shared
    head = "query ($w: UserWhere)" if variables is not None else ""
    guarded.ask(f"{head} {{ users{argument} {{ id }} }}", variables, role="reader", x_hasura_user_id="7")
    deep = {"name": "x", "owner": 7, "inner": {"name": "y", "owner": 7}}
    assert service.root.wheres[-1] == (where or deep)


def test_a_plan_made_for_one_user_does_not_hold_for_another(guarded: World, service: Service) -> None:
    give(guarded, forum.READER)
    for number, name in ("1", "Ada"), ("2", "Bob"), ("1", "Ada"):
        assert guarded.ask("{ user { name } }", role="reader", x_hasura_user_id=number) == {"user": {"name": name}}


def test_a_session_variable_that_is_missing_or_does_not_fit_is_an_error(guarded: World, service: Service) -> None:
    give(guarded, forum.READER)
    missing = guarded.error("{ user { name } }", role="reader")
    assert missing == {
        "message": 'missing session variable: "x-hasura-user-id"',
        "extensions": {"path": "$", "code": "not-found"},
    }
    wrong = guarded.error("{ users { id } }", role="reader", x_hasura_user_id="seven")
    assert "expected a value of type 'Int', but found 'seven'" in wrong["message"]
    assert service.asked == []


def test_a_static_preset_is_taken_literally(guarded: World, service: Service) -> None:
    sdl = 'type Query { anything(value: JSON @preset(value: "x-hasura-user-id", static: true)): JSON } scalar JSON'
    give(guarded, sdl)
    assert guarded.ask("{ anything }", role="reader") == {"anything": "x-hasura-user-id"}


@pytest.mark.parametrize(
    ("sdl", "reason"),
    [
        ("type Query { nothing: Int }", 'field "nothing" does not exist in the object: "Query"'),
        (
            "type Query { user: User } type User { id: ID! }",
            'field: "user" expects the following non nullable arguments to be present: "id"',
        ),
        (
            "type Query { user(id: ID!): [User] } type User { id: ID! }",
            'expected type of "user" of object "Query" to be User but received [User]',
        ),
        (
            "type Query { user(id: Int!): User } type User { id: ID! }",
            'expected type of "id" of field "user" to be ID! but received Int!',
        ),
        (
            "type Query { user(id: ID!): User } type User { id: ID! kind: Kind! } enum Kind { CAT }",
            'enum: "Kind" has the following values that do not exist upstream: "CAT"',
        ),
        ("type Query { forum: Forum }", 'type "Forum" of field "forum" is not defined in the schema document'),
        (
            "type Query { forum: Forum } interface Forum { id: ID! }",
            'type "Forum" is interface here, but object in the upstream remote schema',
        ),
        (
            "type Query { forum: Forum } type Forum { user(id: ID!): User } type User { id: ID! } type Cat { id: ID }",
            'Object: "Cat" does not exist in the upstream remote schema',
        ),
        ("schema { query: Start } type Query { anything: JSON } scalar JSON", '"Start" has to be an object type'),
        (
            'type Query { users(where: UserWhere @preset(value: "x-hasura-x")): [User!]! } type User { id: ID! } '
            "input UserWhere { name: String }",
            'session variable preset value is not supported for the input object "where"',
        ),
        (
            "type Query { users(limit: Int = 11): [User!]! } type User { id: ID! }",
            'expected default value of input value: "limit"of field "users" to be 10 but received 11',
        ),
        (
            "type Query { users(limit: Int @preset(value: {a: 1})): [User!]! } type User { id: ID! }",
            'unexpected preset value, an object, for type Int of "limit"',
        ),
    ],
)
def test_what_is_no_part_of_the_remote_schema_is_refused(shared: tuple[World, Service], sdl: str, reason: str) -> None:
    guarded, _ = shared
    error = guarded.refused(
        "add_remote_schema_permissions", remote_schema="forum", role="other", definition={"schema": sdl}
    )
    assert error["error"] == f"validation for the given role-based schema failed because {reason}"
    assert error["code"] == "validation-failed"
    assert len(guarded.command("export_metadata")["remote_schemas"][0]["permissions"]) == 1


def test_every_reason_is_told_at_once(guarded: World, service: Service) -> None:
    error = guarded.refused(
        "add_remote_schema_permissions",
        remote_schema="forum",
        role="reader",
        definition={"schema": "type Query { a: Int  b: Int }"},
    )
    assert error["error"] == (
        "validation for the given role-based schema failed for the following reasons:\n"
        ' • field "a" does not exist in the object: "Query"\n'
        ' • field "b" does not exist in the object: "Query"\n'
    )


@pytest.mark.parametrize("sdl", ["type Query {", "", "{ user }", "type Query { a(" + "[" * 10_000])
def test_a_document_that_is_none_is_refused(shared: tuple[World, Service], sdl: str) -> None:
    guarded, _ = shared
    args = {"remote_schema": "forum", "role": "other", "definition": {"schema": sdl}}
    error = guarded.refused("add_remote_schema_permissions", **args)
    assert error["code"] in ("parse-failed", "validation-failed")


def test_permissions_are_exported_and_dropped(guarded: World, service: Service) -> None:
    give(guarded, forum.READER)
    args = {"remote_schema": "forum", "role": "reader", "definition": {"schema": forum.READER}}
    assert guarded.refused("add_remote_schema_permissions", **args)["code"] == "already-exists"
    exported = guarded.command("export_metadata")
    assert exported["remote_schemas"][0]["permissions"] == [{"role": "reader", "definition": {"schema": forum.READER}}]
    guarded.command("drop_remote_schema_permissions", remote_schema="forum", role="reader")
    again = guarded.refused("drop_remote_schema_permissions", remote_schema="forum", role="reader")
    assert again["code"] == "not-exists"
    guarded.command("replace_metadata", **exported)
    assert guarded.ask("{ user { name } }", role="reader", x_hasura_user_id="1") == {"user": {"name": "Ada"}}


def test_without_the_switch_every_role_has_all_of_it(world: World) -> None:
    world.start()
    world.add("forum", world.service(forum.SDL, forum.Root()))
    assert world.ask('{ user(id: "1") { name } }', role="anybody") == {"user": {"name": "Ada"}}
    args = {"remote_schema": "forum", "role": "reader", "definition": {"schema": forum.READER}}
    assert world.refused("add_remote_schema_permissions", **args)["code"] == "constraint-violation"


def test_a_permission_the_remote_outgrew_is_inconsistent(guarded: World, service: Service) -> None:
    give(guarded, forum.READER)
    smaller = guarded.service("type Query { user(id: ID!): User } type User { id: ID! }", forum.Root())
    refused = guarded.refused("update_remote_schema", name="forum", definition={"url": smaller.url})
    assert refused["error"] == "cannot continue due to new inconsistent metadata"
    assert refused["internal"][0]["type"] == "remote_schema_permission"
    assert guarded.ask("{ user { name } }", role="reader", x_hasura_user_id="1") == {"user": {"name": "Ada"}}
