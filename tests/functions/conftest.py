"""A running functions server over a folder that the test fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

from nself.functions.app import create
from nself.functions.settings import FunctionsSettings
from tests.storage.hosting import hosted

ADMIN_SECRET = "an-admin-secret-for-tests"


@dataclass
class Folder:
    """The project's functions."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file


Running = Callable[..., AbstractContextManager[httpx.Client]]


@pytest.fixture
def functions(tmp_path: Path) -> Folder:
    """A folder whose name needs care in URLs and arguments."""
    folder = tmp_path / "my fünctions"
    folder.mkdir()
    return Folder(folder)


@pytest.fixture
def running(functions: Folder) -> Running:
    """A factory: the server with these settings while the block runs."""

    @contextmanager
    def run(**settings: Any) -> Iterator[httpx.Client]:
        given = {"dev": True, "admin_secret": ADMIN_SECRET, "folder": str(functions.path)} | settings
        with (
            hosted(create(FunctionsSettings(**given), {})) as url,
            httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
        ):
            yield client

    return run


@pytest.fixture
def server(running: Running) -> Iterator[httpx.Client]:
    with running() as client:
        yield client
