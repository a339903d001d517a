"""The service as it runs: a process of its own, asked over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "gunicorn", "--config", "python:app.server", "app.main:create_app()"]
    process = subprocess.Popen(argv, env={**os.environ, "PORT": str(port)})
    try:
        wait_until_up(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) in {0, -signal.SIGTERM}
    finally:
        process.kill()


def wait_until_up(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def ask(url: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_is_healthy(url: str) -> None:
    status, body = ask(f"{url}/health")
    assert (status, body["status"]) == (200, "ok")


def test_it_echoes_json(url: str) -> None:
    assert ask(f"{url}/api/echo", b'{"a": [1, null]}') == (200, {"echo": {"a": [1, None]}})


def test_broken_json_is_the_clients_mistake(url: str) -> None:
    status, body = ask(f"{url}/api/echo", b"{", **{"X-Request-ID": "mine"})
    assert (status, body["request_id"]) == (400, "mine")
