"""Engines over the library of the golden cases, or over an empty database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cluster import Cluster
from tests.graphql.served import Served, metadata, schema


@pytest.fixture(scope="session")
def library_template(cluster: Cluster) -> Iterator[str]:
    """A database with the library's tables, to clone."""
    with cluster.database() as dsn:
        name = dsn.rpartition("/")[2]
        cluster.run(name, schema())
        yield name


@pytest.fixture(scope="session")
def reading(cluster: Cluster, library_template: str) -> Iterator[Served]:
    """One library for all tests that change nothing."""
    with cluster.database(library_template) as dsn, Served(dsn, show_internal=True) as served:
        assert served.load(metadata()) == []
        yield served


@pytest.fixture
def library(new_database: Callable[..., str], library_template: str) -> Iterator[Served]:
    with Served(new_database(library_template), show_internal=True) as served:
        assert served.load(metadata()) == []
        yield served


@pytest.fixture
def empty(dsn: str) -> Iterator[Served]:
    with Served(dsn) as served:
        yield served
