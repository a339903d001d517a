"""How the server hangs together with its siblings and stores, and what it says when one of them is away."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from nself.errors import ConfigError
from nself.storage.app import choose, create
from nself.storage.settings import BackendKind, StorageSettings
from tests.cluster import free_port
from tests.storage.graphql_peer import GraphQLPeer
from tests.storage.hosting import ADMIN, Storage, another, eventually, execute, hosted, upload
from tests.storage.s3_server import S3Server, s3_server


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
    with another(storage, peer.app, debug=True) as client:
        reply = client.post("/v1/files", files={"file[]": ("a", b"x")})
    assert reply.json()["error"]["message"] == "you are not authorized"
    assert "insertFiles as role public: field 'insertFiles' not found" in reply.json()["error"]["data"]["reason"]


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
    assert asyncio.run(execute(storage.dsn, "SELECT FROM storage.files WHERE id = $1", id)) == []


def test_s3_without_a_bucket_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(ConfigError, match="no bucket is named"):
        choose(StorageSettings(database_url="", backend=BackendKind.S3))


def test_a_bucket_that_does_not_exist_is_not_a_missing_file(storage: Storage, peer: GraphQLPeer, s3: S3Server) -> None:
    settings = s3.settings(database_url=storage.dsn, s3_bucket="nowhere")
    with hosted(create(settings, {"graphql": peer.app})) as url, httpx.Client(base_url=url) as client:
        reply = upload(client)
    assert (reply.status_code, reply.json()["error"]["message"]) == (503, "the object store has no place for files")
