"""What a network, a disk and a hurry can do to the server; what it must never do then."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from nself.storage.app import create
from nself.storage.settings import StorageSettings
from tests.cluster import free_port
from tests.storage.graphql_peer import GraphQLPeer
from tests.storage.hosting import ADMIN, SECRET, Storage, hosted
from tests.storage.s3_server import S3Server, s3_server


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it becomes true within a few seconds."""
    deadline = time.monotonic() + 10
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return now


@contextmanager
def another(storage: Storage, peer: GraphQLPeer, **changes: Any) -> Iterator[httpx.Client]:
    """A second server over the same database."""
    settings = {"database_url": storage.dsn, "admin_secret": SECRET, "disk_root": str(storage.root), **changes}
    with (
        hosted(create(StorageSettings(**settings), {"graphql": peer.app})) as url,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        yield client


def upload(client: httpx.Client, content: bytes = b"some bytes", id: str | None = None) -> httpx.Response:
    metadata = [("metadata[]", ("", f'{{"id": "{id}"}}'))] if id else []
    return client.post("/v1/files", files=[("file[]", ("a.bin", content)), *metadata], headers=ADMIN)


# Clients


def test_a_chunked_upload_without_a_length_is_accepted(storage: Storage) -> None:
    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file[]"; filename="a"\r\n\r\n'
        for _ in range(50):
            yield b"0123456789" * 1000
        yield b"\r\n--b--\r\n"

    reply = storage.client.post(
        "/v1/files", content=body(), headers={**ADMIN, "content-type": "multipart/form-data; boundary=b"}
    )
    assert reply.status_code == 201
    assert reply.json()["processedFiles"][0]["size"] == 500_000


def test_a_client_that_leaves_in_the_middle_of_an_upload_leaves_nothing(
    storage: Storage, staging: Path, sql: Callable[..., Any]
) -> None:
    (before,) = sql("SELECT count(*) FROM storage.files")
    head = b'--b\r\nContent-Disposition: form-data; name="file[]"; filename="a"\r\n\r\n' + b"x" * 2_000_000
    with socket.create_connection(httpx.URL(storage.url).netloc.decode().split(":")) as connection:  # type: ignore[arg-type]
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 99999999\r\n\r\n" + head
        )
        assert eventually(lambda: any(staging.iterdir()))
    assert eventually(lambda: not any(staging.iterdir()))
    assert sql("SELECT count(*) FROM storage.files") == [before]


def test_a_client_that_leaves_in_the_middle_of_a_download_is_let_go(storage: Storage) -> None:
    file = storage.stored(os.urandom(30_000_000), name="big.bin", type="application/x-thing")
    with storage.client.stream("GET", f"/v1/files/{file['id']}", headers=ADMIN) as reply:
        assert next(reply.iter_raw())
    content = Path(storage.root) / file["id"][:2] / file["id"]
    assert eventually(lambda: not held_open(content))


def held_open(path: Path) -> bool:
    """Whether this process, which hosts the server, has the file open."""

    def target(link: Path) -> str:
        try:
            return str(link.readlink())
        except OSError:
            return ""

    return str(path) in {target(link) for link in Path("/proc/self/fd").iterdir()}


