"""Engines over the library of the golden cases, or over an empty database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import asyncpg
import pytest

from tests.cluster import Cluster
from tests.graphql.served import Served, metadata, schema


@pytest.fixture(scope="session")
def library_template(cluster: Cluster) -> str:
    """A database with the library's tables, to clone."""

    async def fill() -> None:
        connection = await asyncpg.connect(cluster.dsn("library"))
        await connection.execute(schema())
        await connection.close()

    cluster.run("postgres", "CREATE DATABASE library")
    asyncio.run(fill())
    return "library"


@pytest.fixture(scope="session")
def reading(cluster: Cluster, library_template: str) -> Iterator[Served]:
    """One library for all tests that change nothing."""
    cluster.run("postgres", f"CREATE DATABASE reading TEMPLATE {library_template}")
    with Served(cluster.dsn("reading"), show_internal=True) as served:
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
