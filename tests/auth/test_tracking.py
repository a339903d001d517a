from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, Router

from nself.auth import tracking
from nself.auth.engine import Engine
from nself.errors import NetworkError
from tests.auth.conftest import Execute, settings_of

DONE, TRACKED = {"message": "success"}, {"code": "already-tracked", "error": "x", "path": "$"}


class Metadata:
    """The metadata endpoint of an engine: answers from a list of replies, then with success."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.calls: list[list[dict[str, Any]]] = []
        self.router = Router([Route("/v1/metadata", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> JSONResponse:
        body = await request.json()
        assert body["type"] == "bulk_keep_going"
        self.calls.append(body["args"])
        return JSONResponse(self.replies.pop(0) if self.replies else [DONE for _ in body["args"]])


def run(metadata: Metadata, *, forever: bool = False) -> None:
    async def go() -> None:
        async with Engine(settings_of(), {"graphql": metadata.router}) as engine:
            if forever:
                await tracking.keep_trying(engine, first_wait_s=0)
            else:
                await tracking.track(engine)

    asyncio.run(go())


def test_metadata_names_every_column_of_every_table(auth_dsn: str, execute: Execute) -> None:
    """Each column whose name has an underscore gets its camelCase name; none is named that does not exist."""
    for table in tracking.load():
        name = table["table"]["name"]
        columns = {
            row["column_name"]
            for row in execute(
                "SELECT column_name FROM information_schema.columns"
                f" WHERE table_schema = 'auth' AND table_name = '{name}'"
            )
        }
        assert table["configuration"]["column_config"].keys() == {column for column in columns if "_" in column}, name


def test_metadata_covers_the_schema(auth_dsn: str, execute: Execute) -> None:
    rows = execute("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'auth'")
    assert {row["name"] for row in rows} == {table["table"]["name"] for table in tracking.load()}


def test_relationships_follow_foreign_keys(auth_dsn: str, execute: Execute) -> None:
    keys = {
        (row["child"], row["column"], row["parent"])
        for row in execute(
            """SELECT c.conrelid::regclass::text AS child, a.attname AS column, c.confrelid::regclass::text AS parent
            FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'f' AND c.connamespace = 'auth'::regnamespace"""
        )
    }
    for table in tracking.load():
        name = f"auth.{table['table']['name']}"
        for item in table.get("object_relationships", []):
            assert any((name, item["using"]["foreign_key_constraint_on"]) == key[:2] for key in keys), item
        for item in table.get("array_relationships", []):
            using = item["using"]["foreign_key_constraint_on"]
            assert (f"auth.{using['table']['name']}", using["column"], name) in keys, item


def test_users_go_by_the_names_front_ends_use() -> None:
    users = tracking.load()[0]
    assert users["configuration"]["custom_root_fields"] == {
        "select": "users",
        "select_by_pk": "user",
        "select_aggregate": "usersAggregate",
        "insert": "insertUsers",
        "insert_one": "insertUser",
        "update": "updateUsers",
        "update_by_pk": "updateUser",
        "delete": "deleteUsers",
        "delete_by_pk": "deleteUser",
    }
    assert users["configuration"]["column_config"]["webauthn_current_challenge"] == {"custom_name": "currentChallenge"}


def test_tables_come_first_then_what_refers_to_them() -> None:
    metadata = Metadata()
    run(metadata)
    tables, rest = metadata.calls
    assert {operation["type"] for operation in tables} == {"pg_track_table"} and len(tables) == 9
    types = [operation["type"] for operation in rest]
    assert set(types) == {"pg_set_table_is_enum", "pg_create_object_relationship", "pg_create_array_relationship"}
    assert types[0] == "pg_set_table_is_enum"


def test_what_is_tracked_is_left_alone_but_gets_missing_relationships() -> None:
    metadata = Metadata([TRACKED] * 9)
    run(metadata)
    assert "pg_set_table_is_enum" not in {operation["type"] for operation in metadata.calls[1]}
    assert len(metadata.calls[1]) == 14


def test_a_refusal_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    refusal = {"code": "permission-denied", "error": "no", "path": "$.args"}
    run(Metadata([refusal] * 9))
    assert caplog.messages.count("the GraphQL engine refused an auth table: no at $.args") == 9


def test_an_engine_that_is_not_ready_is_asked_again() -> None:
    metadata = Metadata({"error": "starting"}, {"error": "starting"})
    run(metadata, forever=True)
    assert len(metadata.calls) == 4


def test_an_engine_out_of_reach_is_told_as_such() -> None:
    async def go() -> None:
        async with Engine(settings_of(HASURA_GRAPHQL_GRAPHQL_URL="http://127.0.0.1:1/v1/graphql"), {}) as engine:
            await tracking.track(engine)

    with pytest.raises(NetworkError, match="cannot be reached"):
        asyncio.run(go())