def test_a_large_file_never_is_in_memory_as_a_whole(storage: Storage) -> None:
    size, block = 300_000_000, b"\xff" + b"x" * 999_999

    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file[]"; filename="a"\r\n\r\n'
        for _ in range(size // len(block)):
            yield block
        yield b'\r\n--b\r\nContent-Disposition: form-data; name="bucket-id"\r\n\r\nroomy\r\n--b--\r\n'

    asyncio.run(_execute(storage.dsn, "INSERT INTO storage.buckets (id, max_upload_file_size) VALUES ('roomy', 2e9)"))
    before = peak_memory()
    reply = storage.client.post(
        "/v1/files", content=body(), headers={**ADMIN, "content-type": "multipart/form-data; boundary=b"}
    )
    assert reply.status_code == 201, reply.text
    digest = hashlib.md5()
    path = f"/v1/files/{reply.json()['processedFiles'][0]['id']}"
    with storage.client.stream("GET", path, headers=ADMIN) as download:
        for chunk in download.iter_raw():
            digest.update(chunk)
    assert f'"{digest.hexdigest()}"' == reply.json()["processedFiles"][0]["etag"]
    assert peak_memory() - before < 100_000_000
    assert storage.client.delete(path, headers=ADMIN).status_code == 204


def peak_memory() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def _execute(dsn: str, statement: str) -> None:
    from tests.storage.conftest import execute

    await execute(dsn, statement)


# Two at once


def test_readers_and_writers_of_one_file_never_see_a_mixture(storage: Storage, peer: GraphQLPeer) -> None:
    """Over two servers: each answer is one of the contents, with that content's own etag and length."""
    contents = [bytes([65 + number]) * (50_000 + number) for number in range(6)]
    known = {f'"{hashlib.md5(content).hexdigest()}"': content for content in contents}
    file = storage.stored(contents[0], name="a.bin", type="application/x-thing")
    path = f"/v1/files/{file['id']}"

    async def write(client: httpx.AsyncClient) -> None:
        for content in random.sample(contents, len(contents)):
            reply = await client.put(path, files={"file": ("a.bin", content)}, headers=ADMIN)
            assert reply.status_code == 200, reply.text
            assert known[reply.json()["etag"]] == content

    async def look(client: httpx.AsyncClient) -> None:
        for _ in range(20):
            reply = await client.get(path, headers=ADMIN)
            assert reply.status_code == 200, reply.text
            assert known[reply.headers["etag"]] == reply.content

    async def everyone(urls: list[str]) -> None:
        async with contextlib_clients(urls) as clients:
            await asyncio.gather(*(write(client) for client in clients * 2), *(look(client) for client in clients * 2))

    with another(storage, peer) as other:
        asyncio.run(everyone([storage.url, str(other.base_url)]))
    (row,) = asyncio.run(_rows(storage.dsn, "SELECT etag, size FROM storage.files WHERE id = $1", file["id"]))
    final = storage.get(file["id"])
    assert (row["etag"], row["size"]) == (final.headers["etag"], len(final.content))


def contextlib_clients(urls: list[str]) -> Any:
    import contextlib

    @contextlib.asynccontextmanager
    async def opened() -> Any:
        async with contextlib.AsyncExitStack() as stack:
            yield [await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60)) for url in urls]

    return opened()


async def _rows(dsn: str, statement: str, *args: Any) -> Any:
    from tests.storage.conftest import execute

    return await execute(dsn, statement, *args)


def test_uploads_replacements_and_deletions_of_one_id_end_consistent(storage: Storage) -> None:
    """Whatever the order: a file that is there has its content, one that is gone left none."""
    id = str(uuid4())

    async def chaos() -> set[int]:
        async with httpx.AsyncClient(base_url=storage.url, timeout=60, headers=ADMIN) as client:

            def again() -> Any:
                metadata = ("", f'{{"id": "{id}"}}')
                return client.post("/v1/files", files=[("file[]", ("a", os.urandom(9))), ("metadata[]", metadata)])

            def other() -> Any:
                return client.put(f"/v1/files/{id}", files={"file": ("b", os.urandom(9))})

            def gone() -> Any:
                return client.delete(f"/v1/files/{id}")

            def look() -> Any:
                return client.get(f"/v1/files/{id}")

            steps = [again, other, gone, look] * 12
            random.shuffle(steps)
            return {reply.status_code for reply in await asyncio.gather(*(step() for step in steps))}

    assert asyncio.run(chaos()) <= {200, 201, 204, 400, 403, 404}
    exists = bool(asyncio.run(_rows(storage.dsn, "SELECT FROM storage.files WHERE id = $1 AND is_uploaded", id)))
    left = asyncio.run(_rows(storage.dsn, "SELECT FROM storage.files WHERE id = $1 AND NOT is_uploaded", id))
    assert (storage.get(id).status_code == 200, left) == (exists, [])
    assert (Path(storage.root) / id[:2] / id).exists() is exists


# Siblings and stores


def test_what_graphql_does_not_foresee_is_our_fault_not_the_callers(storage: Storage, peer: GraphQLPeer) -> None:
    peer.fails_with = ("unexpected", "database query error")
    try:
        reply = storage.get(str(uuid4()))
    finally:
        peer.fails_with = None
    assert (reply.status_code, reply.json()["error"]["message"]) == (500, "an internal server error occurred")


