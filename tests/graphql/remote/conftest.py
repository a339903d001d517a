"""Servers with an empty database, not started yet; and one with the forum, for tests that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import Cluster
from tests.graphql.remote import forum
from tests.graphql.remote.world import Service, World

PERMISSIONS = {"HASURA_GRAPHQL_ENABLE_REMOTE_SCHEMA_PERMISSIONS": "true"}


@pytest.fixture
def world(dsn: str) -> Iterator[World]:
    with World(dsn) as made:
        yield made


@pytest.fixture
def guarded(dsn: str) -> Iterator[World]:
    """With permissions for remote schemas."""
    with World(dsn, **PERMISSIONS) as made:
        yield made


@pytest.fixture(scope="session")
def library(cluster: Cluster) -> Iterator[tuple[World, Service]]:
    with cluster.database() as dsn, World(dsn, **PERMISSIONS) as made:
        made.sql("CREATE TABLE article (id int PRIMARY KEY, title text); INSERT INTO article VALUES (1, 'one')")
        service = made.service(forum.SDL, forum.Root())
        made.start()
        made.command("pg_track_table", table="article")
        made.add("forum", service)
        definition = {"schema": forum.READER}
        made.command("add_remote_schema_permissions", remote_schema="forum", role="reader", definition=definition)
        yield made, service


@pytest.fixture
def shared(library: tuple[World, Service]) -> tuple[World, Service]:
    """The forum beside a table `article`; the role `reader` has a part of it. Nothing was asked yet."""
    _, service = library
    service.reset()
    return library
