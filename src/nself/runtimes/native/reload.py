"""Having a running program take up its changed files: told by a signal, and seen to have done it.

The one that can, nginx, starts new workers with the new configuration and lets the old ones finish what they began;
a configuration it refuses leaves the old workers alone.
"""

from __future__ import annotations

import json

from nself.runtimes.native import processes, units
from nself.runtimes.native.stack import ProcessStack
from nself.runtimes.outcome import NotTakenUpError

REFUSED = "[emerg]"
"""In the line by which nginx says why it goes on with its old configuration."""
LAST_LINES = 1000
"""What is looked through for it: requests are logged to the same place."""
DRAIN_S = 30.0
POLL_S = 0.02
LEAVING = "is shutting down"
"""What nginx makes the title of a worker that takes no new connection."""


def reload(native: ProcessStack, unit: str, *, within_s: float) -> str:
    """Empty once new workers run, else why a restart is all that is left: it does not answer anybody now.

    NotTakenUpError when it refuses its new files, or takes longer, and lives."""
    pid = _pid(native, unit)
    deadline = native.host.monotonic() + within_s
    # The kernel's list of children may miss some while others come and go.
    while processes.alive(pid) and not (before := _workers(pid)):
        if native.host.monotonic() > deadline:
            return "it has no workers"
        native.host.sleep(POLL_S)
    if not processes.alive(pid):
        return "it does not run"
    said = units.log_size(native, unit)
    # Files that change while it reads them are a reason to tell it again.
    made = json.dumps(native.fingerprint(unit))
    native.supervisor.call("signal", unit)
    while not (_workers(pid) - before and _all_leaving(before)):
        if not processes.alive(pid):
            return "it ended"
        refused = [line for line in units.last_lines(native, unit, since=said, count=LAST_LINES) if REFUSED in line]
        if refused or native.host.monotonic() > deadline:
            why = refused[-1] if refused else f"its workers were not replaced within {within_s:g} s"
            raise NotTakenUpError(f"it goes on with its old files: {why}")
        native.host.sleep(POLL_S)
    native.supervisor.call("adopt", unit, made)
    return ""


def drain(native: ProcessStack) -> None:
    """Wait for the workers that were replaced, as long as they may take: until then, what their configuration named
    is still asked."""
    units = [spec.name for spec in native.specs if spec.reload]
    deadline = native.host.monotonic() + DRAIN_S
    while native.host.monotonic() < deadline:
        workers = [worker for unit in units for worker in _workers(_pid(native, unit))]
        if not any(_is_leaving(worker) for worker in workers):
            return
        native.host.sleep(POLL_S)


def _pid(native: ProcessStack, unit: str) -> int:
    answer = native.supervisor.observe() or {"processes": []}
    return next((int(process["pid"]) for process in answer["processes"] if process["name"] == unit), 0)


def _workers(pid: int) -> set[int]:
    return set(processes.family(pid)) - {pid} if pid else set()


def _all_leaving(workers: set[int]) -> bool:
    return all(_is_leaving(worker) or not processes.alive(worker) for worker in workers)


def _is_leaving(worker: int) -> bool:
    return LEAVING in " ".join(processes.command_line(worker))
