"""A storage server on a real socket, hosted by a thread of the test run."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import uvicorn
from starlette.types import ASGIApp

from nself.storage.app import create
from nself.storage.settings import StorageSettings
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


async def execute(dsn: str, statement: str, *args: Any) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement, *args)
    finally:
        await connection.close()


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true, given time: a busy machine needs some."""
    deadline = time.monotonic() + 90
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return now


@contextmanager
def another(storage: Storage, peer: ASGIApp, **changes: Any) -> Iterator[httpx.Client]:
    """A second server over the same database."""
    settings = {"database_url": storage.dsn, "admin_secret": SECRET, "disk_root": str(storage.root), **changes}
    with (
        hosted(create(StorageSettings(**settings), {"graphql": peer})) as url,
        httpx.Client(base_url=url, timeout=90) as client,
    ):
        yield client


def upload(client: httpx.Client, content: bytes = b"some bytes", id: str | None = None) -> httpx.Response:
    metadata = [("metadata[]", ("", f'{{"id": "{id}"}}'))] if id else []
    return client.post("/v1/files", files=[("file[]", ("a.bin", content)), *metadata], headers=ADMIN)
