"""JSON in and out, by msgspec."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

encode = msgspec.json.encode
JSON = "application/json; charset=utf-8"
_TYPE = JSON.encode()


class JsonResponse(Response):
    """`content` is anything msgspec encodes; ready-made JSON goes in as `msgspec.Raw`."""

    media_type = JSON

    def render(self, content: Any) -> bytes:
        return encode(content)


class EncodedJson(Response):
    """JSON that is ready-made, with nothing to find out about it."""

    media_type = JSON

    def __init__(self, body: bytes) -> None:
        self.status_code, self.background, self.body = 200, None, body
        self.raw_headers = [(b"content-type", _TYPE), (b"content-length", b"%d" % len(body))]
