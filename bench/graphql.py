"""GraphQL beside a hand-written route: asyncpg and Starlette, one SQL statement that builds the same JSON."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import msgspec
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message
from tests.cluster import Cluster
from tests.conformance.server import lifespan

from bench.row import Row
from nself.graphql.app import SERVER
from nself.settings import from_env

AT_ONCE, SECONDS, ROUNDS = 4, 0.5, 3

SCHEMA = """
CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL, email text, born date);
CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES authors, title text NOT NULL, price int);
INSERT INTO authors
    SELECT i, 'author ' || i, i || '@example.org', date '1900-01-01' + i FROM generate_series(1, 2000) i;
INSERT INTO books SELECT i, 1 + i % 2000, 'book ' || i, i % 50 FROM generate_series(1, 20000) i;
CREATE INDEX ON books (author_id);
ANALYZE;
"""
TRACK = {
    "type": "bulk",
    "args": [
        {"type": "pg_track_table", "args": {"table": "authors"}},
        {"type": "pg_track_table", "args": {"table": "books"}},
        {
            "type": "pg_create_array_relationship",
            "args": {
                "table": "authors",
                "name": "books",
                "using": {"foreign_key_constraint_on": {"table": "books", "column": "author_id"}},
            },
        },
    ],
}
CASES = {
    "by primary key": (
        "query ($n: Int!) { authors_by_pk(id: $n) { id name email born } }",
        "authors_by_pk",
        "SELECT row_to_json(a)::text FROM (SELECT id, name, email, born FROM authors WHERE id = $1) a",
        7,
    ),
    "nested list": (
        "query ($n: Int!) { authors(limit: $n, order_by: {id: asc}) { id name books { id title price } } }",
        "authors",
        """SELECT json_agg(r)::text FROM (SELECT a.id, a.name, (SELECT coalesce(json_agg(b), '[]') FROM (
            SELECT id, title, price FROM books WHERE author_id = a.id) b) AS books
            FROM (SELECT id, name FROM authors ORDER BY id LIMIT $1) a) r""",
        20,
    ),
}


def measure() -> list[Row]:
    cluster = Cluster.start()
    try:
        cluster.run("postgres", "CREATE DATABASE bench")
        cluster.run("bench", SCHEMA, wait_s=30)
        return uvloop.run(_measure(cluster.dsn("bench")))
    finally:
        cluster.stop()


async def _measure(dsn: str) -> list[Row]:
    settings = from_env(SERVER.settings, {"HASURA_GRAPHQL_DATABASE_URL": dsn, "HASURA_GRAPHQL_PG_CONNECTIONS": "4"})
    engine = SERVER.create(settings, {})
    rows = []
    async with lifespan(engine), _hand_written(dsn) as by_hand:
        await _post(engine, "/v1/metadata", TRACK)
        for name, (query, field, _, n) in CASES.items():
            body = {"query": query, "variables": {"n": n}}
            ours, theirs = await _compared(engine, "/v1/graphql", by_hand, f"/{field}", body)
            target = Row(
                name=f"GraphQL {name}",
                value=ours,
                unit="requests/s",
                target=0.7,
                better="higher",
                baseline=theirs,
                baseline_name="hand-written route",
            )
            rows.append(target)
    return rows


async def _compared(
    engine: ASGIApp, path: str, other: ASGIApp, other_path: str, body: dict[str, Any]
) -> tuple[float, float]:
    """Requests a second of both, the best of some rounds taken in turn; first, that both give the same JSON."""
    ours, theirs = await _post(engine, path, body), await _post(other, other_path, body)
    assert msgspec.json.decode(ours) == msgspec.json.decode(theirs)
    best = [0.0, 0.0]
    for _ in range(ROUNDS):
        for index, (app, where) in enumerate(((engine, path), (other, other_path))):
            best[index] = max(best[index], await _rate(lambda app=app, where=where: _post(app, where, body)))
    return best[0], best[1]


async def _rate(request: Callable[[], Awaitable[bytes]]) -> float:
    began = time.perf_counter()

    async def ask() -> int:
        count = 0
        while time.perf_counter() - began < SECONDS:
            await request()
            count += 1
        return count

    counts = await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return sum(counts) / (time.perf_counter() - began)


@contextlib.asynccontextmanager
async def _hand_written(dsn: str) -> AsyncIterator[ASGIApp]:
    async with asyncpg.create_pool(dsn, min_size=4, max_size=4) as pool:

        def route(field: str, sql: str) -> Route:
            async def endpoint(request: Request) -> Response:
                body = msgspec.json.decode(await request.body())
                text = await pool.fetchval(sql, body["variables"]["n"])
                return Response(f'{{"data":{{"{field}":{text}}}}}', media_type="application/json")

            return Route(f"/{field}", endpoint, methods=["POST"])

        yield Starlette(routes=[route(field, sql) for _, field, sql, _ in CASES.values()])


async def _post(app: ASGIApp, path: str, body: dict[str, Any]) -> bytes:
    """One request without a socket, so that what is measured is the two apps and PostgreSQL."""
    sent = msgspec.json.encode(body)
    answer = bytearray()
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        answer.extend(message.get("body", b""))

    await app(_scope(path, len(sent)), receive, send)
    assert status == 200, bytes(answer)
    return bytes(answer)


def _scope(path: str, length: int) -> dict[str, Any]:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(length).encode())]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "root_path": "",
    }
