"""How a session is decided and an error is worded, seen from outside."""

from __future__ import annotations

import asyncio
import json

from tests.graphql.hostile import listening
from tests.graphql.serving import authors_and_articles, serving

QUERY = {"query": "{ article { id } }"}


async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A hook that makes everybody Ada and gives two cookies."""
    said = json.dumps({"X-Hasura-Role": "user", "X-Hasura-Name": "Ada"}).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(said), said)
    )


async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")


def test_the_webhook_decides_and_its_cookies_reach_the_client(dsn: str) -> None:
    async def go() -> None:
        async with listening(greets) as url, serving(dsn, HASURA_GRAPHQL_AUTH_HOOK=url) as api:
            await authors_and_articles(api)
            reply = await api.post("/v1/graphql", QUERY, {"cookie": "x=y"})
            assert reply.json() == {"data": {"article": [{"id": 1}, {"id": 2}]}}
            assert reply.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
            assert "set-cookie" not in (await api.post("/v1/graphql", QUERY)).headers

    asyncio.run(go())


def test_a_hook_that_refuses_or_breaks_lets_nobody_in(dsn: str) -> None:
    async def go() -> None:
        async with listening(refuses) as url, serving(dsn, HASURA_GRAPHQL_AUTH_HOOK=url) as api:
            message = "Authentication hook unauthorized this request"
            nested = {"errors": [{"message": message, "extensions": {"path": "$", "code": "access-denied"}}]}
            reply = await api.post("/v1/graphql", QUERY, {})
            assert (reply.status_code, reply.json()) == (200, nested)
            reply = await api.post("/v1alpha1/graphql", QUERY, {})
            assert (reply.status_code, reply.json()) == (401, nested)
            reply = await api.post("/v1/metadata", {"type": "export_metadata", "args": {}}, {})
            assert (reply.status_code, reply.json()["code"]) == (401, "access-denied")
            assert (await api.post("/v1/graphql", QUERY)).json()["errors"]

    asyncio.run(go())


def test_v1alpha1_says_the_same_with_the_status_of_the_error(dsn: str) -> None:
    async def go() -> None:
        async with serving(dsn) as api:
            await authors_and_articles(api)
            insert = {"query": 'mutation { insert_author_one(object: {name: "Ada"}) { id } }'}
            reply = await api.post("/v1alpha1/graphql", insert)
            assert reply.status_code == 400
            assert reply.json()["errors"][0]["extensions"]["code"] == "constraint-violation"
            reply = await api.post("/v1alpha1/graphql", QUERY)
            assert (reply.status_code, len(reply.json()["data"]["article"])) == (200, 3)
            assert (await api.post("/v1alpha1/graphql", [QUERY, {"query": "{ x }"}])).status_code == 200
            assert (await api.post("/v1alpha1/graphql", QUERY, {})).status_code == 401

    asyncio.run(go())
