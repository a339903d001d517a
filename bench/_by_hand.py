"""The baseline: asyncpg and a bare ASGI app, one route a question, one SQL statement that builds the JSON.

`python -m bench._by_hand PORT DSN` serves it with the server that ours runs on.
"""

from __future__ import annotations

import sys
from typing import Any

import asyncpg
import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

ROUTES = {
    "/lookup": (
        "SELECT row_to_json(a)::text FROM (SELECT id, name, email, born FROM authors WHERE id = $1) a",
        "authors_by_pk",
    ),
    "/nested": (
        """SELECT json_agg(r)::text FROM (
            SELECT b.id, b.title, (SELECT row_to_json(a) FROM (SELECT id, name FROM authors WHERE id = b.author_id) a)
                AS author, (SELECT coalesce(json_agg(v), '[]') FROM (
                    SELECT id, stars, body FROM reviews WHERE book_id = b.id) v) AS reviews
            FROM (SELECT id, title, author_id FROM books ORDER BY id LIMIT $1) b) r""",
        "books",
    ),
    "/aggregate": (
        """SELECT json_build_object('aggregate', json_build_object('count', count(*), 'avg', json_build_object('price',
            avg(price)), 'max', json_build_object('price', max(price))))::text FROM books WHERE author_id < $1""",
        "books_aggregate",
    ),
    "/insert": (
        """WITH made AS (INSERT INTO visits (who, page) SELECT r->>'who', r->>'page'
            FROM jsonb_array_elements($1::jsonb) r RETURNING 1)
            SELECT json_build_object('affected_rows', count(*))::text FROM made""",
        "insert_visits",
    ),
    "/large": (
        "SELECT json_agg(r)::text FROM (SELECT id, stars, body FROM reviews ORDER BY id LIMIT $1) r",
        "reviews",
    ),
}


def app(dsn: str) -> ASGIApp:
    pool: asyncpg.Pool[Any] | None = None

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal pool
        if scope["type"] == "lifespan":
            await receive()
            pool = await asyncpg.create_pool(dsn, min_size=4, max_size=16, server_settings={"jit": "off"}, reset=_keep)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        assert pool is not None
        if scope["path"] not in ROUTES:
            await _send(send, 404, b"")
            return
        sql, field = ROUTES[scope["path"]]
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        (value,) = msgspec.json.decode(body)["variables"].values()
        text = await pool.fetchval(sql, value if isinstance(value, int) else msgspec.json.encode(value).decode())
        await _send(send, 200, b'{"data":{"%s":%s}}' % (field.encode(), text.encode()))

    return served


async def _keep(connection: object) -> None:
    """Nothing here changes a setting of its session."""


async def _send(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    port, dsn = sys.argv[1:]
    uvicorn.run(app(dsn), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
