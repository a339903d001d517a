"""What each service is given and what it uses."""

from __future__ import annotations

from collections.abc import Mapping

from nself.actions import status as states
from nself.actions.stack import open_stack
from nself.actions.status import Replicas, ServiceStatus
from nself.host import LocalHost
from nself.model.project import Autoscale, Project
from nself.model.replicas import service_of
from nself.model.spec import Resources, Runtime
from nself.records import dataclass
from nself.services import pooler, redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """By all replicas together; `cpu_percent` of one processor."""

    cpu_percent: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """`cpu` (cores) and `memory` are what each replica may use. `autoscale` null: it is scaled by hand."""

    name: str
    replicas: Replicas
    cpu: float
    memory: str
    usage: Used | None
    autoscale: Autoscale | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocations:
    services: tuple[Allocation, ...]
    limits_enforced: bool
    pooler: Switch
    redis: Switch


def status(project: Project, host: LocalHost, environ: Mapping[str, str], service: str | None = None) -> Allocations:
    opened = open_stack(project, host, environ)
    limits = {service_of(spec.name): spec.resources for spec in opened.runtime.specs}
    found = states.status(project, host, environ, states.View(service=service))
    return Allocations(
        services=tuple(
            _allocation(each, limits[service_of(each.name)], project.autoscale.get(service_of(each.name)))
            for each in found.services
        ),
        limits_enforced=project.runtime is not Runtime.NATIVE,
        pooler=Switch(pooler.NAME in limits),
        redis=Switch(redis.NAME in limits),
    )


def _allocation(found: ServiceStatus, limit: Resources, rule: Autoscale | None) -> Allocation:
    used = Used(cpu_percent=found.cpu.percent, memory_bytes=found.memory.used) if found.cpu and found.memory else None
    return Allocation(
        name=found.name, replicas=found.replicas, cpu=limit.cpu, memory=limit.memory, usage=used, autoscale=rule
    )
