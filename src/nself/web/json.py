"""JSON in and out, by msgspec."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

encode = msgspec.json.encode


class JsonResponse(Response):
    """`content` is anything msgspec encodes; ready-made JSON goes in as `msgspec.Raw`."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return encode(content)
