"""Redis as it runs: how near each server of it is to what bounds it, and what its cluster says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nself.actions.redis import cluster, view
from nself.actions.redis.connection import connected, figures, keyspace
from nself.actions.redis.members import text
from nself.actions.redis.view import SLOTS, Known
from nself.actions.stack import NotRunningError, Stack, open_stack
from nself.errors import NetworkError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.resp import Connection
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
class Node:
    """One server of a cluster. `state`: ok; failing (it says so of itself or its cluster), apart (it is in no cluster
    yet), loading, stopped, or refused. What only it can tell is null while it does not answer."""

    name: str
    role: str | None
    master: str | None
    """Of a replica: whose."""
    slots: int
    keys: int | None
    memory_bytes: int | None
    max_memory_bytes: int | None
    clients: int | None
    state: str
    answer: str
    """Why the state is not ok, in Redis' words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStatus:
    """`state` is ok when every slot has a master and every node is well; degraded when all keys can be reached all the
    same; failed when some cannot."""

    state: str
    slots_assigned: int
    keys: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """`running` is null while it does not run, and of a cluster, which is in `cluster`."""

    enabled: bool
    running: Running | None
    cluster: ClusterStatus | None = None


def status(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Status:
    """How near it is to what bounds it."""
    if not redis.wanted(project):
        return Status(enabled=False, running=None)
    opened = open_stack(project, host, environ)
    if not opened.runtime.running():
        return Status(enabled=True, running=None)
    if cluster.wanted(project):
        return Status(enabled=True, running=None, cluster=_cluster(opened))
    try:
        with connected(opened) as connection:
            return Status(enabled=True, running=_running(figures(connection)))
    except NotRunningError:
        return Status(enabled=True, running=None)


def _cluster(opened: Stack) -> ClusterStatus:
    asked = [_asked(opened, name) for name in cluster.names(opened.project)]
    names = {itself.id: node.name for node, itself in asked if itself}
    nodes = [_with_master(node, itself, names) for node, itself in asked]
    covered = {slot for node, itself in asked if itself and node.role == "master" for slot in itself.slots}
    return ClusterStatus(
        state=_state(nodes, len(covered)),
        slots_assigned=len(covered),
        keys=sum(node.keys or 0 for node in nodes if node.role == "master"),
        nodes=tuple(nodes),
    )


def _state(nodes: Sequence[Node], slots: int) -> str:
    if slots < SLOTS:
        return "failed"
    return "ok" if all(node.state == "ok" for node in nodes) else "degraded"


def _asked(opened: Stack, name: str) -> tuple[Node, Known | None]:
    try:
        with connected(opened, name) as connection:
            told = figures(connection)
            if told.get("cluster_enabled") != "1":
                return _absent(name, "apart", "it runs without a cluster"), None
            return _node(name, connection, told)
    except NotRunningError as error:
        return _absent(name, "stopped", error.message), None
    except NetworkError as error:
        return _absent(name, "loading" if "LOADING" in error.message else "stopped", error.message), None


def _absent(name: str, state: str, answer: str) -> Node:
    return Node(
        name=name,
        role=None,
        master=None,
        slots=0,
        keys=None,
        memory_bytes=None,
        max_memory_bytes=None,
        clients=None,
        state=state,
        answer=answer,
    )


def _node(name: str, connection: Connection, told: Mapping[str, str]) -> tuple[Node, Known]:
    known = view.parse(text(connection.call("CLUSTER", "NODES")))
    itself = next(each for each in known.values() if "myself" in each.flags)
    state, answer = _condition(known, text(connection.call("CLUSTER", "INFO")), told)
    node = Node(
        name=name,
        role="master" if told["role"] == "master" else "replica",
        master=itself.master,
        slots=len(itself.slots),
        keys=sum(keyspace(told).values()),
        memory_bytes=int(told["used_memory"]),
        max_memory_bytes=int(told["maxmemory"]) or None,
        clients=int(told["connected_clients"]) - 1,
        state=state,
        answer=answer,
    )
    return node, itself


def _condition(known: Mapping[str, Known], said: str, told: Mapping[str, str]) -> tuple[str, str]:
    if len(known) == 1:
        return "apart", "it knows no other node"
    if "cluster_state:ok" not in said:
        return "failing", "cluster_state:fail"
    if told["role"] != "master" and told.get("master_link_status") != "up":
        return "failing", f"master_link_status:{told.get('master_link_status')}"
    return "ok", ""


def _with_master(node: Node, itself: Known | None, names: Mapping[str, str]) -> Node:
    """By the name of its service; one that does not answer is known by its id alone."""
    return replace(node, master=names.get(itself.master, itself.master)) if itself and itself.master else node


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
