"""What runs, and is it well: processes, health asked anew, what they use. Reads only, and quickly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from math import inf
from typing import Literal

from nself.actions.stack import Stack, open_stack
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.replicas import service_of
from nself.model.spec import ServiceSpec
from nself.records import dataclass
from nself.runtimes.plan import ALIVE, Observed, Running, State
from nself.runtimes.probes import Health
from nself.runtimes.runtime import Usage

PROBE_TIMEOUT_S = 2.0
UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}

WORST_FIRST = ("unhealthy", "stopped", "starting", "unknown", "healthy")

Word = Literal["healthy", "unhealthy", "starting", "unknown", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Mean since the process started, in percent of one processor."""

    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes. `used` counts pages shared with other processes by their share."""

    used: int
    limit: int
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """How many copies of a service there are to be, and how many are."""

    wanted: int
    running: int
    healthy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One of several copies of a service."""

    name: str
    status: str
    health: Word
    answer: str
    container_id: str | None
    pid: int | None
    ports: tuple[Port, ...]
    uptime: int | None
    cpu: Cpu | None
    memory: Memory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service. `shares_process_with` names services whose process, CPU and memory are the same as its own.

    Of several replicas it says the sum, the first of them for what cannot be added, and how each of them is in
    `instances`, which is empty otherwise. It runs when one of them does, and is as well as the worst."""

    name: str
    category: str
    status: str
    health: Word
    answer: str
    container_id: str | None
    image: str | None
    pid: int | None
    ports: tuple[Port, ...]
    uptime: int | None
    cpu: Cpu | None
    memory: Memory | None
    shares_process_with: tuple[str, ...]
    replicas: Replicas
    response_time_ms: int | None = None
    restarts: int = 0
    """How often it was started again because it had ended, where the runtime counts that."""
    instances: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    total: int
    running: int
    healthy: int
    unhealthy: int
    stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    project: str
    environment: str
    runtime: str
    timestamp: datetime
    summary: Summary
    services: tuple[ServiceStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What to look at. Leaving out resources or health makes it quicker still."""

    service: str | None = None
    health: bool = True
    resources: bool = True
    timeout_s: float = PROBE_TIMEOUT_S
    """For one service's answer."""


def status(project: Project, host: LocalHost, environ: Mapping[str, str], view: View) -> Status:
    opened = open_stack(project, host, environ)
    specs = _chosen(opened, view.service)
    observed = opened.runtime.observe()
    live = [spec for spec in specs if _state(observed, spec) in ALIVE]
    health = opened.runtime.check(live, timeout_s=view.timeout_s) if view.health else {}
    usage = opened.runtime.usage(observed) if view.resources else {}
    services = together([_service(opened, spec, observed, health, usage) for spec in specs])
    return Status(
        project=project.name,
        environment=str(project.env),
        runtime=str(opened.runtime.kind),
        timestamp=host.now(),
        summary=summary(services),
        services=services,
    )


def watch(look: Callable[[], Status], host: LocalHost, *, every_s: float) -> Iterator[Status]:
    """One status after the other, until the reader stops asking."""
    while True:
        yield look()
        host.sleep(every_s)


def exit_code(found: Status) -> int:
    """0 all running and well, 1 some are not, 4 none runs."""
    if found.summary.running == 0:
        return 4
    return 0 if found.summary.running == found.summary.total and not found.summary.unhealthy else 1


def summary(services: tuple[ServiceStatus, ...]) -> Summary:
    return Summary(
        total=len(services),
        running=sum(service.status == State.RUNNING for service in services),
        healthy=sum(service.health == "healthy" for service in services),
        unhealthy=sum(service.health == "unhealthy" for service in services),
        stopped=sum(service.status in {State.STOPPED, State.FAILED} for service in services),
    )


def together(found: Sequence[ServiceStatus]) -> tuple[ServiceStatus, ...]:
    """One for each service, whose replicas follow it under names of their own."""
    groups: dict[str, list[ServiceStatus]] = {}
    for each in found:
        groups.setdefault(service_of(each.name), []).append(each)
    return tuple(_sum(group) if len(group) > 1 else group[0] for group in groups.values())


