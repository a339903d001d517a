"""A server with an empty database, not started yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.graphql.remote.world import World


@pytest.fixture
def world(dsn: str) -> Iterator[World]:
    with World(dsn) as made:
        yield made


@pytest.fixture
def guarded(dsn: str) -> Iterator[World]:
    """With permissions for remote schemas."""
    with World(dsn, HASURA_GRAPHQL_ENABLE_REMOTE_SCHEMA_PERMISSIONS="true") as made:
        yield made
