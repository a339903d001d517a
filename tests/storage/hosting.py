"""A storage server on a real socket, hosted by a thread of the test run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from tests.cluster import free_port

SECRET = "an-admin-secret-for-tests"
ADMIN = {"x-hasura-admin-secret": SECRET}


@contextmanager
def hosted(app: ASGIApp, port: int | None = None) -> Iterator[str]:
    """The base URL of `app`, answering until the block ends."""
    port = port or free_port()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, lifespan="on", log_level="warning", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server ended while starting")
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@dataclass
class Storage:
    """The API as a client sees it. `root` is the disk backend's folder, `dsn` the server's database."""

    url: str
    dsn: str
    root: Any
    client: httpx.Client

    def upload(
        self, *contents: tuple[str, bytes, str], headers: dict[str, str] | None = None, **form: Any
    ) -> httpx.Response:
        files = [("file[]", content) for content in contents]
        files += [("metadata[]", ("", text, "application/json")) for text in form.pop("metadata", [])]
        return self.client.post(
            "/v1/files", files=files, data=form.get("data"), headers=ADMIN if headers is None else headers
        )

    def stored(
        self, content: bytes = b"some bytes", *, name: str = "a.txt", type: str = "text/plain", **form: Any
    ) -> Any:
        """A file that is there: its FileMetadata."""
        reply = self.upload((name, content, type), **form)
        assert reply.status_code == 201, reply.text
        return reply.json()["processedFiles"][0]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"/v1/files/{path}", headers={**ADMIN, **headers})
