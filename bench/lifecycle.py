"""Starting, building and resting: the demo project as a user has it, in a temporary folder of its own.

Not measured: `make run`, which is mostly pip installing wheels.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench._cost import CLICK, Cost, cost, environment, rows
from bench.cli import NSELF
from bench.row import Row
from tests.cluster import Cluster

ROUNDS = 3
QUICK_ROUNDS = 7
SERVICES = 25
SETTLE_S, IDLE_S = 3, 5


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo in a folder. The local CA is made anew for it, and the user's own is left alone."""

    root: Path

    def nself(self, *arguments: str, check: bool = True) -> float:
        """Seconds one command takes."""
        return timed([NSELF, *arguments], self.root, self.environ, check=check)

    @property
    def environ(self) -> dict[str, str]:
        return {"XDG_DATA_HOME": str(self.root.parent / "ca")}

    def build_again(self) -> float:
        """Seconds of a build of which nothing is there yet, its certificate included."""
        shutil.rmtree(self.root / ".nself")
        return self.nself("build")

    def processes(self) -> list[int]:
        """The supervisor and everything below it."""
        found = [int((self.root / ".nself/run/supervisord.pid").read_text())]
        for pid in found:  # grows while it is read
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        return found


def timed(argv: list[str], cwd: Path, environ: dict[str, str], *, check: bool = True) -> float:
    began = time.perf_counter()
    found = environment(environ)
    subprocess.run(argv, check=check, capture_output=True, cwd=cwd, env=found, stdin=subprocess.DEVNULL, timeout=60)
    return time.perf_counter() - began


@contextlib.contextmanager
def demo() -> Iterator[Demo]:
    """A new demo project, stopped and removed at the end. If it cannot be stopped its folder stays."""
    above = Path(tempfile.mkdtemp(prefix="nself-bench-"))
    above.chmod(0o755)  # for whoever the stack runs as
    project = Demo(above / "demo")
    project.root.mkdir()
    try:
        project.nself("init", "--demo", "--yes")
        yield project
    finally:
        project.nself("stop")
        shutil.rmtree(above)


def measure() -> list[Row]:
    return [*_starts(), *_running(), *_builds()]


def _starts() -> list[Row]:
    first, again, alone = [], [], []
    for _ in range(ROUNDS):
        with demo() as project:
            first.append(project.nself("start"))
            project.nself("stop")
            again.append(project.nself("start"))
        alone.append(_postgres_alone())
    base, name = statistics.median(alone), "initdb and PostgreSQL alone"
    return [
        Row(
            name=f"nself start, demo, {which}",
            value=statistics.median(found),
            unit="s",
            target=target,
            absolute=True,
            baseline=base,
            baseline_name=name,
        )
        for which, found, target in (("first time", first, 3), ("again", again, 1))
    ]


def _postgres_alone() -> float:
    began = time.perf_counter()
    cluster = Cluster.start(measured=True)
    taken = time.perf_counter() - began
    cluster.stop()
    return taken


def _running() -> list[Row]:
    with demo() as project:
        project.nself("start")
        time.sleep(SETTLE_S)
        pids = project.processes()
        rows = [
            Row(name="idle demo stack, memory", value=_memory_mb(pids), unit="MB", target=250),
            Row(name="idle demo stack, CPU", value=_cpu_percent(pids), unit="% of a core", target=1),
        ]
        return [*_quick(project, {"start": ("nothing to do", 500), "status": ("demo", 150)}), *rows]


def _builds() -> list[Row]:
    with demo() as project:
        first = statistics.median([project.nself("build"), *(project.build_again() for _ in range(ROUNDS))])
        rows = [Row(name="nself build, demo, all files", value=first * 1000, unit="ms")]
        rows += _quick(project, {"build": ("demo, no change", 200)})
        _grow(project.root / ".env")
        large = statistics.median(project.build_again() for _ in range(ROUNDS))
        rows.append(Row(name=f"nself build, {SERVICES} services, all files", value=large * 1000, unit="ms", target=500))
        return [*rows, *_quick(project, {"build": (f"{SERVICES} services, no change", 200)})]


def _grow(file: Path) -> None:
    """From the demo's 8 services to as many as are measured, each with a public host."""
    keys = {"": "extra{n}:custom::extra{n}", "_COMMAND": "python3 server.py", "_WORKDIR": "services/web"}
    numbers = range(101, 101 + SERVICES - 8)  # far from the ports of the demo's own service
    lines = [f"CS_{n}{key}={text.format(n=n)}\n" for n in numbers for key, text in keys.items()]
    with file.open("a", encoding="utf-8") as out:
        out.write("\n" + "".join(lines))


def _quick(project: Demo, commands: dict[str, tuple[str, float]]) -> list[Row]:
    """The best of commands that take a moment only, taken in turn with their baseline."""
    name, click = CLICK
    samples: dict[str, list[Cost]] = {command: [] for command in (*commands, name)}
    for _ in range(QUICK_ROUNDS):
        samples[name].append(cost(click, project.root))
        for command in commands:
            samples[command].append(cost([NSELF, command], project.root, project.environ))
    return [
        row
        for command, (what, target) in commands.items()
        for row in rows(f"nself {command}, {what}", samples[command], samples[name], target_ms=target)
    ]


def _memory_mb(pids: list[int]) -> float:
    """Proportional share: pages that processes share count once."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e6


def _cpu_percent(pids: list[int]) -> float:
    before, began = _ticks(pids), time.perf_counter()
    time.sleep(IDLE_S)
    used = (_ticks(pids) - before) / os.sysconf("SC_CLK_TCK")
    return 100 * used / (time.perf_counter() - began)


def _ticks(pids: list[int]) -> int:
    """User and system time so far, children that have ended included."""
    total = 0
    for pid in pids:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, after_name[11:15]))
    return total
