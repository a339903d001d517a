"""A running functions server over a folder that the test fills."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
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


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[httpx.Client]:
    """The server over this folder, with these settings, while the block runs."""
    given: dict[str, Any] = {"dev": True, "admin_secret": ADMIN_SECRET, "folder": str(folder)} | settings
    with (
        hosted(create(FunctionsSettings(**given), {})) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose name needs care in URLs and arguments."""
    return tmp_path_factory.mktemp("my fünctions")


@pytest.fixture
def functions(folder: Path) -> Folder:
    """The folder, empty."""
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return Folder(folder)


@pytest.fixture
def running(functions: Folder) -> Running:
    """A factory: a server with these settings while the block runs."""
    return partial(serving, functions.path)


@pytest.fixture(scope="module")
def module_server(folder: Path) -> Iterator[httpx.Client]:
    with serving(folder) as client:
        yield client


@pytest.fixture
def server(functions: Folder, module_server: httpx.Client) -> httpx.Client:
    """A server in dev, whose folder is empty; one for the tests of a module, since it reloads what changes."""
    return module_server
