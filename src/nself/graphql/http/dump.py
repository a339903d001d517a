"""POST /v1alpha1/pg_dump: a source as the SQL that makes it again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from nself.graphql.http.exchange import json_of, require_admin, session_of
from nself.graphql.metadata import edit
from nself.graphql.metadata.reader import Reader
from nself.graphql.sources import pg_dump
from nself.graphql.surface import Surface

_CHUNK = 64 * 1024


async def endpoint(surface: Surface, request: Request) -> Response:
    """`{opts: [...], clean_output, source}`."""
    body = Reader(await json_of(surface, request))
    require_admin(await session_of(surface, request))
    opts, clean, source = body.at("opts"), body.get("clean_output"), body.get("source")
    named = edit.source_of(surface.live.stored.metadata, source.name() if source else "default")
    output = await pg_dump.dump(
        pg_dump.program(surface.settings.pg_dump),
        surface.engine.pools.dsn_of(named),
        pg_dump.options(item.value for item in opts.items()),
        surface.settings.environ,
    )
    sent = _lines(output) if clean and clean.boolean() else _chunks(output)
    return StreamingResponse(sent, media_type="application/sql")


def _chunks(output: IO[bytes]) -> Iterator[bytes]:
    with output:
        while chunk := output.read(_CHUNK):
            yield chunk


def _lines(output: IO[bytes]) -> Iterator[bytes]:
    """Lines together in chunks of a decent size."""
    with output:
        waiting, size = [], 0
        for line in pg_dump.cleaned(output):
            waiting.append(line)
            size += len(line)
            if size > _CHUNK:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)
