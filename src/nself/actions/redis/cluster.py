"""The cluster of a project's stack: made, mended, counted; and what must not happen to it by hand."""

from __future__ import annotations

from collections.abc import Collection

from nself.actions import lost_data
from nself.actions.redis.connection import connected
from nself.actions.redis.members import opened_members, text
from nself.actions.redis.topology import Cluster
from nself.actions.stack import NotRunningError, Stack
from nself.errors import ConfigError, NetworkError, NselfError
from nself.events import Emit
from nself.model.project import Project
from nself.runtimes.wire import RefusedError
from nself.services import redis, redis_cluster

WAIT_S = 120.0


def wanted(project: Project) -> bool:
    return redis.wanted(project) and redis_cluster.wanted(project)


def names(project: Project) -> list[str]:
    return redis_cluster.names(redis.NAME, project)


def form(opened: Stack, emit: Emit, *, staying: int | None = None, even: bool = False, wait_s: float = WAIT_S) -> None:
    """Bring its nodes together. `staying`: how many of them are to have the keys; the others are led out."""
    found = names(opened.project)
    count = staying or len(found)
    with opened_members(opened, found) as members:
        try:
            Cluster(
                members=members,
                staying=count,
                masters=redis_cluster.masters(count),
                password=redis.settings(opened.project).password,
                emit=emit,
                wait_s=wait_s,
            ).form(even=even)
        except RefusedError as error:
            raise NselfError(
                f"the Redis cluster could not be brought together: {error.code} {error}",
                fixes=["nself scale redis status", *(f"nself logs {each.name}" for each in members[:1])],
            ) from error


def together(opened: Stack, emit: Emit) -> None:
    """Once the first node is well, which comes last: who needs Redis finds a cluster."""
    # From here on keys are in all of them, however this ends.
    lost_data.remember(opened, names(opened.project), emit)
    form(opened, emit)


def due(opened: Stack, healthy: Collection[str]) -> bool:
    """Whether its nodes run and are not together."""
    if not wanted(opened.project) or not set(names(opened.project)) <= set(healthy):
        return False
    return any(not _well(opened, name) for name in names(opened.project))


def _well(opened: Stack, name: str) -> bool:
    try:
        with connected(opened, name) as connection:
            said = text(connection.call("CLUSTER", "INFO"))
    except (NetworkError, NotRunningError):
        return False
    count = len(names(opened.project))
    return "cluster_state:ok\r\n" in said and f"cluster_known_nodes:{count}\r\n" in said


def refuse_resized(opened: Stack) -> None:
    """A number of nodes that was changed in the files alone: keys would stay behind in those that go."""
    if not redis.wanted(opened.project):
        return
    count = len(names(opened.project))
    held = opened.runtime.ledger.seen()
    before = len([name for name in redis_cluster.named(redis.NAME, redis_cluster.MOST) if name in held])
    if before > count or (before == 1 and count > 1):
        was = f"set REDIS_CLUSTER_NODES back to {before if before > 1 else 0}"
        raise ConfigError(
            f"REDIS_CLUSTER_NODES was changed to {count}, and the keys are in {before} "
            f"{'nodes' if before > 1 else 'server without a cluster'}: they would be left behind",
            fixes=[f"{was}, then: nself start", f"nself scale redis cluster --nodes {count} moves them"],
        )
