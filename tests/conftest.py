"""Fixtures every room shares: a PostgreSQL cluster a run, a database a test, an isolated home."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from inspect import signature
from pathlib import Path

import httpx
import pytest

from tests.cluster import Cluster

pytest_plugins = ("tests.proofs", "tests.order", "tests.docker.fixtures")

SHARED = Path(__file__).parent.parent.parent / "shared"
"""The specifications beside the checkout; only tests read them."""


PATIENCE_S = 90.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Rewrite golden files; review the diff like code.")
    parser.addoption(
        "--update-known-failures", action="store_true", help="Rewrite the conformance baseline (without -n)."
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare `text` with the golden file at `path`, or rewrite the file under --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing: run with --update-golden and review it"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The run has a home of its own, the same for fixtures and tests: certificates of this machine live there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
        yield


@pytest.fixture(scope="session", autouse=True)
def patient() -> None:
    """httpx gives up after five seconds where nothing else is said: how fast an answer comes is not asked here."""
    usual = signature(httpx.get).parameters["timeout"].default
    for name in usual.as_dict():
        setattr(usual, name, PATIENCE_S)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's colours or nself variables."""
    monkeypatch.setenv("NO_COLOR", "1")
    for name in list(os.environ):
        if name.startswith(("NSELF_", "HASURA_", "AUTH_", "POSTGRES_")) or name in {"ENV", "TARGET_ENV"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture
def new_database(cluster: Cluster) -> Iterator[Callable[..., str]]:
    """A factory of DSNs: each call creates a database, from `template` when given. They go with the test."""
    with ExitStack() as made:
        yield lambda template="template1": made.enter_context(cluster.database(template))


@pytest.fixture
def dsn(new_database: Callable[..., str]) -> str:
    """A fresh empty database."""
    return new_database()


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the specifications (../shared) are not beside this checkout")
    return SHARED
