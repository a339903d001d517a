"""The application: its routes, and what becomes of errors."""

import time
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException

from app import database, logs, observe
from app.settings import settings

VERSION = "0.1.0"


def create_app() -> Flask:
    began = time.monotonic()
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit
    observe.install(app)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected_error)

    @app.get("/")
    def index() -> dict[str, Any]:
        """What this service is."""
        return {"service": settings.service, "version": VERSION, "environment": settings.environment}

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "uptime_s": round(time.monotonic() - began, 3)}

    @app.get("/api/info")
    def info() -> dict[str, Any]:
        """Which framework this is, and the database's version when there is access to one."""
        found = {"service": settings.service, "language": "Python", "framework": "Flask"}
        return {**found, "database": database.version()}

    @app.post("/api/echo")
    def echo() -> dict[str, Any]:
        """The JSON it was sent."""
        return {"echo": request.get_json()}

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return app


def http_error(error: HTTPException) -> tuple[dict[str, Any], int]:
    if error.code == 413:
        discard_body()
    return failure(error.code or 500, error.description or error.name)


def discard_body() -> None:
    """What was refused is read all the same, within reason: gunicorn closes a connection on which much is left unread,
    and the client's next request may be on its way there."""
    stream = request.environ["wsgi.input"]
    for _ in range(64):
        if not stream.read(256 * 1024):
            return


def unexpected_error(error: Exception) -> tuple[dict[str, Any], int]:
    """The cause is in the log, under the same request id."""
    logs.service.exception("a request failed", extra={"fields": {"request_id": g.request_id}})
    return failure(500, "internal error")


def failure(status: int, message: str) -> tuple[dict[str, Any], int]:
    return {"error": message, "request_id": g.request_id}, status
