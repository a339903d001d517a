"""The application: its routes, and what happens at start and stop."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
from fastapi import Body, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from app.observe import Observe
from app.settings import Settings

log = logging.getLogger("service")
VERSION = "0.1.0"


def create_app(settings: Settings) -> FastAPI:
    began = time.monotonic()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = None
        if settings.database_url:
            # No connection is made before one is needed: the service starts without its database, too.
            app.state.database = await asyncpg.create_pool(settings.database_url, min_size=0, max_size=10)
        log.info("started", extra={"fields": {"host": settings.host, "port": settings.port}})
        yield
        if app.state.database:
            await app.state.database.close()
        log.info("stopped")

    app = FastAPI(title=settings.service, version=VERSION, lifespan=lifespan)
    app.add_middleware(Observe, body_limit=settings.body_limit)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(Exception, unexpected_error)

    @app.get("/")
    async def index() -> dict[str, Any]:
        """What this service is."""
        return {"service": settings.service, "version": VERSION, "environment": settings.environment, "docs": "/docs"}

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "uptime_s": round(time.monotonic() - began, 3)}

    @app.get("/api/info")
    async def info(request: Request) -> dict[str, Any]:
        """Which framework this is, and the database's version when there is access to one."""
        found: dict[str, Any] = {"service": settings.service, "language": "Python", "framework": "FastAPI"}
        pool = request.app.state.database
        return {**found, "database": await pool.fetchval("SHOW server_version") if pool else None}

    @app.post("/api/echo")
    async def echo(payload: Annotated[Any, Body()]) -> dict[str, Any]:
        """The JSON it was sent."""
        return {"echo": payload}

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    return app


async def http_error(request: Request, error: HTTPException) -> JSONResponse:
    return failure(request, error.status_code, error.detail, headers=error.headers)


async def invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """400 for what is no JSON at all, 422 for JSON of the wrong shape."""
    first = error.errors()[0]
    broken = first["type"] == "json_invalid" or first["loc"] == ("body",)
    where = ".".join(str(part) for part in first["loc"])
    return failure(request, 400 if broken else 422, f"{where}: {first['msg']}")


async def unexpected_error(request: Request, error: Exception) -> JSONResponse:
    """The cause is in the log, under the same request id."""
    return failure(request, 500, "internal error")


def failure(request: Request, status: int, message: str, **options: Any) -> JSONResponse:
    return JSONResponse({"error": message, "request_id": request.scope.get("request_id")}, status, **options)
