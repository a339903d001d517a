"""Having a container's program take up its changed files, and seen to have done it; see the native runtime's.

A container's labels cannot change while it runs, so what it was told last is kept beside them, by its id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nself.runtimes.compose.containers import Container
from nself.runtimes.plan import Fingerprint

if TYPE_CHECKING:
    from nself.runtimes.compose.runtime import Compose

FILE = "reloaded.json"
WITHIN_S = 10.0
DRAIN_S = 30.0
POLL_S = 0.1
WORKER, LEAVING = "worker process", "is shutting down"
"""What nginx makes the titles of its workers."""


def reload(compose: Compose, container: Container, made: Fingerprint) -> str:
    """Empty once new workers run and the old ones take no new connection, else why not."""
    refusal = _renew(compose, container)
    if not refusal:
        _write(compose, container.id, made)
    return refusal


def resolve_anew(compose: Compose) -> None:
    """Containers that came up have new addresses, which a proxy that runs would learn only when its names expire. One
    that does not take the signal learns them then."""
    names = {spec.name for spec in compose.specs if spec.reload}
    for container in compose.containers().values():
        if container.service in names and container.pid:
            _renew(compose, container)


def _renew(compose: Compose, container: Container) -> str:
    before = _workers(compose, container)
    if not before:
        return "it has no workers"
    compose.docker.run("kill", "--signal", "HUP", container.id)
    deadline = compose.host.monotonic() + WITHIN_S
    while not _replaced(before, _workers(compose, container)):
        if compose.host.monotonic() > deadline:
            return f"it did not replace its workers within {WITHIN_S:g} s"
        compose.host.sleep(POLL_S)
    return ""


def drain(compose: Compose) -> None:
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


def _write(compose: Compose, container: str, made: Fingerprint) -> None:
    """Those of containers that are no more are forgotten."""
    here = {each.id for each in compose.containers().values()}
    kept = {key: each for key, each in told(compose.layout.run).items() if key in here}
    compose.host.write(compose.layout.run / FILE, json.dumps({**kept, container: dict(made)}, indent=1) + "\n")


def _workers(compose: Compose, container: Container) -> dict[str, str]:
    """{pid: title}."""
    ran = compose.docker.run("top", container.id, "-o", "pid,args", check=False, timeout_s=30)
    rows = (line.split(None, 1) for line in ran.stdout.splitlines()[1:])
    return {row[0]: row[1] for row in rows if len(row) == 2 and WORKER in row[1]}


def _replaced(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    return bool(now.keys() - before.keys()) and all(LEAVING in now[pid] for pid in before.keys() & now.keys())
