"""The server with the real GraphQL engine: sharing its process, and alone."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from nself.web.tokens import HASURA_CLAIMS, Signer
from tests.cluster import free_port
from tests.storage.hosting import ADMIN, SECRET, eventually, execute

JWT_SECRET = {"type": "HS256", "key": "a-key-of-more-than-thirty-two-characters"}
ALICE, BOB = str(uuid4()), str(uuid4())
COLUMNS = [
    "id", "name", "size", "bucket_id", "etag", "created_at", "updated_at", "is_uploaded", "mime_type",
    "uploaded_by_user_id", "metadata",
]  # fmt: skip
OWN = {"uploaded_by_user_id": {"_eq": "X-Hasura-User-Id"}}


@contextmanager
def running(argv: list[str], url: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m ...` with these variables and no others of ours, until the block ends."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "HASURA_GRAPHQL_ADMIN_SECRET": SECRET, **variables}
    process = subprocess.Popen([sys.executable, "-m", *argv], env=env)
    try:
        deadline = time.monotonic() + 90
        while not answers(f"{url}/healthz"):
            assert process.poll() is None, "the server ended while starting"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            assert process.wait(60) == 0


def answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def token(user: str) -> dict[str, str]:
    claims = {"x-hasura-user-id": user, "x-hasura-default-role": "user", "x-hasura-allowed-roles": ["user"]}
    signed = Signer.from_secret(JWT_SECRET).sign({"exp": int(time.time()) + 600, HASURA_CLAIMS: claims})
    return {"authorization": f"Bearer {signed}"}


class Stack:
    def __init__(self, graphql: str, storage: str) -> None:
        self.graphql, self.storage = graphql, storage

    def metadata(self, kind: str, args: Any) -> httpx.Response:
        return httpx.post(f"{self.graphql}/v1/metadata", json={"type": kind, "args": args}, headers=ADMIN)

    def permit(self, kind: str, role: str, permission: Any) -> None:
        args = {"table": {"schema": "storage", "name": "files"}, "role": role, "permission": permission}
        reply = self.metadata(f"pg_create_{kind}_permission", args)
        assert reply.is_success, reply.text

    def upload(self, headers: dict[str, str], content: bytes = b"content", **metadata: Any) -> httpx.Response:
        files = [("file[]", ("a.txt", content)), ("metadata[]", ("", json.dumps(metadata)))]
        return httpx.post(f"{self.storage}/v1/files", files=files, headers=headers)

    def ask(self, method: str, id: str, headers: dict[str, str], **more: Any) -> httpx.Response:
        return httpx.request(method, f"{self.storage}/v1/files/{id}", headers=headers, **more)


@pytest.fixture(scope="module")
def stack(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """GraphQL and storage in one process, with the permissions a project usually begins with."""
    found = Stack(*(f"http://127.0.0.1:{free_port()}" for _ in range(2)))
    listen = [
        option
        for name, url in (("graphql", found.graphql), ("storage", found.storage))
        for option in ("--listen", f"{name}={url.removeprefix('http://')}")
    ]
    variables = {
        "HASURA_GRAPHQL_JWT_SECRET": json.dumps(JWT_SECRET),
        "HASURA_GRAPHQL_UNAUTHORIZED_ROLE": "public",
        "STORAGE_DISK_ROOT": str(tmp_path_factory.mktemp("files")),
    }
    argv = ["nself.backend", "graphql", "storage", *listen]
    with cluster.database() as dsn, running(argv, found.storage, HASURA_GRAPHQL_DATABASE_URL=dsn, **variables):
        assert eventually(lambda: found.upload(ADMIN).status_code == 201)
        found.permit("select", "user", {"columns": COLUMNS, "filter": OWN})
        insert = {"columns": COLUMNS, "check": {"bucket_id": {"_eq": "default"}}}
        found.permit("insert", "user", {**insert, "set": {"uploaded_by_user_id": "X-Hasura-User-Id"}})
        found.permit("update", "user", {"columns": COLUMNS, "filter": OWN, "check": None})
        found.permit("delete", "user", {"filter": OWN})
        found.permit("select", "public", {"columns": COLUMNS, "filter": {"name": {"_like": "public/%"}}})
        yield found


def test_a_user_has_all_rights_on_a_file_of_their_own_and_none_on_anothers(stack: Stack) -> None:
    file = stack.upload(token(ALICE), b"alice's").json()["processedFiles"][0]
    assert file["uploadedByUserId"] == ALICE
    for headers in (token(BOB), {}):
        assert stack.ask("GET", file["id"], headers).status_code == 404
        assert stack.ask("PUT", file["id"], headers, files={"file": ("b", b"bob's")}).status_code == 404
        assert stack.ask("DELETE", file["id"], headers).status_code in {403, 404}
    assert stack.ask("GET", file["id"], token(ALICE)).content == b"alice's"
    replaced = stack.ask("PUT", file["id"], token(ALICE), files={"file": ("b.txt", b"new")})
    assert (replaced.status_code, replaced.json()["uploadedByUserId"]) == (200, ALICE)
    assert stack.ask("GET", file["id"], token(ALICE)).content == b"new"
    assert stack.ask("DELETE", file["id"], token(ALICE)).status_code == 204
    assert stack.ask("GET", file["id"], ADMIN).status_code == 404


def test_without_credentials_only_what_the_public_role_may_see(stack: Stack) -> None:
    seen = stack.upload(ADMIN, name="public/logo.txt").json()["processedFiles"][0]
    hidden = stack.upload(ADMIN, name="private/logo.txt").json()["processedFiles"][0]
    assert stack.ask("GET", seen["id"], {}).content == b"content"
    assert stack.ask("GET", hidden["id"], {}).status_code == 404
    refused = stack.upload({})
    assert (refused.status_code, refused.json()["error"]["message"]) == (403, "you are not authorized")


def test_an_insert_against_the_check_is_refused(stack: Stack) -> None:
    made = httpx.post(
        f"{stack.graphql}/v1/graphql",
        json={"query": 'mutation { insertBucket(object: {id: "closed"}) { id } }'},
        headers=ADMIN,
    )
    assert made.json() == {"data": {"insertBucket": {"id": "closed"}}}
    files = {"file[]": ("a", b"x"), "bucket-id": (None, "closed")}
    reply = httpx.post(f"{stack.storage}/v1/files", files=files, headers=token(ALICE))
    assert (reply.status_code, reply.json()["error"]["message"]) == (403, "you are not authorized")


def test_a_used_id_and_a_bad_token_are_told_apart_from_missing_rights(stack: Stack) -> None:
    id = str(uuid4())
    assert stack.upload(token(ALICE), id=id).status_code == 201
    assert stack.upload(token(ALICE), id=id).status_code == 400
    bad = {"authorization": token(ALICE)["authorization"][:-3] + "abc"}
    assert stack.ask("GET", id, bad).status_code == 401
    assert stack.ask("GET", id, {"x-hasura-admin-secret": "wrong"}).status_code == 403
    assert stack.ask("GET", id, {**token(ALICE), "x-hasura-role": "admin"}).status_code == 403


def test_files_and_buckets_are_queried_under_the_names_of_nhost(stack: Stack) -> None:
    file = stack.upload(ADMIN, metadata={"a": 1}).json()["processedFiles"][0]
    query = """query ($id: uuid!) {
      file(id: $id) { name mimeType isUploaded metadata bucket { id maxUploadFileSize } }
      files(where: {id: {_eq: $id}}) { bucketId }
      filesAggregate(where: {id: {_eq: $id}}) { aggregate { count } }
      bucket(id: "default") { downloadExpiration files(where: {id: {_eq: $id}}) { id } }
      viruses { id file { id } }
    }"""
    body = {"query": query, "variables": {"id": file["id"]}}
    assert httpx.post(f"{stack.graphql}/v1/graphql", json=body, headers=ADMIN).json() == {
        "data": {
            "file": {
                "name": "a.txt",
                "mimeType": "text/plain",
                "isUploaded": True,
                "metadata": {"a": 1},
                "bucket": {"id": "default", "maxUploadFileSize": 50_000_000},
            },
            "files": [{"bucketId": "default"}],
            "filesAggregate": {"aggregate": {"count": 1}},
            "bucket": {"downloadExpiration": 30, "files": [{"id": file["id"]}]},
            "viruses": [],
        }
    }


def test_alone_it_brings_its_own_graphql(new_database: Callable[..., str], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    argv = ["nself.storage", "--port", url.rpartition(":")[2], "--database-url", new_database()]
    stack = Stack("", url)
    with running(argv, url, STORAGE_DISK_ROOT=str(tmp_path)):
        assert eventually(lambda: stack.upload(ADMIN).status_code == 201)
        file = stack.upload(ADMIN, b"alone").json()["processedFiles"][0]
        assert stack.ask("GET", file["id"], ADMIN).content == b"alone"
        assert stack.ask("GET", file["id"], {}).status_code == 403


def test_killed_under_load_it_has_kept_what_it_acknowledged_and_shows_nothing_half(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    url, dsn = f"http://127.0.0.1:{free_port()}", new_database()
    argv = ["nself.storage", "--port", url.rpartition(":")[2], "--database-url", dsn]
    stack, acknowledged = Stack("", url), dict[str, bytes]()

    def upload_until_killed(client: httpx.Client) -> None:
        for _ in range(2000):
            content = os.urandom(50_000)
            try:
                reply = client.post("/v1/files", files={"file[]": ("a", content)}, headers=ADMIN)
            except httpx.TransportError:
                return
            acknowledged[reply.json()["processedFiles"][0]["id"]] = content

    with running(argv, url, STORAGE_DISK_ROOT=str(tmp_path)) as process:
        assert eventually(lambda: stack.upload(ADMIN).status_code == 201)
        with httpx.Client(base_url=url) as client, ThreadPoolExecutor(4) as pool:
            loads = [pool.submit(upload_until_killed, client) for _ in range(4)]
            assert eventually(lambda: len(acknowledged) >= 20)
            process.kill()
            process.wait(60)
            for load in loads:
                load.result()
    with running(argv, url, STORAGE_DISK_ROOT=str(tmp_path)):
        assert eventually(lambda: stack.upload(ADMIN).status_code == 201)
        for id, content in acknowledged.items():
            assert stack.ask("GET", id, ADMIN).content == content
        for row in asyncio.run(execute(dsn, "SELECT id::text, etag, is_uploaded FROM storage.files")):
            reply = stack.ask("GET", row["id"], ADMIN)
            assert reply.status_code == (200 if row["is_uploaded"] else 403)
            if row["is_uploaded"]:
                assert f'"{hashlib.md5(reply.content).hexdigest()}"' == reply.headers["etag"] == row["etag"]
