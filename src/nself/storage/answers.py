"""How refusals look on the wire: `{"error": {"data", "message"}}` and an X-Error header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nself.errors import NselfError
from nself.storage import names
from nself.storage.errors import ApiError
from nself.storage.model import File
from nself.web.errors import UnexpectedError

_UNFORESEEN = "an internal server error occurred"
JSON = "application/json; charset=utf-8"


def renderer(*, debug: bool) -> Callable[[Request, NselfError], Response]:
    """`debug` shows callers why they were refused."""

    def render(request: Request, error: NselfError) -> Response:
        foreseen = not isinstance(error, UnexpectedError)
        message = error.message if foreseen else _UNFORESEEN
        headers = {"X-Error": names.header_text(message), **getattr(error, "headers", {})}
        if request.method == "HEAD":
            return Response(status_code=error.http_status, headers=headers)
        body: dict[str, Any] = {"error": {"data": _data(error, debug=debug), "message": message}}
        files = processed_files(request)
        if files is not None:
            body["processedFiles"] = files
        content = msgspec.json.encode(body) + b"\n"
        return Response(content, error.http_status, headers, media_type=JSON)

    return render


def processed_files(request: Request) -> list[File] | None:
    """The files a request has stored so far; None for a request that does not store any."""
    files: list[File] | None = request.scope.get("nself.storage.processed")
    return files


def begin_processing(request: Request) -> list[File]:
    """From here on an error tells which files were stored before it."""
    files: list[File] = []
    request.scope["nself.storage.processed"] = files
    return files


def _data(error: NselfError, *, debug: bool) -> Any:
    if isinstance(error, UnexpectedError):
        return {"incident": error.incident}
    if isinstance(error, ApiError):
        return error.data or ({"reason": error.reason} if debug and error.reason else None)
    return None
