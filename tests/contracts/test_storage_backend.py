"""What every place for contents must do, whichever it is."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from nself.storage.backends import Backend
from nself.storage.backends.disk import DiskBackend
from nself.storage.errors import ContentChangedError, FileMissingError
from nself.storage.ranges import Span
from nself.storage.spool import Spooled
from tests.storage.s3_server import S3Server, s3_server

Body = Callable[[Backend], Awaitable[None]]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["disk", "s3"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Body], None]:
    """Runs a test's body with an open, empty backend."""

    def backend() -> Backend:
        if request.param == "disk":
            return DiskBackend(tmp_path / "files")
        from nself.storage.backends.s3 import S3Backend

        return S3Backend(request.getfixturevalue("s3").settings(s3_root_folder=uuid4().hex))

    def go(body: Body) -> None:
        async def inner() -> None:
            async with contextlib.AsyncExitStack() as stack:
                opened = backend()
                await opened.open()
                stack.push_async_callback(opened.close)
                await body(opened)

        asyncio.run(inner())

    return go


async def spooled(backend: Backend, content: bytes) -> Spooled:
    made = Spooled(backend.staging, ceiling=2**31)
    for start in range(0, len(content), 1_000_000):
        await made.write(content[start : start + 1_000_000])
    await made.finish()
    return made


async def put(backend: Backend, key: str, content: bytes) -> str:
    made = await spooled(backend, content)
    try:
        return await backend.put(key, made, mime_type="text/plain")
    finally:
        await made.discard()


async def read(backend: Backend, key: str, start: int = 0, end: int | None = None) -> bytes:
    stored = await backend.stat(key)
    span = Span(start, stored.size if end is None else end, stored.size)
    return await joined(await backend.read(key, stored, span))


async def joined(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def test_what_is_put_is_what_is_read(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key, content = str(uuid4()), os.urandom(300_000)
        etag = await put(backend, key, content)
        assert await read(backend, key) == content
        assert etag == (await backend.stat(key)).etag == f'"{hashlib.md5(content).hexdigest()}"'

    run(body)


def test_a_content_knows_its_size_and_when_it_came(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key, before = str(uuid4()), datetime.now(UTC)
        await put(backend, key, b"12345")
        stored = await backend.stat(key)
        assert stored.size == 5
        assert abs(stored.modified - before) < timedelta(minutes=1)

    run(body)


def test_a_span_is_read_exactly(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key, content = str(uuid4()), bytes(range(256)) * 5000
        await put(backend, key, content)
        for start, end in ((0, 1), (255, 700_001), (1_279_999, 1_280_000), (0, 1_280_000)):
            assert await read(backend, key, start, end) == content[start:end]

    run(body)


def test_an_empty_content_is_a_content(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key = str(uuid4())
        await put(backend, key, b"")
        assert (await backend.stat(key)).size == 0
        assert await read(backend, key) == b""

    run(body)


def test_a_large_content_keeps_its_etag_between_put_and_stat(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key, content = str(uuid4()), os.urandom(17 * 1024 * 1024)
        etag = await put(backend, key, content)
        assert (await backend.stat(key)).etag == etag
        assert await read(backend, key, 16_777_000, 16_778_000) == content[16_777_000:16_778_000]

    run(body)


def test_a_put_replaces_as_a_whole(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key = str(uuid4())
        first = await put(backend, key, b"a long first content")
        second = await put(backend, key, b"short")
        assert first != second
        assert await read(backend, key) == b"short"

    run(body)


def test_a_reader_never_gets_another_content_than_it_looked_at(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key = str(uuid4())
        await put(backend, key, b"one")
        stored = await backend.stat(key)
        await put(backend, key, b"two")
        with pytest.raises(ContentChangedError):
            await backend.read(key, stored, Span(0, 3, 3))

    run(body)


@pytest.mark.parametrize("look", ["stat", "read"])
def test_what_was_never_put_is_missing(run: Callable[[Body], None], look: str) -> None:
    async def body(backend: Backend) -> None:
        key = str(uuid4())
        await put(backend, key, b"x")
        stored = await backend.stat(key)
        await backend.delete(key)
        with pytest.raises(FileMissingError):
            await (backend.stat(key) if look == "stat" else backend.read(key, stored, Span(0, 1, 1)))

    run(body)


def test_deleting_twice_is_fine(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key = str(uuid4())
        await put(backend, key, b"x")
        await backend.delete(key)
        await backend.delete(key)

    run(body)


def test_a_read_can_be_given_up(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key, content = str(uuid4()), os.urandom(3_000_000)
        await put(backend, key, content)
        stored = await backend.stat(key)
        chunks = await backend.read(key, stored, Span(0, stored.size, stored.size))
        first = await anext(chunks)
        await chunks.aclose()
        assert content.startswith(first)
        assert await read(backend, key) == content

    run(body)


def test_concurrent_puts_of_one_key_leave_one_of_them(run: Callable[[Body], None]) -> None:
    async def body(backend: Backend) -> None:
        key = str(uuid4())
        contents = [bytes([65 + number]) * 200_000 for number in range(8)]
        await asyncio.gather(*(put(backend, key, content) for content in contents))
        found = await read(backend, key)
        assert found in contents
        assert (await backend.stat(key)).etag == f'"{hashlib.md5(found).hexdigest()}"'

    run(body)
