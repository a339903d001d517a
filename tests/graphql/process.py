"""The GraphQL server as a process of its own, as a container or a test of a browser needs it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.cluster import free_port


@contextlib.contextmanager
def running(dsn: str, folder: Path, **environ: str) -> Iterator[str]:
    """Its base URL, once it is healthy. It must end cleanly when told to."""
    port, log = free_port(), folder / "server.log"
    command = [sys.executable, "-m", "nself.graphql", "--port", str(port), "--database-url", dsn]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environ})
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        code = process.wait(60)
    assert code == 0, log.read_text()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            assert httpx.get(f"{url}/healthz", trust_env=False).text == "OK"
            return
        except httpx.ConnectError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
