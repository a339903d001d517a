"""What health checks saw, a line of JSON each: `.nself/history/health.jsonl`, of which about the last thousand stay."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from nself.actions.health.report import WELL, Report
from nself.events import Emit, Warned
from nself.model.project import Project
from nself.records import dataclass

FILE, OLDER = "health.jsonl", "health.1.jsonl"
LARGEST = 512 * 1024
"""Bytes after which a file becomes the older one, and the older one goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwell:
    service: str
    status: str
    details: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One check. `unwell` are the services that were not well."""

    timestamp: datetime
    healthy: int
    total: int
    unwell: tuple[Unwell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The newest first."""

    checks: tuple[Seen, ...]


def add(project: Project, report: Report, emit: Emit) -> None:
    """Add a line, whole or not at all. A history that cannot be written is a warning: the check is what matters."""
    try:
        project.layout.history.mkdir(parents=True, exist_ok=True)
        with _newest(project.layout.history) as file:
            file.write(json.dumps(_line(report), ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        emit(
            Warned(f"the health history could not be written: {error.strerror}", fix=f"ls -ld {project.layout.history}")
        )


def history(project: Project, *, limit: int, service: str | None = None) -> History:
    """The last checks; with `service` those in which it was not well."""
    seen = [_seen(line) for line in _lines(project.layout.history)]
    if service is not None:
        seen = [each for each in seen if any(one.service == service for one in each.unwell)]
    return History(checks=tuple(reversed(seen[-limit:])))


@contextmanager
def _newest(folder: Path) -> Iterator[IO[bytes]]:
    """The file to add to, ours alone while it is open. Who waited for it may find that it became the older one."""
    while True:
        with (folder / FILE).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is(folder / FILE, file):
                if file.tell() < LARGEST:
                    yield file
                    return
                (folder / FILE).replace(folder / OLDER)


def _is(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _line(report: Report) -> dict[str, Any]:
    return {
        "timestamp": report.timestamp.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "healthy": report.healthy,
        "total": report.total,
        "unwell": [
            {"service": each.service, "status": each.status, "details": each.details}
            for each in report.services
            if each.status not in WELL
        ],
    }


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Oldest first. A line that a full disk cut short is left out."""
    for name in (OLDER, FILE):
        try:
            content = (folder / name).read_bytes()
        except FileNotFoundError:
            continue
        for line in content.splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict) and found.keys() >= {"timestamp", "healthy", "total", "unwell"}:
                yield found


def _seen(line: dict[str, Any]) -> Seen:
    return Seen(
        timestamp=datetime.fromisoformat(line["timestamp"]),
        healthy=line["healthy"],
        total=line["total"],
        unwell=tuple(Unwell(**each) for each in line["unwell"]),
    )
