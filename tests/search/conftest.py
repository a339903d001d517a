"""A database with the articles in it and their index built, made once and copied for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.cluster import Cluster
from tests.search.articles import engine

_TEMPLATE = "searchable"


@pytest.fixture(scope="session")
def searchable_template(cluster: Cluster) -> str:
    cluster.run("postgres", f"CREATE DATABASE {_TEMPLATE}")

    async def build() -> None:
        async with engine(cluster.dsn(_TEMPLATE)):
            pass

    asyncio.run(build())
    return _TEMPLATE


@pytest.fixture
def searchable(searchable_template: str, new_database: Callable[..., str]) -> str:
    """DSN of a copy."""
    return new_database(searchable_template)
