"""What the kernel says about processes, read from /proc. Nothing is changed here."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from nself.records import dataclass

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and all below it. `memory_bytes` counts shared pages once between those who share them."""

    cpu_s: float
    memory_bytes: int
    age_s: float

    @property
    def cpu_percent(self) -> float:
        """Mean since the process started, as `ps` shows it."""
        return round(100 * self.cpu_s / self.age_s, 1) if self.age_s > 0 else 0.0


def alive(pid: int) -> bool:
    """A zombie has ended; only its parent has not looked yet."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def name(pid: int) -> str:
    """Its program's, at most 15 letters of it, also of a zombie; empty when the process is gone."""
    return _read(pid, "comm").decode(errors="replace").strip()


def command_line(pid: int) -> list[str]:
    """argv, empty when the process is gone or a kernel thread."""
    return [part.decode(errors="replace") for part in _read(pid, "cmdline").split(b"\0")[:-1]]


def environment(pid: int) -> dict[str, str]:
    """What the process was started with; empty when it is gone or another user's."""
    pairs = (part.decode(errors="replace").partition("=") for part in _read(pid, "environ").split(b"\0") if part)
    return {name: text for name, _, text in pairs}


def owner(pid: int) -> int | None:
    try:
        return (PROC / str(pid)).stat().st_uid
    except OSError:
        return None


def all_pids() -> Iterator[int]:
    for entry in os.scandir(PROC):
        if entry.name.isdigit():
            yield int(entry.name)


def has_open(pid: int, path: Path) -> bool:
    """False, too, for what is none of our business."""
    try:
        return any(file.samefile(path) for file in (PROC / str(pid) / "fd").iterdir() if file.exists())
    except OSError:
        return False


def family(pid: int) -> list[int]:
    """`pid` and everything below it."""
    found = [pid]
    for parent in found:
        try:
            tasks = list(os.scandir(PROC / str(parent) / "task"))
        except OSError:
            continue
        for task in tasks:
            text = _read(parent, f"task/{task.name}/children")
            found += [int(child) for child in text.split()]
    return found


def session(leader: int) -> list[int]:
    """The processes of a session, among them those whose parent has ended."""
    return [pid for pid in all_pids() if (stat := _stat(pid)) is not None and int(stat[3]) == leader]


def usage(pid: int) -> Usage | None:
    """None when the process is gone."""
    stat = _stat(pid)
    if stat is None:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(stat[19]) / _TICKS
    members = family(pid)
    return Usage(sum(_cpu_s(member) for member in members), sum(_memory(member) for member in members), age)


def started_with(name: str, value: str) -> list[int]:
    """Processes whose environment has `name=value`, ours excluded."""
    me, wanted = os.getpid(), os.fsencode(f"{name}={value}")
    return [pid for pid in all_pids() if pid != me and wanted in _read(pid, "environ").split(b"\0")]


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on: the name before it may hold spaces and brackets."""
    text = _read(pid, "stat").decode(errors="replace")
    return text.rpartition(")")[2].split() if text else None


def _cpu_s(pid: int) -> float:
    stat = _stat(pid)
    return (int(stat[11]) + int(stat[12])) / _TICKS if stat else 0.0


def _memory(pid: int) -> int:
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    resident = _read(pid, "statm").split()[1:2]
    return int(resident[0]) * _PAGE if resident else 0


def _read(pid: int, file: str) -> bytes:
    """Empty when the process is gone or its owner keeps it private."""
    try:
        return (PROC / str(pid) / file).read_bytes()
    except OSError:
        return b""
