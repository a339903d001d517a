"""Servers as processes of their own, on real sockets."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def served(arguments: Sequence[str], variables: Mapping[str, str], health: str, log: Path) -> Iterator[None]:
    """`python -m` with these arguments until the block ends; it begins when `health` answers 200."""
    environ = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}} | dict(variables)
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", *arguments], env=environ, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 90
        while not _answers(health):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        assert process.wait(60) == 0, log.read_text()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=90).status_code == 200
    except httpx.TransportError:
        return False
