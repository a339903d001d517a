from __future__ import annotations

import pytest

from nself.model.project import Frontend, RemoteSchema
from tests.model.stacks import problems, project


def test_a_frontend_has_its_defaults_by_number() -> None:
    found = project({".env": "FRONTEND_APP_2_NAME=shop"}).frontends
    assert found == (Frontend(name="shop", display_name="shop", port=3001, host="shop.localhost"),)


def test_older_names_and_the_empty_route_are_understood() -> None:
    text = "FRONTEND_APP_1_SYSTEM_NAME=shop\nFRONTEND_APP_1_PREFIX=\nFRONTEND_APP_1_DISPLAY_NAME=The Shop\n"
    (found,) = project({".env": text}).frontends
    assert (found.name, found.display_name, found.host) == ("shop", "The Shop", "localhost")


def test_the_yaml_form_says_the_same() -> None:
    (found,) = project({"nself.yml": "frontends: {shop: {port: 4000, route: www, framework: vue}}"}).frontends
    assert found == Frontend(name="shop", display_name="shop", port=4000, host="www.localhost", framework="vue")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FRONTEND_APP_1_PORT=3000", ".env:1: FRONTEND_APP_1: has no name (set FRONTEND_APP_1_NAME)"),
        (
            "FRONTEND_APP_1_NAME=shop\nFRONTEND_APP_1_ROUTE=a b",
            ".env:2: FRONTEND_APP_1_ROUTE: expected a label (api) or a host (api.example.com), got 'a b'",
        ),
        (
            "FRONTEND_APP_1_NAME=shop\nFRONTEND_APP_1_ROUTE=api",
            ".env:2: FRONTEND_APP_1_ROUTE: wants the host api.localhost, which HASURA_ROUTE already has",
        ),
        ("REMOTE_SCHEMA_1_NAME=x", ".env:1: REMOTE_SCHEMA_1: has no URL (set REMOTE_SCHEMA_1_URL)"),
        (
            "REMOTE_SCHEMA_1_NAME=x\nREMOTE_SCHEMA_1_URL=http://y\nREMOTE_SCHEMA_1_HEADERS=abc",
            ".env:3: REMOTE_SCHEMA_1_HEADERS: expected k:v,k2:v2",
        ),
    ],
)
def test_a_mistake_is_named_where_it_stands(text: str, said: str) -> None:
    assert problems({".env": text}) == [said]


def test_a_remote_schema_keeps_its_headers_to_itself() -> None:
    text = "REMOTE_SCHEMA_1_NAME=x\nREMOTE_SCHEMA_1_URL=https://y/graphql\nREMOTE_SCHEMA_1_HEADERS=authorization: k1"
    loaded = project({".env": text})
    (found,) = loaded.remote_schemas
    assert found == RemoteSchema(name="x", url="https://y/graphql", headers={"authorization": "k1"})
    assert "k1" not in repr(found)
    assert [str(warning) for warning in loaded.warnings] == [
        ".env:2: REMOTE_SCHEMA_1_URL: is read and checked, but no service of this version uses remote schemas"
    ]