def test_without_graphql_files_are_unavailable_and_come_back_with_it(storage: Storage, peer: GraphQLPeer) -> None:
    file, port = storage.stored(b"here"), free_port()
    settings = StorageSettings(
        database_url=storage.dsn, disk_root=str(storage.root), hasura_endpoint=f"http://127.0.0.1:{port}/v1"
    )
    path = f"/v1/files/{file['id']}"
    with hosted(create(settings, {})) as url:
        reply = httpx.get(url + path, headers=ADMIN)
        assert (reply.status_code, reply.json()["error"]["message"]) == (503, "the GraphQL server does not answer")
        assert httpx.get(url + "/healthz").text == "ok"
        with hosted(peer.app, port):
            assert httpx.get(url + path, headers=ADMIN).content == b"here"
            assert eventually(lambda: any(command["type"] == "pg_track_table" for command in peer.commands))


def test_a_refusal_explains_itself_in_debug_mode_only(storage: Storage, peer: GraphQLPeer) -> None:
    with another(storage, peer, debug=True) as client:
        reply = client.post("/v1/files", files={"file[]": ("a", b"x")})
    assert reply.json()["error"]["message"] == "you are not authorized"
    assert "insertFiles as role public: field 'insertFiles' not found" in reply.json()["error"]["data"]["reason"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "x", str(folder)]).returncode:
        pytest.skip("only root may mount a small disk to fill")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_leaves_neither_row_nor_content(
    storage: Storage, peer: GraphQLPeer, small_disk: Path
) -> None:
    count = "SELECT count(*) FROM storage.files"
    with another(storage, peer, disk_root=str(small_disk)) as client:
        before = asyncio.run(_rows(storage.dsn, count))
        for _ in range(2):
            reply = upload(client, os.urandom(3_000_000))
            assert reply.status_code == 507, reply.text
            assert reply.json()["error"]["message"] == "there is no space left to store the file"
        assert asyncio.run(_rows(storage.dsn, count)) == before
        assert [path for path in small_disk.rglob("*") if path.is_file()] == []
        assert upload(client, b"a small one").status_code == 201


def test_a_put_that_fails_takes_its_row_back(storage: Storage, peer: GraphQLPeer, small_disk: Path) -> None:
    """The staging folder has room, the place of the content is not a folder."""
    id = str(uuid4())
    with another(storage, peer, disk_root=str(small_disk)) as client:
        (small_disk / id[:2]).write_bytes(b"")
        assert upload(client, id=id).status_code == 500
    assert asyncio.run(_rows(storage.dsn, "SELECT FROM storage.files WHERE id = $1", id)) == []


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


def test_the_api_is_the_same_over_s3(storage: Storage, peer: GraphQLPeer, s3: S3Server) -> None:
    with hosted(create(s3.settings(database_url=storage.dsn), {"graphql": peer.app})) as url:
        client = httpx.Client(base_url=url, headers=ADMIN)
        file = upload(client, b"0123456789").json()["processedFiles"][0]
        assert file["etag"] == f'"{hashlib.md5(b"0123456789").hexdigest()}"'
        path = f"/v1/files/{file['id']}"
        assert (s3.folder / "files" / "root" / file["id"]).read_bytes() == b"0123456789"
        got = client.get(path, headers={"range": "bytes=3-5"})
        assert (got.status_code, got.content, got.headers["content-range"]) == (206, b"345", "bytes 3-5/10")
        assert client.get(path, headers={"if-none-match": file["etag"]}).status_code == 304
        assert client.head(path).headers["content-length"] == "10"
        assert client.put(path, files={"file": ("b", b"new")}).status_code == 200
        assert client.get(path).content == b"new"
        assert client.delete(path).status_code == 204
        assert not (s3.folder / "files" / "root" / file["id"]).exists()
        client.close()


def test_s3_being_down_is_unavailable_and_takes_the_row_back(
    storage: Storage, peer: GraphQLPeer, tmp_path: Path
) -> None:
    id = str(uuid4())
    with s3_server(tmp_path) as server:
        application = create(server.settings(database_url=storage.dsn), {"graphql": peer.app})
        with hosted(application) as url, httpx.Client(base_url=url, headers=ADMIN, timeout=60) as client:
            kept = upload(client).json()["processedFiles"][0]
            server.process.kill()
            server.process.wait()
            for reply in (upload(client, id=id), client.get(f"/v1/files/{kept['id']}")):
                assert reply.status_code == 503
                assert reply.json()["error"]["message"] == "the object store does not answer"
                assert server.url not in reply.text
    assert asyncio.run(_rows(storage.dsn, "SELECT FROM storage.files WHERE id = $1", id)) == []
