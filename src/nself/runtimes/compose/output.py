"""What containers said: read from the engine, and followed as it comes."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence

from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker

QUIET_S = 0.2
CHUNK = 1000


def lines(docker: Docker, name: str, *, tail: int) -> list[str]:
    """What a container said last."""
    ran = docker.run("logs", "--tail", str(tail), name, check=False, timeout_s=60)
    return [*ran.stdout.splitlines(), *ran.stderr.splitlines()] if ran.ok else []


def stream(docker: Docker, host: LocalHost, name: str, *, last: int | None = None) -> Iterator[str]:
    """What a container said, however much that is, both streams in the order of time. It ends with its reader."""
    argv = ["docker", "logs", "--tail", "all" if last is None else str(last), name]
    return host.lines(argv, env=docker.environment())


def follow(docker: Docker, host: LocalHost, names: Mapping[str, str]) -> Iterator[Mapping[str, Sequence[str]]]:
    """New lines by unit; `names` is {unit: container}. What follows ends with the reader."""
    said: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    stopped = threading.Event()
    for unit, name in names.items():
        threading.Thread(target=_follow, args=(docker, host, unit, name, said, stopped), daemon=True).start()
    try:
        while True:
            yield _collected(said)
    finally:
        stopped.set()


def _follow(
    docker: Docker,
    host: LocalHost,
    unit: str,
    name: str,
    said: queue.SimpleQueue[tuple[str, str]],
    stopped: threading.Event,
) -> None:
    def take(line: str) -> None:
        if stopped.is_set():
            raise _StoppedError
        said.put((unit, line))

    argv = ["docker", "logs", "--follow", "--tail", "0", name]
    with contextlib.suppress(_StoppedError):
        host.follow(argv, on_line=take, env=docker.environment())


class _StoppedError(Exception):
    """Nobody reads any more."""


def _collected(said: queue.SimpleQueue[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    try:
        unit, line = said.get(timeout=QUIET_S)
        while True:
            found.setdefault(unit, []).append(line)
            if sum(map(len, found.values())) >= CHUNK:
                return found
            unit, line = said.get_nowait()
    except queue.Empty:
        return found
