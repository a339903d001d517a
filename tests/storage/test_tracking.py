"""Making GraphQL know the tables."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx
import msgspec
import pytest

from nself.storage.model import File
from nself.storage.tracking import Tracker, TrackingError, commands, tables


def tracker(answer: Callable[[httpx.Request], httpx.Response]) -> Tracker:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://graphql/v1")
    return Tracker(client, admin_secret="s", source="default")


def test_tables_come_before_the_relationships_between_them() -> None:
    kinds = [command["type"] for command in commands(tables(), "default")]
    assert kinds == ["pg_track_table"] * 3 + ["pg_create_array_relationship"] + ["pg_create_object_relationship"] * 2


def test_the_names_are_those_that_clients_of_nhost_use() -> None:
    found = {entry["table"]["name"]: entry["configuration"] for entry in tables()}
    assert found["files"]["custom_root_fields"]["select_by_pk"] == "file"
    assert found["buckets"]["custom_root_fields"]["insert_one"] == "insertBucket"
    assert found["virus"]["custom_root_fields"]["select"] == "viruses"
    columns = {column["custom_name"] for column in found["files"]["column_config"].values()}
    assert columns == {field.encode_name for field in msgspec.structs.fields(File)}


def test_every_command_goes_to_the_metadata_api_with_the_secret() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"message": "success"})

    asyncio.run(tracker(answer).register())
    assert {(str(request.url), request.headers["x-hasura-admin-secret"]) for request in seen} == {
        ("http://graphql/v1/metadata", "s")
    }
    sent = [json.loads(request.content) for request in seen]
    assert sent[:-1] == list(commands(tables(), "default"))
    assert sent[-1]["type"] == "get_inconsistent_metadata"


@pytest.mark.parametrize("code", ["already-tracked", "already-exists"])
def test_what_is_tracked_already_is_fine(code: str) -> None:
    asyncio.run(tracker(lambda request: httpx.Response(400, json={"code": code})).register())


def test_tables_that_metadata_named_before_they_were_made_are_looked_at_again() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content)["type"])
        return httpx.Response(200, json={"is_consistent": False})

    asyncio.run(tracker(answer).register())
    assert sent[-2:] == ["get_inconsistent_metadata", "reload_metadata"]


@pytest.mark.parametrize(
    "reply", [httpx.Response(400, json={"code": "invalid-configuration"}), httpx.Response(502, text="<html>")]
)
def test_another_refusal_is_reported(reply: httpx.Response) -> None:
    with pytest.raises(TrackingError, match="pg_track_table"):
        asyncio.run(tracker(lambda request: reply).register())


def test_an_absent_graphql_is_tried_again_until_it_answers_and_complained_about_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    attempts = 0
    delays: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal attempts
        attempts += 1
        if attempts <= 12:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={})

    async def no_wait(delay: float) -> None:
        delays.append(delay)

    asyncio.run(tracker(answer).register_until_done(no_wait))
    assert delays == sorted(delays)
    assert (len(delays), delays[-1]) == (12, 10.0)
    assert len([record for record in caplog.records if "not in GraphQL yet" in record.message]) == 1
