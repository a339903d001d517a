"""Having a container's program take up its changed files, and seen to have done it; see the native runtime's.

A container's labels cannot change while it runs, so what it was told last is kept beside them, by its id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nself.runtimes.compose import output
from nself.runtimes.compose.containers import Container
from nself.runtimes.compose.docker_errors import CommandFailedError
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.outcome import NotTakenUpError
from nself.runtimes.plan import Fingerprint

FILE = "reloaded.json"
REFUSED = "[emerg]"
"""In the line by which nginx says why it goes on with its old configuration."""
LAST_LINES = 1000
"""What is looked through for it: requests are logged to the same place."""
ADDRESSES_S = 10.0
DRAIN_S = 30.0
POLL_S = 0.2
WORKER, LEAVING = "worker process", "is shutting down"
"""What nginx makes the titles of its workers."""


def reload(compose: ContainerStack, container: Container, made: Fingerprint, *, within_s: float) -> str:
    """Empty once new workers run and the old ones take no new connection, else why it has to be made anew: it answers
    nobody now. NotTakenUpError when it refuses its new files, or takes longer, and lives."""
    ended = _renew(compose, container, within_s=within_s)
    if not ended:
        _write(compose, container.id, made)
    return ended


def resolve_anew(compose: ContainerStack) -> None:
    """Containers that came up have new addresses, which a proxy that runs would learn only when its names expire. One
    that does not take the signal learns them then."""
    names = {spec.name for spec in compose.specs if spec.reload}
    for container in compose.containers().values():
        if container.service in names and container.pid:
            with suppress(NotTakenUpError):
                _renew(compose, container, within_s=ADDRESSES_S)


def _renew(compose: ContainerStack, container: Container, *, within_s: float) -> str:
    deadline = compose.host.monotonic() + within_s
    while not (before := _workers(compose, container)):
        if not _lives(compose, container):
            return "it does not run"
        if compose.host.monotonic() > deadline:
            return "it has no workers"
        compose.host.sleep(POLL_S)
    said = set(_refusals(compose, container))
    _tell(compose, container)
    while not _replaced(before, now := _workers(compose, container)):
        if not now and not _lives(compose, container):
            return "it ended"
        refused = [line for line in _refusals(compose, container) if line not in said]
        if refused or compose.host.monotonic() > deadline:
            why = refused[-1] if refused else f"its workers were not replaced within {within_s:g} s"
            raise NotTakenUpError(f"it goes on with its old files: {why}")
        compose.host.sleep(POLL_S)
    return ""


def _tell(compose: ContainerStack, container: Container) -> None:
    """From inside: what got a signal by `docker kill`, whichever it was, counts for Docker as stopped by hand, and is
    not started again when it ends."""
    try:
        compose.docker.run("exec", container.id, "sh", "-c", "kill -HUP 1")
    except CommandFailedError as error:
        if _lives(compose, container):
            raise NotTakenUpError(f"it goes on with its old files: {error.message}") from error


def _lives(compose: ContainerStack, container: Container) -> bool:
    """Whether it is still the same life of the same container: one that ended may have been started again."""
    now = compose.containers().get(container.copy)
    return now is not None and (now.id, now.pid) == (container.id, container.pid) and now.pid != 0


def drain(compose: ContainerStack) -> None:
    """Wait for the workers that were replaced, as long as they may take."""
    names = {spec.name for spec in compose.specs if spec.reload}
    proxies = [each for each in compose.containers().values() if each.service in names and each.pid]
    deadline = compose.host.monotonic() + DRAIN_S
    while compose.host.monotonic() < deadline:
        titles = [title for each in proxies for title in _workers(compose, each).values()]
        if not any(LEAVING in title for title in titles):
            return
        compose.host.sleep(POLL_S)


def told(run: Path) -> Mapping[str, Fingerprint]:
    """{container's id: what it was told to take up last}. Whatever else the file holds counts as nothing."""
    try:
        found: Any = json.loads((run / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: made for key, made in found.items() if isinstance(made, dict)} if isinstance(found, dict) else {}


def _write(compose: ContainerStack, container: str, made: Fingerprint) -> None:
    """Those of containers that are no more are forgotten."""
    here = {each.id for each in compose.containers().values()}
    kept = {key: each for key, each in told(compose.layout.run).items() if key in here}
    compose.host.write(compose.layout.run / FILE, json.dumps({**kept, container: dict(made)}, indent=1) + "\n")


def _refusals(compose: ContainerStack, container: Container) -> list[str]:
    return [line for line in output.lines(compose.docker, container.id, tail=LAST_LINES) if REFUSED in line]


def _workers(compose: ContainerStack, container: Container) -> dict[str, str]:
    """{pid: title}."""
    ran = compose.docker.run("top", container.id, "-o", "pid,args", check=False, timeout_s=30)
    rows = (line.split(None, 1) for line in ran.stdout.splitlines()[1:])
    return {row[0]: row[1] for row in rows if len(row) == 2 and WORKER in row[1]}


def _replaced(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return bool(now.keys() - before.keys()) and all(LEAVING in now[pid] for pid in before.keys() & now.keys())
