"""One supervisor program: ended, its last words, the data folder behind it."""

from __future__ import annotations

from pathlib import Path

from nself.errors import NselfError
from nself.model.place import program_of
from nself.model.spec import ServiceSpec
from nself.runtimes.native import binaries
from nself.runtimes.native.postgres import Cluster
from nself.runtimes.native.stack import ProcessStack

POLL_S = 0.02
KILL_S = 10.0
"""A killed process is gone at once, unless the kernel holds it back."""


def end(native: ProcessStack, unit: str, *, grace_s: float) -> None:
    """Stop one unit and wait until it is gone; what does not end within its grace is killed."""
    native.supervisor.call("stop", unit)
    if _is_gone(native, unit, within_s=grace_s):
        return
    native.supervisor.call("kill", unit)
    if not _is_gone(native, unit, within_s=KILL_S):
        raise NselfError(f"{unit} does not end, not even killed", fixes=[f"nself logs {unit}", "nself doctor"])


def _is_gone(native: ProcessStack, unit: str, *, within_s: float) -> bool:
    deadline = native.host.monotonic() + within_s
    while True:
        answer = native.supervisor.observe() or {"processes": []}
        if not any(process["pid"] for process in answer["processes"] if process["name"] == unit):
            return True
        if native.host.monotonic() > deadline:
            return False
        native.host.sleep(POLL_S)


def cluster(native: ProcessStack, spec: ServiceSpec) -> Cluster:
    """The data folder behind the database service and the programs its rendered command names."""
    binary = native.program(program_of(spec)).argv[0]
    return Cluster(
        data=native.layout.data(spec.volumes[0].name),
        programs=binaries.postgres_at(native.host, Path(binary).parent),
        identity=native.supervisor.identity,
        host=native.host,
    )


def log_size(native: ProcessStack, unit: str) -> int:
    log = native.log(unit)
    return log.stat().st_size if log.exists() else 0


def last_lines(native: ProcessStack, unit: str, *, since: int, count: int = 8) -> tuple[str, ...]:
    """What a unit said last, after the first `since` bytes of its log; all of a log that was rotated meanwhile."""
    log = native.log(unit)
    if not log.exists():
        return ()
    size = log.stat().st_size
    with log.open("rb") as file:
        file.seek(max(since, size - 16_384) if since <= size else 0)
        return tuple(file.read().decode(errors="replace").splitlines()[-count:])
