"""Around every request: an id, numbers for /metrics, one line in the log."""

import re
import time
import uuid

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram, disable_created_metrics

from app import logs

disable_created_metrics()
REQUESTS = Counter("http_requests_total", "Requests by how they ended.", ["method", "route", "status"])
DURATION = Histogram("http_request_duration_seconds", "How long requests took.", ["method", "route"])
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def install(app: Flask) -> None:
    app.before_request(begin)
    app.after_request(end)


def begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.began = time.perf_counter()
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def end(response: Response) -> Response:
    took = time.perf_counter() - g.began
    # The route's pattern, not the path: paths are endless, and each would be a series of its own.
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    DURATION.labels(method, route).observe(took)
    fields = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "duration_ms": round(took * 1000, 2),
        "request_id": g.request_id,
    }
    logs.requests.info("request", extra={"fields": fields})
    response.headers["X-Request-ID"] = g.request_id
    return response
