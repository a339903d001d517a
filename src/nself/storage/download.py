"""Answering with a file's content: conditions, ranges, headers, and the bytes as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import UTC
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from nself.storage import conditionals, mime, names, ranges
from nself.storage.backends import Backend
from nself.storage.errors import ContentChangedError, StoreUnavailableError, TransformationError
from nself.storage.model import File, Stored

_TRANSFORMATIONS = {"w", "h", "q", "b", "f"}
_AT_ONCE_BYTES = 128 * 1024
"""Up to here the content is read before the answer begins, which costs less and can still fail with a status."""
_LOOKS = 5
"""How often a content may be replaced under us before we give up."""


async def answer(request: Request, file: File, backend: Backend, *, cache_control: str) -> Response:
    """The response to GET or HEAD for an uploaded `file`."""
    refuse_transformation(request.query_params, file)
    for _ in range(_LOOKS):
        stored = await backend.stat(file.id)
        try:
            return await _answer(request, file, stored, backend, cache_control)
        except ContentChangedError:
            continue
    raise StoreUnavailableError("the file is being replaced too often to be read")


async def _answer(request: Request, file: File, stored: Stored, backend: Backend, cache_control: str) -> Response:
    validators = _validators(stored, cache_control)
    verdict = conditionals.evaluate(request.headers, etag=stored.etag, modified=stored.modified)
    if verdict != 200:
        return Response(status_code=verdict, headers=validators)
    headers = {**validators, **_description(file, stored)}
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(stored.size)})
    wanted = request.headers.get("range")
    if not conditionals.if_range_holds(request.headers.get("if-range"), etag=stored.etag, modified=stored.modified):
        wanted = None
    span = ranges.resolve(wanted, stored.size)
    headers["Content-Length"] = str(span.length)
    if not span.whole:
        headers["Content-Range"] = span.header
    status = 200 if span.whole else 206
    chunks = await backend.read(file.id, stored, span)
    if span.length <= _AT_ONCE_BYTES:
        return Response(b"".join([chunk async for chunk in chunks]), status, headers)
    return ContentResponse(chunks, status, headers)


def refuse_transformation(query: Mapping[str, str], file: File) -> None:
    """Untouched bytes are all we have: asking for others is an error, not silently ignored."""
    asked = _TRANSFORMATIONS & set(query)
    if asked and not (asked == {"f"} and query["f"] == "same"):
        raise TransformationError(mime.safe(file.mime_type))


def cache_control(bucket_value: str, *, personal: bool) -> str:
    """The bucket's directives; `private` when the answer depended on who asked and the bucket does not decide that."""
    words = {word.strip().partition("=")[0].lower() for word in bucket_value.split(",")}
    if personal and not words & {"public", "private"}:
        return f"private, {bucket_value}".rstrip(", ")
    return bucket_value


def _validators(stored: Stored, cache_control: str) -> dict[str, str]:
    """What 200, 206, 304 and 412 all carry."""
    value = names.header_text(cache_control)
    caching = {"Cache-Control": value, "Surrogate-Control": value} if value else {}
    return {**caching, "Etag": stored.etag}


def _description(file: File, stored: Stored) -> dict[str, str]:
    mime_type = mime.safe(file.mime_type)
    return {
        "Accept-Ranges": "bytes",
        "Content-Disposition": names.disposition(file.name or ""),
        "Content-Type": mime_type,
        "Last-Modified": format_datetime(stored.modified.astimezone(UTC), usegmt=True),
        "Surrogate-Key": file.id,
        **mime.security_headers(mime_type),
    }


class ContentResponse(StreamingResponse):
    """Bytes passed on as the backend yields them; the source is closed however the request ends."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], status: int, headers: Mapping[str, str]) -> None:
        super().__init__(chunks, status, headers)
        self.chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.chunks):
            await super().__call__(scope, receive, send)
