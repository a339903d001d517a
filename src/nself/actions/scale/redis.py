"""Redis: one process, which has more memory when it is given more. Not a cluster; see `docs/how-to/scale.md`."""

from __future__ import annotations

from collections.abc import Mapping

from nself.actions.service import cache
from nself.actions.stack import NotRunningError
from nself.errors import UsageError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.services import redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """`max_memory_bytes` is what data may take, None where nothing but the machine bounds it; what happens then is
    `eviction`. `evicted` and `refused_clients` count since it was started."""

    engine: str
    version: str
    memory_bytes: int
    max_memory_bytes: int | None
    eviction: str
    evicted: int
    clients: int
    max_clients: int
    refused_clients: int
    commands_per_second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`running` is null while it does not run."""

    enabled: bool
    running: Running | None


def status(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Status:
    """How near it is to what bounds it."""
    if not redis.wanted(project):
        return Status(enabled=False, running=None)
    try:
        with cache.connected(project, host, environ) as connection:
            return Status(enabled=True, running=_running(cache.figures(connection)))
    except NotRunningError:
        return Status(enabled=True, running=None)


def refuse_cluster() -> None:
    raise UsageError(
        "a Redis cluster is not offered: several processes on one machine share its memory, and end with it",
        fixes=["nself config set REDIS_MAX_MEMORY 1gb", "nself scale up redis --memory 2G", "nself scale redis status"],
    )


def _running(found: Mapping[str, str]) -> Running:
    valkey = found.get("valkey_version")
    return Running(
        engine="valkey" if valkey else "redis",
        version=valkey or found["redis_version"],
        memory_bytes=int(found["used_memory"]),
        max_memory_bytes=int(found["maxmemory"]) or None,
        eviction=found["maxmemory_policy"],
        evicted=int(found["evicted_keys"]),
        clients=int(found["connected_clients"]),
        max_clients=int(found["maxclients"]),
        refused_clients=int(found["rejected_connections"]),
        commands_per_second=int(found["instantaneous_ops_per_sec"]),
    )
