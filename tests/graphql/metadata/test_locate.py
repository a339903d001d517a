from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.metadata import locate

USERS = {
    "table": {"schema": "public", "name": "users"},
    "object_relationships": [{"name": "team"}],
    "select_permissions": [{"role": "user"}, {"role": "manager"}],
    "event_triggers": [{"name": "greet"}],
}
DOCUMENT: dict[str, Any] = {
    "sources": [
        {"name": "default", "tables": [{"table": "teams"}, USERS], "functions": [{"function": "search"}]},
        {"name": "other", "tables": [{"table": {"schema": "hr", "name": "users"}}]},
    ],
    "actions": [{"name": "a"}, {"name": "b"}],
    "remote_schemas": [{"name": "shop"}, {"name": "forum"}],
    "inherited_roles": [{"role_name": "both", "role_set": []}],
}
TABLE = {"schema": "public", "name": "users"}


@pytest.mark.parametrize(
    ("kind", "definition", "steps"),
    [
        ("table", TABLE, ("sources", 0, "tables", 1)),
        ("table", {"schema": "public", "name": "teams"}, ("sources", 0, "tables", 0)),
        ("table", {"schema": "public", "name": "gone"}, ("sources", 0, "tables")),
        (
            "select_permission",
            {"source": "default", "table": TABLE, "role": "manager"},
            ("sources", 0, "tables", 1, "select_permissions", 1),
        ),
        (
            "object_relation",
            {"source": "default", "table": TABLE, "name": "team"},
            ("sources", 0, "tables", 1, "object_relationships", 0),
        ),
        (
            "event_trigger",
            {"source": "default", "table": TABLE, "name": "greet"},
            ("sources", 0, "tables", 1, "event_triggers", 0),
        ),
        (
            "function",
            {"source": "default", "function": {"schema": "public", "name": "search"}},
            ("sources", 0, "functions", 0),
        ),
        ("source", {"name": "other"}, ("sources", 1)),
        ("source", {"name": "gone"}, ("sources",)),
        ("action", {"name": "b"}, ("actions", 1)),
        ("remote_schema", {"name": "forum"}, ("remote_schemas", 1)),
        ("remote_schema_permission", {"remote_schema": "forum", "role": "user"}, ("remote_schemas", 1)),
        (
            "remote_schema_remote_relationship",
            {"remote_schema": "forum", "type_name": "User", "name": "articles"},
            ("remote_schemas", 1),
        ),
        ("inherited_role", {"role_name": "both"}, ("inherited_roles", 0)),
        ("something new", {}, ("sources", 0, "tables")),
        ("table", "not an object", ("sources", 0, "tables")),
    ],
)
def test_an_inconsistent_object_is_found_in_the_document(kind: str, definition: Any, steps: tuple[Any, ...]) -> None:
    assert locate.steps_to(DOCUMENT, {"type": kind, "definition": definition}) == steps


def test_an_empty_document_has_no_place_for_anything() -> None:
    assert locate.steps_to({}, {"type": "action", "definition": {"name": "a"}}) == ("actions",)


def test_a_stored_query_is_found_in_its_collection() -> None:
    queries = [{"name": "a", "query": "{ x }"}, {"name": "b", "query": "{ x }"}]
    document = {
        "query_collections": [
            {"name": "one", "definition": {"queries": queries}},
            {"name": "two", "definition": {"queries": queries}},
        ],
        "allowlist": [{"collection": "one"}, {"collection": "three"}],
    }
    broken = {"type": "query_collections", "name": "query_collections b in two", "definition": {"name": "b"}}
    assert locate.steps_to(document, broken) == ("query_collections", 1, "definition", "queries", 1)
    assert locate.steps_to(document, {**broken, "name": "query_collections b in three"}) == ("query_collections",)
    unlisted = {"type": "allowlist", "name": "allowlist three", "definition": {"collection": "three"}}
    assert locate.steps_to(document, unlisted) == ("allowlist", 1)
