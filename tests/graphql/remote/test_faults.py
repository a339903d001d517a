"""Remote services that hang, lie, flood or die: one clear error, and everybody else is served."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from nself.graphql.remote import endpoint
from tests.graphql import hostile
from tests.graphql.remote import forum
from tests.graphql.remote.world import Service, World

USER = '{ user(id: "1") { id name } }'


@pytest.fixture
def service(world: World) -> Service:
    world.start()
    made = world.service(forum.SDL, forum.Root())
    world.add("forum", made, timeout_seconds=1)
    return made


@pytest.mark.parametrize(
    ("answer", "message", "code"),
    [
        (Response(b"{"), "Remote server response is not valid JSON", "unexpected"),
        (Response(b""), "Remote server response is not valid JSON", "unexpected"),
        (JSONResponse([1]), "Remote server response is not valid JSON", "unexpected"),
        (JSONResponse({"data": [1]}), "Remote server response is not valid JSON", "unexpected"),
        (Response(b"[" * 100_000), "Remote server response is not valid JSON", "unexpected"),
        (Response(b'{"data": {"user": "\xff"}}'), "Remote server response is not valid JSON", "unexpected"),
        (JSONResponse({}), 'has neither "data" nor "errors"', "unexpected"),
        (JSONResponse({"data": None}), 'has neither "data" nor "errors"', "unexpected"),
        (Response(b"Bad Gateway", status_code=502), "Remote server response is not valid JSON", "unexpected"),
    ],
)
def test_an_answer_that_is_none_is_an_error(
    shared: tuple[World, Service], answer: Response, message: str, code: str
) -> None:
    world, service = shared
    service.answer = answer
    error = world.error(USER)
    assert message in error["message"]
    assert error["extensions"]["code"] == code


@pytest.mark.parametrize("errors", [[{}], "broken", [None], [{"message": 1, "extensions": {"code": "X"}}], {"a": 1}])
def test_errors_without_a_message_get_one(shared: tuple[World, Service], errors: Any) -> None:
    world, service = shared
    service.answer = JSONResponse({"errors": errors})
    body = world.graphql(USER)
    assert body["data"] is None
    assert all(isinstance(error["message"], str) for error in body["errors"])


@pytest.mark.parametrize(
    "value", [{"user": 1}, {"user": [1, [None]]}, {"user": {"id": {"deep": []}}}, {}, {"other": 1}]
)
def test_values_of_other_types_than_declared_are_passed_on(shared: tuple[World, Service], value: Any) -> None:
    world, service = shared
    service.answer = JSONResponse({"data": value})
    assert world.ask(USER) == {"user": value.get("user")}


def test_joins_survive_an_answer_of_another_shape(world: World, service: Service) -> None:
    world.sql("CREATE TABLE article (id int PRIMARY KEY)")
    world.command("pg_track_table", table="article")
    definition = {
        "to_source": {
            "source": "default",
            "table": "article",
            "relationship_type": "array",
            "field_mapping": {"id": "id"},
        }
    }
    world.command(
        "create_remote_schema_remote_relationship",
        remote_schema="forum",
        type_name="User",
        name="articles",
        definition=definition,
    )
    service.answer = JSONResponse({"data": {"user": {"name": "x"}, "users": [None, 3, {"articles": None}]}})
    assert world.ask('{ user(id: "1") { name articles { id } } users { articles { id } } }') == {
        "user": {"name": "x"},
        "users": [None, 3, {"articles": None}],
    }
    service.answer = JSONResponse({"data": {"user": {"articles": "seven"}}})
    assert world.error('{ user(id: "1") { articles { id } } }')["extensions"]["code"] == "data-exception"


def test_a_remote_that_hangs_is_given_up(world: World, service: Service) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    service.answer = _Then(hang, Response())
    error = world.error(USER)
    assert error["message"] == f'HTTP exception occurred while sending the request to "{service.url}"'
    assert error["extensions"]["internal"] == {
        "type": "http_exception",
        "message": "Response timeout",
        "request": {"method": "POST", "url": service.url},
    }


def test_an_answer_beyond_all_bounds_is_refused(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_LARGEST", 10_000)
    service.answer = JSONResponse({"data": {"user": {"id": "x" * 20_000}}})
    error = world.error(USER)
    assert "HTTP exception" in error["message"]
    assert error["extensions"]["internal"]["message"] == "the answer is larger than 10000 bytes"


@pytest.mark.parametrize(
    "handler",
    [
        hostile.hangs,
        hostile.trickles,
        hostile.never_ends,
        hostile.promises_more,
        hostile.redirects,
        hostile.explodes,
        hostile.talks_nonsense,
    ],
)
def test_a_service_that_misbehaves_is_not_added(world: World, handler: hostile.Handler) -> None:
    world.start()
    definition = {"url": world.hostile(handler), "timeout_seconds": 1}
    error = world.refused("add_remote_schema", name="bad", definition=definition)
    assert error["code"] == "remote-schema-error"
    assert "remote_schemas" not in world.command("export_metadata")


def test_a_service_that_is_away_is_inconsistent_until_it_is_reloaded(world: World, service: Service) -> None:
    other = world.service("type Query { fine: String }", {"fine": "yes"})
    world.add("other", other)
    exported = world.command("export_metadata")
    away = world.hostile(hostile.talks_nonsense)
    moved = {
        **exported,
        "remote_schemas": [{"name": "forum", "definition": {"url": away}}, exported["remote_schemas"][1]],
    }
    reply = world.post(
        "/v1/metadata",
        {"type": "replace_metadata", "version": 2, "args": {"allow_inconsistent_metadata": True, "metadata": moved}},
    ).json()
    assert reply["is_consistent"] is False
    assert [(entry["type"], entry["name"]) for entry in reply["inconsistent_objects"]] == [
        ("remote_schema", "remote_schema forum")
    ]
    assert world.ask("{ fine }") == {"fine": "yes"}
    assert "not found in type: 'query_root'" in world.error(USER)["message"]
    assert world.refused("reload_remote_schema", name="forum")["code"] == "remote-schema-error"
    assert world.refused("introspect_remote_schema", name="forum")["code"] == "remote-schema-error"
    world.command("update_remote_schema", name="forum", definition={"url": service.url})
    assert world.ask(USER) == {"user": {"id": "1", "name": "Ada"}}
    assert world.command("get_inconsistent_metadata") == {"is_consistent": True, "inconsistent_objects": []}


def test_an_inconsistent_remote_schema_can_be_dropped(world: World) -> None:
    world.start()
    away = world.hostile(hostile.talks_nonsense)
    metadata = {"version": 3, "sources": [], "remote_schemas": [{"name": "forum", "definition": {"url": away}}]}
    args = {"allow_inconsistent_metadata": True, "metadata": metadata}
    world.post("/v1/metadata", {"type": "replace_metadata", "version": 2, "args": args})
    world.command("drop_inconsistent_metadata")
    assert "remote_schemas" not in world.command("export_metadata")


def test_requests_under_way_end_with_the_schema_they_began_with(world: World, service: Service) -> None:
    async def both() -> tuple[Any, Any]:
        started, go_on = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            started.set()
            await go_on.wait()

        service.answer = _Then(wait, JSONResponse({"data": {"user": {"id": "1", "name": "late"}}}))
        asking = asyncio.create_task(world.client.post("/v1/graphql", json={"query": USER}))
        await asyncio.wait_for(started.wait(), 60)
        removed = await world.client.post(
            "/v1/metadata", json={"type": "remove_remote_schema", "args": {"name": "forum"}}
        )
        go_on.set()
        return removed.json(), (await asking).json()

    removed, answered = world.run(both())
    assert removed == {"message": "success"}
    assert answered == {"data": {"user": {"id": "1", "name": "late"}}}


class _Then(Response):
    def __init__(self, wait: Any, then: Response) -> None:
        super().__init__()
        self._wait, self._then = wait, then

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._wait()
        await self._then(scope, receive, send)
