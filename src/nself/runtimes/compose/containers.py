"""What containers a project has, as the engine tells: states, health, addresses. Nothing is changed here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from nself.errors import DockerError
from nself.host import Host
from nself.model import replicas
from nself.model.containers import container_name
from nself.records import dataclass
from nself.runtimes.compose import ownership
from nself.runtimes.compose.docker import Docker, parsed
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.plan import Fingerprint, State

PROJECT, SERVICE, NUMBER, FOLDER = (
    f"com.docker.compose.{name}" for name in ("project", "service", "container-number", "project.working_dir")
)
FINGERPRINT = "nself.fingerprint"
VERSION = "nself.version"
"""Label: JSON of what the container was made from."""
_PUBLISHED = re.compile(r":(\d+)(?:-(\d+))?->")
BUILD_DEPTH = 3
"""How far the build lies below the project's folder: `.nself/build/compose`."""
STATES = {
    "running": State.RUNNING,
    "restarting": State.RESTARTING,
    "paused": State.FAILED,
    "created": State.STOPPED,
    "removing": State.STOPPING,
    "exited": State.STOPPED,
    "dead": State.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a project. `copy` is its service's name, with a number behind it from the second on: that of the
    container's name, by which others reach it. `number` is Compose's own, which nothing can change later."""

    id: str
    name: str
    copy: str
    number: int
    state: State
    exit_code: int
    restarts: int
    pid: int
    started_at: float
    image: str
    image_id: str
    address: str | None
    """On the project's network; None while it does not run."""
    published: bool
    """Whether it has ports open on the machine."""
    folder: str
    """Of the build it was made from."""
    identity: str
    """Number of the project it was made for; empty when its label is not ours."""
    fingerprint: Fingerprint
    health: str | None
    """The engine's own word: starting, healthy, unhealthy; None where nothing checks."""
    checked: str
    """What the last check of the engine printed."""
    reason: str
    killed: bool = False
    """By the kernel: it, or a process in it, wanted more memory than its limit."""
    paused: bool = False
    """By hand: it keeps all it has and does nothing."""

    @property
    def service(self) -> str:
        return replicas.service_of(self.copy)


def of(docker: Docker, project: str) -> dict[str, Container]:
    """By copy. Of two with one number the one that runs counts."""
    ids = docker.run("ps", "-aq", "--no-trunc", "--filter", f"label={PROJECT}={project}", timeout_s=30).stdout.split()
    if not ids:
        return {}
    # One that is removed meanwhile makes the command fail, and the others are told all the same.
    told = docker.run("container", "inspect", *ids, check=False, timeout_s=30)
    found = [_container(each) for each in parsed(told, told.stdout or "[]")]
    ordered = sorted((each for each in found if each), key=lambda each: (each.state is State.RUNNING, each.started_at))
    return {each.copy: each for each in ordered}


def any_of(docker: Docker, project: str, folder: Path, identity: Identity | None) -> bool:
    """Whether the project whose build is `folder` has containers that run."""
    return bool(_running(docker, project, folder, identity))


def published(docker: Docker, project: str, folder: Path, identity: Identity | None) -> frozenset[int]:
    """Ports of this machine that its running containers have."""
    found = (_PUBLISHED.findall(ports) for ports in _running(docker, project, folder, identity))
    pairs = [(int(first), int(last or first)) for each in found for first, last in each]
    return frozenset(number for first, last in pairs for number in range(first, last + 1))


def _running(docker: Docker, project: str, folder: Path, identity: Identity | None) -> list[str]:
    """What each has published, in Docker's words: `127.0.0.1:8088-8089->8088-8089/tcp, ...`."""
    fields = "\t".join(f'{{{{.Label "{label}"}}}}' for label in (ownership.LABEL, FOLDER)) + "\t{{.Ports}}"
    told = docker.run("ps", "--filter", f"label={PROJECT}={project}", "--format", fields, timeout_s=30).stdout
    rows = [line.split("\t") for line in told.splitlines() if line.count("\t") == 2]
    return [
        ports
        for label, made_from, ports in rows
        if made_from == str(folder) or (identity is not None and label == identity.id)
    ]


def refuse_strangers(
    project: str, folder: Path, found: Iterable[Container], identity: Identity | None, host: Host
) -> None:
    """Two projects of one name on one engine would take each other's containers and data; `folder` is our build."""
    for container in found:
        if container.folder and container.folder != str(folder) and not _moved(container, identity, host):
            raise DockerError(
                f"another project called {project} has containers here, made from {container.folder}",
                fixes=["give this one another PROJECT_NAME", f"stop that one: docker compose -p {project} down"],
            )


def _moved(container: Container, identity: Identity | None, host: Host) -> bool:
    """Whether it is ours, from when our folder was elsewhere. What is there now may be a copy, as alive as we are."""
    if identity is None or container.identity != identity.id:
        return False
    parents = Path(container.folder).parents
    return len(parents) < BUILD_DEPTH or not ownership.holder(identity.id, parents[BUILD_DEPTH - 1], host)


def _container(told: Mapping[str, Any]) -> Container | None:
    labels, state = told["Config"].get("Labels") or {}, told["State"]
    if SERVICE not in labels or labels.get("com.docker.compose.oneoff") == "True":
        return None
    health = state.get("Health") or {}
    log = health.get("Log") or []
    word = STATES.get(state["Status"], State.FAILED)
    crashed = word is State.STOPPED and state["Status"] == "exited" and _failed(state)
    name, number = told["Name"].lstrip("/"), int(labels.get(NUMBER, "1"))
    return Container(
        id=told["Id"],
        name=name,
        copy=replicas.name(labels[SERVICE], _named(name, labels) or number),
        number=number,
        state=State.FAILED if crashed else word,
        exit_code=int(state.get("ExitCode", 0)),
        restarts=int(told.get("RestartCount", 0)),
        pid=int(state.get("Pid", 0)),
        started_at=_seconds(state.get("StartedAt", "")),
        image=told["Config"]["Image"],
        image_id=told["Image"],
        address=_address(told["NetworkSettings"]),
        published=any((told["NetworkSettings"].get("Ports") or {}).values()),
        folder=labels.get(FOLDER, ""),
        identity=labels.get(ownership.LABEL, ""),
        fingerprint=_fingerprint(labels.get(FINGERPRINT, "")),
        health=health.get("Status"),
        checked=str(log[-1].get("Output", "")).strip() if log else "",
        reason=_reason(state),
        killed=bool(state.get("OOMKilled")),
        paused=state["Status"] == "paused",
    )


def _named(name: str, labels: Mapping[str, str]) -> int:
    """The number in its name; 0 where it has another, as one that Compose is about to replace."""
    head, _, number = name.rpartition("-")
    ours = head == container_name(labels.get(PROJECT, ""), labels[SERVICE]).rpartition("-")[0]
    return int(number) if ours and number.isdecimal() else 0


def _failed(state: Mapping[str, Any]) -> bool:
    """It ended by itself and not well; 137 and 143 are those of a stop."""
    return int(state.get("ExitCode", 0)) not in (0, 130, 137, 143) or bool(state.get("OOMKilled"))


def _reason(state: Mapping[str, Any]) -> str:
    if state.get("OOMKilled"):
        return "it was killed: its memory limit was reached"
    if state.get("Error"):
        return str(state["Error"])
    if state["Status"] == "paused":
        return "it is paused (docker pause)"
    ended = state["Status"] in {"exited", "restarting", "dead"}
    return f"it ended with exit code {state.get('ExitCode')}" if ended else ""


def _address(settings: Mapping[str, Any]) -> str | None:
    networks = (settings.get("Networks") or {}).values()
    return next((each["IPAddress"] for each in networks if each.get("IPAddress")), None)


def _fingerprint(text: str) -> Fingerprint:
    try:
        return dict(json.loads(text)) if text else {}
    except ValueError:
        return {}


def _seconds(text: str) -> float:
    """Seconds since 1970 of Docker's time, which has nanoseconds; 0 for one that never started."""
    if not text or text.startswith("0001"):
        return 0.0
    head, _, rest = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{rest[:6]:0<6}+00:00").timestamp()
