"""The compose runtime: building its files, and our start beside plain `docker compose up --wait` of the same file.

Needs a Docker engine. Nself's own image is built first, on NSELF_BASE_IMAGE or its default; that is not measured.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench._cost import CLICK, cost, environment, rows
from bench.row import Row

ROUNDS, QUICK_ROUNDS = 3, 7
SERVICES = 25
SWITCHES = ("REDIS", "POOLER", "MLFLOW", "MEILISEARCH", "MINIO")
"""Every optional service that can run beside the others: of the S3 stores there is one at a time."""
CORE = 7
NAME = "nself-bench"


def measure() -> list[Row]:
    return [*_builds(), *_starts()]


def _builds() -> list[Row]:
    with _project() as root:
        _grow(root / ".env")
        first = statistics.median(_build_again(root) for _ in range(ROUNDS))
        argv = [sys.executable, "-m", "nself", "--runtime", "compose", "build"]
        ca = {"XDG_DATA_HOME": str(root.parent / "ca")}
        samples = [(cost(CLICK[1], root), cost(argv, root, ca)) for _ in range(QUICK_ROUNDS)]
    click, again = zip(*samples, strict=True)
    what = f"nself build, compose, {SERVICES} services"
    return [
        Row(name=f"{what}, all files", value=first * 1000, unit="ms", target=500),
        *rows(f"{what}, no change", again, click, target_ms=200),
    ]


def _starts() -> list[Row]:
    """In turn, on the same data: the containers are fresh each time, the volumes and images are there."""
    plain, ours, idle = [], [], []
    with _project() as root:
        _nself(root, "build", "--images")
        _nself(root, "start")
        for _ in range(ROUNDS):
            _docker(root, "down")
            plain.append(_docker(root, "up", "--detach", "--wait"))
            _docker(root, "down")
            ours.append(_nself(root, "start"))
            idle.append(_nself(root, "start"))
    base = statistics.median(plain)
    return [
        Row(
            name="nself start, containers, the stack of init",
            value=statistics.median(ours),
            unit="s",
            target=1.1,
            baseline=base,
            baseline_name="docker compose up --wait",
        ),
        Row(name="nself start, containers, nothing to do", value=statistics.median(idle) * 1000, unit="ms"),
    ]


@contextlib.contextmanager
def _project() -> Iterator[Path]:
    """A new project that runs in containers; they, its volumes and its folder are gone at the end."""
    above = Path(tempfile.mkdtemp(prefix="nself-bench-"))
    root = above / NAME
    root.mkdir()
    try:
        _nself(root, "init", "--name", NAME, "--yes")
        yield root
    finally:
        _nself(root, "stop", "--volumes", "--yes")
        shutil.rmtree(above)


def _grow(file: Path) -> None:
    """Every optional service, and services of one's own up to as many as are measured, each with a public host."""
    keys = {"": "extra{n}:custom::extra{n}", "_COMMAND": "python3 server.py", "_WORKDIR": "services/web"}
    numbers = range(101, 101 + SERVICES - CORE - len(SWITCHES))
    lines = [f"{name}_ENABLED=true\n" for name in SWITCHES]
    lines += [f"CS_{n}{key}={text.format(n=n)}\n" for n in numbers for key, text in keys.items()]
    with file.open("a", encoding="utf-8") as out:
        out.write("\n" + "".join(lines))


def _build_again(root: Path) -> float:
    shutil.rmtree(root / ".nself")
    return _nself(root, "build")


def _nself(root: Path, *arguments: str) -> float:
    return _timed([sys.executable, "-m", "nself", "--runtime", "compose", *arguments], root)


def _docker(root: Path, *arguments: str) -> float:
    """Plain Compose, on the files that our start used."""
    files = [root / ".nself/build/compose/docker-compose.yml", root / ".nself/run/docker-compose.labels.yml"]
    words = [word for file in files for word in ("-f", str(file))]
    return _timed(["docker", "compose", "-p", NAME, *words, *arguments], root)


def _timed(argv: list[str], cwd: Path) -> float:
    environ = environment({"XDG_DATA_HOME": str(cwd.parent / "ca")})
    began = time.perf_counter()
    ran = subprocess.run(argv, capture_output=True, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, timeout=600)
    if ran.returncode:
        sys.exit(f"{' '.join(argv)} ended with {ran.returncode}:\n{ran.stderr.decode()}")
    return time.perf_counter() - began
