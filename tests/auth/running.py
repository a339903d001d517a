"""An ASGI app kept running in a loop of its own, for tests that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from starlette.types import ASGIApp, Message

T = TypeVar("T")


class Running:
    """Starts the app on entry and stops it on exit; requests may come from several threads at once."""

    def __init__(self, app: ASGIApp, *, base_url: str, client: tuple[str, int] = ("127.0.0.1", 5)) -> None:
        self.app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=client)
        self._http = httpx.AsyncClient(transport=transport, base_url=base_url, timeout=90)
        self._in: asyncio.Queue[Message] = asyncio.Queue()
        self._out: asyncio.Queue[Message] = asyncio.Queue()

    def __enter__(self) -> Self:
        self._thread.start()
        self._lifespan = asyncio.run_coroutine_threadsafe(self._run_lifespan(), self._loop)
        assert self._exchange("lifespan.startup") == "lifespan.startup.complete"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._exchange("lifespan.shutdown") == "lifespan.shutdown.complete"
        self._lifespan.result(10)
        self.wait(self._http.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the app's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.wait(self._http.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    async def _run_lifespan(self) -> None:
        await self.app({"type": "lifespan", "state": {}}, self._in.get, self._out.put)

    def _exchange(self, kind: str) -> str:
        async def go() -> str:
            await self._in.put({"type": kind})
            return str((await self._out.get())["type"])

        return self.wait(go())
