"""Around every request: an id, a limit on its body, numbers for /metrics, one line in the log."""

import logging
import re
import time
import uuid

from prometheus_client import Counter, Histogram, disable_created_metrics
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

disable_created_metrics()
log = logging.getLogger("requests")
REQUESTS = Counter("http_requests_total", "Requests by how they ended.", ["method", "route", "status"])
DURATION = Histogram("http_request_duration_seconds", "How long requests took.", ["method", "route"])
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Observe:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, body_limit: int) -> None:
        self.app, self.body_limit = app, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.body_limit:
                raise HTTPException(413, f"the body is larger than {self.body_limit} bytes")
            return message

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive_limited, send_with_id)
        finally:
            took = time.perf_counter() - began
            # The route's pattern, not the path: paths are endless, and each would be a series of its own.
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.labels(method, route, status).inc()
            DURATION.labels(method, route).observe(took)
            fields = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "duration_ms": round(took * 1000, 2),
                "request_id": request_id,
            }
            log.info("request", extra={"fields": fields})
