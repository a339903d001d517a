"""One storage server a run of tests, on the disk backend, with a small GraphQL peer in its process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nself.storage.app import create
from nself.storage.settings import StorageSettings
from tests.cluster import Cluster
from tests.storage.graphql_peer import GraphQLPeer
from tests.storage.hosting import SECRET, Storage, execute, hosted

_BUCKETS = """
INSERT INTO storage.buckets
    (id, min_upload_file_size, max_upload_file_size, presigned_urls_enabled, cache_control) VALUES
    ('open', 1, 50000000, true, 'max-age=3600'), ('closed', 1, 50000000, true, 'max-age=3600'),
    ('small', 3, 8, true, 'public, max-age=60'), ('unsigned', 0, 100, false, 'no-store')"""


@pytest.fixture(scope="session")
def storage_dsn(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def peer(storage_dsn: str) -> GraphQLPeer:
    return GraphQLPeer(storage_dsn)


@pytest.fixture(scope="session")
def storage(storage_dsn: str, peer: GraphQLPeer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    root = tmp_path_factory.mktemp("files")
    settings = StorageSettings(
        database_url=storage_dsn,
        admin_secret=SECRET,
        disk_root=str(root),
        public_url="https://files.example.test/",
        max_files=20,
    )
    with hosted(create(settings, {"graphql": peer.app})) as url, httpx.Client(base_url=url, timeout=90) as client:
        asyncio.run(execute(storage_dsn, _BUCKETS))
        yield Storage(url=url, dsn=storage_dsn, root=root, client=client)


@pytest.fixture
def sql(storage: Storage) -> Callable[..., Any]:
    """Run one statement on the server's database; rows come back."""
    return lambda statement, *args: asyncio.run(execute(storage.dsn, statement, *args))


@pytest.fixture
def staging(storage: Storage) -> Path:
    return Path(storage.root) / ".staging"
