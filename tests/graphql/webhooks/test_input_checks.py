"""`validate_input`: a webhook sees what the client wants to write, and nothing is written against its word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.conformance.webhooks import listening
from tests.graphql.serving import ADMIN, Api, serving

CLERK = {**ADMIN, "x-hasura-role": "clerk", "x-hasura-user-id": "7", "x-mark": "blue"}
SHELF = "CREATE TABLE shelf (id serial PRIMARY KEY, label text); "
BOOK = "CREATE TABLE book (id serial PRIMARY KEY, title text, shelf_id int REFERENCES shelf)"


@dataclass
class Webhook:
    """Keeps what it is told; answers with `reply`."""

    url: str = ""
    told: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    reply: Response = field(default_factory=lambda: Response(status_code=200))

    async def __call__(self, request: Request) -> Response:
        self.told.append(json.loads(await request.body()))
        self.headers = dict(request.headers)
        return self.reply

    @property
    def inputs(self) -> list[Any]:
        return [body["data"]["input"] for body in self.told]


def play(dsn: str, script: Callable[[Api, Webhook], Coroutine[Any, Any, None]], **definition: Any) -> None:
    """Two tables that the role `clerk` may write, each write shown to the webhook first."""

    async def go() -> None:
        webhook = Webhook()
        app = Starlette(routes=[Route("/check", webhook.__call__, methods=["POST"])])
        async with listening(app) as base, serving(dsn, CHECK_URL=base) as api:
            webhook.url = base
            await api.sql(SHELF + BOOK)
            await api.metadata("pg_track_tables", {"tables": [{"table": "shelf"}, {"table": "book"}]})
            using = {"foreign_key_constraint_on": {"table": "book", "column": "shelf_id"}}
            await api.metadata("pg_create_array_relationship", {"table": "shelf", "name": "books", "using": using})
            check = {"type": "http", "definition": {"url": "{{CHECK_URL}}/check", **definition}}
            for table in ("shelf", "book"):
                await permit(api, table, check)
            await script(api, webhook)

    asyncio.run(go())


async def permit(api: Api, table: str, check: Any) -> None:
    every: dict[str, Any] = {"columns": "*", "validate_input": check}
    for kind, permission in (
        ("select", {"columns": "*", "filter": {}}),
        ("insert", {**every, "check": {}}),
        ("update", {**every, "filter": {}}),
        ("delete", {"filter": {}, "validate_input": check}),
    ):
        args = {"table": table, "role": "clerk", "permission": permission}
        await api.metadata(f"pg_create_{kind}_permission", args)


async def ask(api: Api, query: str, variables: Any = None) -> Any:
    return (await api.post("/v1/graphql", {"query": query, "variables": variables}, CLERK)).json()


def test_the_webhook_sees_each_kind_of_input(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        insert = "mutation ($t: String, $n: Int) { insert_book(objects: [{title: $t, id: $n}]) { affected_rows } }"
        for title in ("One", "Two"):
            assert "data" in await ask(api, insert, {"t": title})
        await ask(api, "mutation ($b: book_insert_input!) { insert_book_one(object: $b) { id } }", {"b": {"id": 9}})
        await ask(api, 'mutation { update_book(where: {id: {_eq: 1}}, _set: {title: "x"}) { affected_rows } }')
        await ask(api, 'mutation { update_book_by_pk(pk_columns: {id: 1}, _set: {title: "y"}) { id } }')
        await ask(api, 'mutation { update_book_many(updates: {where: {}, _set: {title: "z"}}) { affected_rows } }')
        await ask(api, "mutation { delete_book(where: {id: {_eq: 2}}) { affected_rows } }")
        await ask(api, "mutation { delete_book_by_pk(id: 1) { id } }")
        assert webhook.inputs == [
            [{"title": "One"}],
            [{"title": "Two"}],
            [{"id": 9}],
            [{"where": {"id": {"_eq": 1}}, "_set": {"title": "x"}}],
            [{"pk_columns": {"id": 1}, "_set": {"title": "y"}}],
            [{"where": {}, "_set": {"title": "z"}}],
            [{"id": {"_eq": 2}}],
            [{"id": 1}],
        ]
        assert {key: webhook.told[0][key] for key in ("version", "role", "session_variables")} == {
            "version": 1,
            "role": "clerk",
            "session_variables": {"x-hasura-role": "clerk", "x-hasura-user-id": "7"},
        }

    play(dsn, script)


def test_nested_rows_are_shown_to_their_own_tables_webhook(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        shelf = {"label": "A", "books": {"data": [{"title": "One"}, {"title": "Two"}]}}
        query = "mutation ($s: shelf_insert_input!) { insert_shelf_one(object: $s) { id books { title } } }"
        assert "data" in await ask(api, query, {"s": shelf})
        assert webhook.inputs == [[shelf], [{"title": "One"}, {"title": "Two"}]]

    play(dsn, script)


def test_a_refusal_is_the_webhooks_own_and_nothing_is_written(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        webhook.reply = JSONResponse({"message": "no such title"}, status_code=400)
        query = """mutation { insert_shelf_one(object: {label: "A"}) { id }
            insert_book_one(object: {title: "One"}) { id } }"""
        (error,) = (await ask(api, query))["errors"]
        assert (error["message"], error["extensions"]["code"]) == ("no such title", "validation-failed")
        counted = await api.graphql("{ shelf { id } book { id } }")
        assert counted["data"] == {"shelf": [], "book": []}
        assert "data" in await api.graphql('mutation { insert_book_one(object: {title: "Admin"}) { id } }')

    play(dsn, script)


@pytest.mark.parametrize(
    "reply",
    [
        Response(status_code=500),
        Response(b"not JSON", status_code=400),
        JSONResponse({"message": 3}, status_code=400),
        JSONResponse({"message": "moved"}, status_code=302, headers={"location": "http://127.0.0.1:1/"}),
    ],
    ids=["fault", "no JSON", "no text", "redirect"],
)
def test_a_webhook_that_does_not_say_yes_stops_the_write(dsn: str, reply: Response) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        webhook.reply = reply
        (error,) = (await ask(api, 'mutation { insert_book_one(object: {title: "One"}) { id } }'))["errors"]
        assert error["extensions"]["code"] == "unexpected"
        assert error["message"] == "the webhook that validates the input could not be asked"
        assert (await api.graphql("{ book { id } }"))["data"] == {"book": []}

    play(dsn, script)


def test_headers_are_the_permissions_and_if_wanted_the_clients(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        assert "data" in await ask(api, 'mutation { insert_book_one(object: {title: "One"}) { id } }')
        assert (webhook.headers["x-key"], webhook.headers["x-mark"]) == ("k", "blue")
        assert "x-hasura-admin-secret" not in webhook.headers

    play(dsn, script, headers=[{"name": "X-Key", "value": "k"}], forward_client_headers=True)


def test_a_webhook_that_is_not_there_stops_the_write(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        (error,) = (await ask(api, 'mutation { insert_book_one(object: {title: "One"}) { id } }'))["errors"]
        assert error["extensions"]["code"] == "unexpected"
        assert "NOT_SET" not in json.dumps(error["message"])

    play(dsn, script, url="{{NOT_SET}}/check")


def test_a_permission_says_what_is_wrong_with_its_check(dsn: str) -> None:
    async def script(api: Api, webhook: Webhook) -> None:
        for check, path in (
            ({"type": "grpc", "definition": {"url": "x"}}, "$.permission.validate_input.type"),
            ({"type": "http"}, "$.permission.validate_input"),
            ({"type": "http", "definition": {"url": ""}}, "$.permission.validate_input.definition.url"),
        ):
            args = {"table": "book", "role": "other", "permission": {"check": {}, "validate_input": check}}
            code, where, _ = await api.refused("pg_create_insert_permission", args)
            assert (code, where) == ("parse-failed", path)

    play(dsn, script)
