"""A database with the articles in it and their index built, made once and copied for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from tests.cluster import Cluster
from tests.search.articles import engine


@pytest.fixture(scope="session")
def searchable_template(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as dsn:

        async def build() -> None:
            async with engine(dsn):
                pass

        asyncio.run(build())
        yield dsn.rpartition("/")[2]


@pytest.fixture
def searchable(searchable_template: str, new_database: Callable[..., str]) -> str:
    """DSN of a copy."""
    return new_database(searchable_template)