def _sum(group: Sequence[ServiceStatus]) -> ServiceStatus:
    first = group[0]
    memory = [each.memory for each in group if each.memory]
    used, limit = sum(each.used for each in memory), sum(each.limit for each in memory)
    running = sum(each.replicas.running for each in group)
    worst: Word = min((each.health for each in group), key=WORST_FIRST.index)
    return replace(
        first,
        status=str(State.RUNNING) if running else first.status,
        health="unhealthy" if running and worst == "stopped" else worst,
        answer=next((each.answer for each in group if each.health != "healthy"), first.answer),
        cpu=Cpu(percent=round(sum(each.cpu.percent for each in group if each.cpu), 1)) if first.cpu else None,
        memory=Memory(used=used, limit=limit, percent=round(100 * used / limit, 1)) if memory else None,
        replicas=Replicas(
            wanted=len(group),
            running=running,
            healthy=sum(each.replicas.healthy for each in group),
        ),
        restarts=sum(each.restarts for each in group),
        instances=tuple(
            Instance(**{item.name: getattr(each, item.name) for item in fields(Instance)}) for each in group
        ),
    )


def _chosen(opened: Stack, name: str | None) -> list[ServiceSpec]:
    if name is None:
        return list(opened.runtime.specs)
    found = opened.spec(name)
    return [found, *(spec for spec in opened.runtime.specs if spec is not found and service_of(spec.name) == name)]


def _state(observed: Observed, spec: ServiceSpec) -> State:
    running = observed.get(spec.name)
    return running.state if running else State.STOPPED


def _service(
    opened: Stack,
    spec: ServiceSpec,
    observed: Observed,
    health: Mapping[str, Health],
    usage: Mapping[str, Usage],
) -> ServiceStatus:
    running = observed.get(spec.name)
    state = _state(observed, spec)
    answer = health.get(spec.name)
    used = usage.get(running.unit) if running else None
    # A process is "running" to a person as soon as it answers; supervisor says so only after its first second.
    status = State.RUNNING if answer is not None and answer.ok and state in ALIVE else state
    word = _word(state, answer)
    return ServiceStatus(
        name=spec.name,
        category=str(spec.category),
        status=str(status),
        health=word,
        answer=_answer(running, answer),
        container_id=running.container if running else None,
        image=running.image if running else None,
        pid=running.pid if running and running.pid else None,
        ports=tuple(Port(name=name, host=at.host, port=at.port) for name, at in opened.runtime.published(spec).items()),
        uptime=int(time.time() - running.started_at) if running and running.pid else None,
        cpu=Cpu(percent=used.cpu_percent) if used else None,
        memory=_memory(spec, used) if used else None,
        shares_process_with=tuple(
            other.name
            for other in opened.runtime.specs
            if other is not spec and opened.runtime.unit(other) == opened.runtime.unit(spec)
        ),
        replicas=Replicas(wanted=1, running=int(status is State.RUNNING), healthy=int(word == "healthy")),
        response_time_ms=answer.ms if answer else None,
        restarts=running.restarts if running else 0,
    )


def _word(state: State, answer: Health | None) -> Word:
    if state is State.STOPPED:
        return "stopped"
    if state is State.FAILED:
        return "unhealthy"
    if answer is None:
        return "unknown"
    if answer.ok:
        return "healthy"
    return "starting" if state in {State.STARTING, State.RESTARTING} else "unhealthy"


def _answer(running: Running | None, answer: Health | None) -> str:
    if answer is not None:
        return answer.answer
    return running.reason if running else ""


def _memory(spec: ServiceSpec, used: Usage) -> Memory:
    limit = size(spec.resources.memory)
    return Memory(used=used.memory_bytes, limit=limit, percent=round(100 * used.memory_bytes / limit, 1))


def size(text: str) -> int:
    """Bytes of `256M`, `1G`, `64MB` and their like."""
    number, unit = text.strip().removesuffix("B").removesuffix("i"), 1
    if number and number[-1].upper() in UNITS:
        number, unit = number[:-1], UNITS[number[-1].upper()]
    try:
        found = float(number)
    except ValueError:
        found = 0.0
    if not 0 < found < inf:
        raise UsageError(f"{text!r} is not a size", fixes=["write it like 256M or 1G"])
    return max(1, int(found * unit))
