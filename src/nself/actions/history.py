"""What was done to a project, one line of JSON a command: `.nself/history/all.jsonl`.

Lines are only ever added. Each carries the hash of the one before it, so that a line taken out later shows.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import IO, Any

import nself
from nself.errors import InterruptedByUserError, NselfError
from nself.events import Emit, Warned
from nself.host import Host
from nself.model.project import Project
from nself.records import dataclass

FILE = "all.jsonl"
_TAIL = 65536


@dataclass
class Entry:
    """A command under way. What it learns on its way goes into `details`; nothing secret belongs there."""

    type: str
    description: str
    details: dict[str, Any] = field(default_factory=dict)
    exit_code: int = 0


@contextmanager
def recorded(project: Project, host: Host, emit: Emit, entry: Entry) -> Iterator[Entry]:
    """Record `entry` when the block ends, with how it ended. A history that cannot be written is a warning only:
    the command has done what it did."""
    began = host.monotonic()
    try:
        yield entry
    except NselfError as error:
        entry.exit_code = error.exit_code
        entry.details.setdefault("error", error.message)
        raise
    except KeyboardInterrupt as stop:
        entry.exit_code = InterruptedByUserError(by=stop).exit_code
        raise
    finally:
        try:
            record(project, host, entry, duration_ms=int((host.monotonic() - began) * 1000))
        except OSError as error:
            emit(Warned(f"the history could not be written: {error.strerror}", fix=f"ls -ld {project.layout.history}"))


def record(project: Project, host: Host, entry: Entry, *, duration_ms: int) -> None:
    """Add one line, whole or not at all, whoever else writes at the same time."""
    project.layout.history.mkdir(parents=True, exist_ok=True)
    with (project.layout.history / FILE).open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        event = {**_event(project, host, entry, duration_ms), "prev_hash": _last_hash(file)}
        file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")


def _event(project: Project, host: Host, entry: Entry, duration_ms: int) -> Mapping[str, Any]:
    return {
        "id": os.urandom(8).hex(),
        "timestamp": host.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": entry.type,
        "description": entry.description,
        "env": str(project.env),
        "status": "success" if entry.exit_code == 0 else "failed",
        "user": _user(),
        "details": entry.details,
        "duration_ms": duration_ms,
        "exit_code": entry.exit_code,
        "host": os.uname().nodename,
        "version": nself.__version__,
    }


def _last_hash(file: IO[bytes]) -> str:
    """Of the last whole line; a line cut short by a full disk is closed first, so that ours starts on its own."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    if tail and not tail.endswith(b"\n"):
        file.write(b"\n")
    lines = [line for line in tail.split(b"\n") if line]
    return hashlib.sha256(lines[-1]).hexdigest()[:32] if lines else ""


def _user() -> str:
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
