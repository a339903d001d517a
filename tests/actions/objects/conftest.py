"""A project whose files are to be in a real S3 server: one of the tests, so that no stack need run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.host import LocalHost
from nself.model.project import Environment, Project
from tests.storage.s3_server import BUCKET, KEY, REGION, SECRET, S3Server, s3_server

Make = Callable[..., Project]


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("objects")) as running:
        yield running


@pytest.fixture
def host() -> LocalHost:
    return LocalHost()


@pytest.fixture
def make(tmp_path: Path, object_server: S3Server) -> Make:
    """A factory of projects; `values` stand in its .env."""

    def create(*, env: Environment = Environment.DEV, **values: str) -> Project:
        base = {
            "PROJECT_NAME": "shop",
            "POSTGRES_PASSWORD": "postgres-password-of-a-test-0001",
            "HASURA_GRAPHQL_ADMIN_SECRET": "admin-secret-of-a-test-000000001",
            "JWT_KEY": "jwt-key-of-a-test-that-is-long-enough-for-hs256-0001",
            "STORAGE_BACKEND": "s3",
            "S3_ENDPOINT": object_server.url,
            "S3_ACCESS_KEY": KEY,
            "S3_SECRET_KEY": SECRET,
            "S3_REGION": REGION,
            "S3_BUCKET": BUCKET,
        }
        lines = (f"{name}={json.dumps(text)}\n" for name, text in {**base, **values}.items() if text)
        (tmp_path / ".env").write_text("".join(lines))
        return replace(projects.load(tmp_path, {}), env=env)

    return create
