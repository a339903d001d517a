"""Customizations: what cannot be, and that the service never hears of our names."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graphql.remote import forum
from tests.graphql.remote.world import World

EVERYTHING = {
    "root_fields_namespace": "forum",
    "type_names": {"prefix": "F_", "suffix": "_t", "mapping": {"Kind": "Sort", "Int": "Number"}},
    "field_names": [
        {"parent_type": "Node", "mapping": {"id": "key"}},
        {"parent_type": "User", "prefix": "u_", "mapping": {"id": "key"}},
        {"parent_type": "Message", "suffix": "_m", "mapping": {"id": "key"}},
        {"parent_type": "Query", "prefix": "get_"},
    ],
}


def test_the_service_hears_its_own_names(world: World) -> None:
    world.start()
    made = world.service(forum.SDL, forum.Root())
    world.add("forum", made, customization=EVERYTHING)
    query = """query ($n: Number, $w: F_UserWhere_t) {
        f: forum {
            __typename
            get_users(limit: $n, where: $w) { key u_messages(first: $n) { text_m __typename } sort: u_kind }
            get_node(id: 1) { key ... on F_User_t { u_name } ... on User { u_secret } ... on F_Message_t { text_m } }
        }
        forum { get_user(id: "2") { __typename } }
    }"""
    found = world.ask(query, {"n": 1, "w": {"kind": "BOT"}})
    assert list(found["f"]) == ["__typename", "get_users", "get_node"]
    assert found["f"]["__typename"] == "forum_query"
    assert found["f"]["get_users"][0] == {
        "key": "1",
        "u_messages": [{"text_m": "message 11", "__typename": "F_Message_t"}],
        "sort": "HUMAN",
    }
    assert found["f"]["get_node"] == {"key": "1", "u_name": "Ada"}
    assert found["forum"] == {"get_user": {"__typename": "F_User_t"}}
    sent = made.asked[0]["query"]
    assert "$n: Int" in sent
    assert "$w: UserWhere" in sent
    assert "F_" not in sent


def test_errors_come_from_where_the_client_asked(world: World) -> None:
    world.start()
    world.add("forum", world.service(forum.SDL, forum.Root()), customization={"root_fields_namespace": "forum"})
    body = world.graphql('{ mine: forum { user(id: "1") { secret } } }')
    assert body["errors"][0]["path"] == ["mine", "user", "secret"]
    assert world.ask("{ forum { __typename } }") == {"forum": {"__typename": "forum_query"}}


@pytest.mark.parametrize(
    ("customization", "reason"),
    [
        (
            {"type_names": {"mapping": {"User": "X", "Message": "X"}}},
            'Type name mappings are not distinct; the following types appear more than once: "X"',
        ),
        (
            {"type_names": {"mapping": {"User": "Message"}}},
            'Type name mappings are not distinct; the following types appear more than once: "Message"',
        ),
        ({"type_names": {"prefix": "1"}}, "is not a valid GraphQL identifier"),
        ({"root_fields_namespace": "a b"}, '"a b" is not a valid GraphQL identifier'),
        ({"field_names": [{"parent_type": "User", "mapping": {"id": "name"}}]}, "the following fields appear more"),
        ({"field_names": [{"parent_type": "User", "mapping": {"name": "a-b"}}]}, '"a-b" is not a valid GraphQL'),
        ({"field_names": [{"parent_type": "User", "prefix": "u_"}]}, 'of interface "Node" is named "id"'),
    ],
)
def test_names_that_cannot_be_are_refused(world: World, customization: dict[str, Any], reason: str) -> None:
    world.start()
    made = world.service(forum.SDL, forum.Root())
    world.add("forum", made)
    definition = {"url": made.url, "customization": customization}
    error = world.refused("update_remote_schema", name="forum", definition=definition)
    assert error["error"].startswith("Inconsistent object: ")
    assert reason in error["error"]
    assert error["code"] == "invalid-configuration"
    assert world.ask('{ user(id: "1") { name } }') == {"user": {"name": "Ada"}}
