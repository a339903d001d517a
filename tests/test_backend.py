"""Which servers a command line puts into one process, and where each of them listens."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nself.backend import await_release, compose
from nself.web.server import Listener
from tests.cluster import free_port

DSN = "postgresql://someone@127.0.0.1:1/nowhere"


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """{name: listener} of the servers named, with these flags and variables. Nothing is opened by composing."""

    def run(*names: str, variables: dict[str, str] | None = None, **flags: Any) -> dict[str, Listener]:
        for name, value in (variables or {}).items():
            monkeypatch.setenv(name, value)
        given = {"host": "127.0.0.1", "port": None, "database_url": DSN, "env": [], "listen": [], **flags}
        return {listener.name: listener for listener in compose(list(names), argparse.Namespace(**given))}

    return run


def test_a_lone_server_brings_the_sibling_it_needs_but_listens_alone(composed: Any) -> None:
    found = composed("storage", port=4001)
    assert {name: listener.port for name, listener in found.items()} == {"graphql": None, "storage": 4001}
    assert list(found) == ["graphql", "storage"]


def test_a_sibling_named_by_url_is_not_brought_along(composed: Any) -> None:
    assert list(composed("storage", variables={"HASURA_ENDPOINT": "http://graphql:8080/v1"})) == ["storage"]


def test_a_sibling_in_the_process_listens_as_it_was_told(composed: Any) -> None:
    listen = ["graphql=127.0.0.1:4000", "storage=127.0.0.1:4001"]
    found = composed("storage", "graphql", listen=listen)
    assert {name: listener.port for name, listener in found.items()} == {"graphql": 4000, "storage": 4001}


@pytest.mark.parametrize(
    ("bind", "expected"),
    [(":8000", ("127.0.0.1", 8000)), ("8000", ("127.0.0.1", 8000)), ("0.0.0.0:8000", ("0.0.0.0", 8000))],
)
def test_a_servers_own_variable_says_where_it_listens(composed: Any, bind: str, expected: tuple[str, int]) -> None:
    listener = composed("storage", variables={"BIND": bind})["storage"]
    assert (listener.host, listener.port) == expected


def test_the_private_sibling_uses_the_servers_database(composed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_MIGRATIONS_SOURCE", DSN)
    assert list(composed("storage", database_url=None, port=1)) == ["graphql", "storage"]


def test_a_server_that_waits_for_its_database_can_be_stopped_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        dsn = f"postgresql://someone@127.0.0.1:{silent.getsockname()[1]}/nowhere"
        argv = ["-m", "nself.storage", "--port", str(free_port()), "--database-url", dsn]
        process = subprocess.Popen([sys.executable, *argv], stderr=subprocess.PIPE, text=True)
        waiting, _ = silent.accept()
        with waiting:
            process.terminate()
            _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (0, False)


def test_a_held_backend_opens_nothing_until_it_is_released(tmp_path: Path) -> None:
    hold = tmp_path / "hold"
    hold.touch()
    waiting = threading.Thread(target=await_release, args=(str(hold),))
    waiting.start()
    assert waiting.is_alive()

    hold.unlink()

    waiting.join(5)
    assert not waiting.is_alive()


def test_a_hold_that_nobody_releases_ends_by_itself(tmp_path: Path) -> None:
    (tmp_path / "hold").touch()

    await_release(str(tmp_path / "hold"), longest_s=0.02)
    await_release(None)
