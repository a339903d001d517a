"""An app that cannot start says why, once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from starlette.routing import Router

from nself.errors import DatabaseError
from nself.web.lifespan import KeepsFailure


def started(fails_with: Callable[[], Exception] | None) -> tuple[KeepsFailure, list[Any]]:
    """An app after its start, and what it told its host."""

    @contextlib.asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        if fails_with:
            raise fails_with()
        yield

    app, told = KeepsFailure(Router(lifespan=lifespan)), list[Any]()
    wanted = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        return wanted.pop(0)

    async def send(message: Any) -> None:
        told.append(message)

    with contextlib.suppress(ZeroDivisionError):
        asyncio.run(app({"type": "lifespan", "state": {}}, receive, send))
    return app, told


def test_a_start_that_works_is_passed_on() -> None:
    app, told = started(None)
    assert app.failure is None
    assert [message["type"] for message in told] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_an_error_we_foresaw_is_kept_without_its_traceback() -> None:
    app, told = started(lambda: DatabaseError("no database"))
    assert str(app.failure) == "no database"
    assert told == [{"type": "lifespan.startup.failed", "message": ""}]


def test_an_error_nobody_foresaw_is_the_hosts_to_log() -> None:
    app, told = started(lambda: ZeroDivisionError("oops"))
    assert app.failure is None
    (message,) = told
    assert "ZeroDivisionError: oops" in message["message"]


def test_requests_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(KeepsFailure(app)({"type": "http"}, pytest.fail, pytest.fail))  # type: ignore[arg-type]
    assert seen == ["http"]
