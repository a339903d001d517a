"""What a network, a disk and a hurry can do to the server; what it must never do then."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.storage.graphql_peer import GraphQLPeer
from tests.storage.hosting import ADMIN, Storage, another, eventually, execute, upload

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


@contextlib.contextmanager
def begun_upload(storage: Storage, credentials: dict[str, str]) -> Iterator[socket.socket]:
    """A connection on which the beginning of a large upload was sent."""
    fields = {
        "Host": "x",
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": "99999999",
        **credentials,
    }
    lines = ["POST /v1/files HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    url = httpx.URL(storage.url)
    with socket.create_connection((url.host, url.port or 80), timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode())
        connection.sendall(b'--b\r\nContent-Disposition: form-data; name="file[]"; filename="a"\r\n\r\n')
        connection.sendall(b"x" * 2_000_000)
        yield connection


def test_a_client_that_leaves_in_the_middle_of_an_upload_leaves_nothing(
    storage: Storage, staging: Path, sql: Callable[..., Any]
) -> None:
    (before,) = sql("SELECT count(*) FROM storage.files")
    with begun_upload(storage, ADMIN):
        assert eventually(lambda: any(staging.iterdir()))
    assert eventually(lambda: not any(staging.iterdir()))
    assert sql("SELECT count(*) FROM storage.files") == [before]


def test_who_may_not_insert_at_all_is_refused_before_a_byte_is_kept(storage: Storage, staging: Path) -> None:
    with begun_upload(storage, {}) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 403")
        assert not any(staging.iterdir())


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
    size, block = 150_000_000, b"\xff" + b"x" * 999_999

    def body() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file[]"; filename="a"\r\n\r\n'
        for _ in range(size // len(block)):
            yield block
        yield b'\r\n--b\r\nContent-Disposition: form-data; name="bucket-id"\r\n\r\nroomy\r\n--b--\r\n'

    asyncio.run(execute(storage.dsn, "INSERT INTO storage.buckets (id, max_upload_file_size) VALUES ('roomy', 2e9)"))
    before = forget_peak_memory()
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
    assert peak_memory() - before < 75_000_000
    assert storage.client.delete(path, headers=ADMIN).status_code == 204


def forget_peak_memory() -> int:
    """Begin to watch anew, from what is in use now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def peak_memory() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


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
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60)) for url in urls]
            await asyncio.gather(*(write(client) for client in clients * 2), *(look(client) for client in clients * 2))

    with another(storage, peer.app) as other:
        asyncio.run(everyone([storage.url, str(other.base_url)]))
    (row,) = asyncio.run(execute(storage.dsn, "SELECT etag, size FROM storage.files WHERE id = $1", file["id"]))
    final = storage.get(file["id"])
    assert (row["etag"], row["size"]) == (final.headers["etag"], len(final.content))


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
    exists = bool(asyncio.run(execute(storage.dsn, "SELECT FROM storage.files WHERE id = $1 AND is_uploaded", id)))
    left = asyncio.run(execute(storage.dsn, "SELECT FROM storage.files WHERE id = $1 AND NOT is_uploaded", id))
    assert (storage.get(id).status_code == 200, left) == (exists, [])
    assert (Path(storage.root) / id[:2] / id).exists() is exists


# Disks


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
    with another(storage, peer.app, disk_root=str(small_disk)) as client:
        before = asyncio.run(execute(storage.dsn, count))
        for _ in range(2):
            reply = upload(client, os.urandom(3_000_000))
            assert reply.status_code == 507, reply.text
            assert reply.json()["error"]["message"] == "there is no space left to store the file"
        assert asyncio.run(execute(storage.dsn, count)) == before
        assert [path for path in small_disk.rglob("*") if path.is_file()] == []
        assert upload(client, b"a small one").status_code == 201


def test_a_put_that_fails_takes_its_row_back(storage: Storage, peer: GraphQLPeer, small_disk: Path) -> None:
    """The staging folder has room, the place of the content is not a folder."""
    id = str(uuid4())
    with another(storage, peer.app, disk_root=str(small_disk)) as client:
        (small_disk / id[:2]).write_bytes(b"")
        assert upload(client, id=id).status_code == 500
    assert asyncio.run(execute(storage.dsn, "SELECT FROM storage.files WHERE id = $1", id)) == []
