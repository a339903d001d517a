"""Redis as a cluster: several servers that share the keys among them, and replicas that take over from those that end.

Every node is a service of its own, with its port, its volume and its limits. Which of them are masters and which
slots each has is theirs to know: roles change while they run. `actions/redis/` brings them together.
"""

from __future__ import annotations

from dataclasses import replace

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Project
from nself.model.spec import Network, Port, Runtime, ServiceSpec
from nself.records import dataclass
from nself.settings import env

BUS = Port(name="bus", number=16379, private=True)
"""Where nodes talk to each other."""
FEWEST = 3
"""Masters: of fewer no majority is left when one ends, and no replica could take over."""
MOST = 32
REPLICATED = 6
"""From so many nodes on each master has a replica."""
NODE_FILE = "node.conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """Variables of the cluster."""

    nodes: int = env(
        "REDIS_CLUSTER_NODES",
        default=0,
        minimum=0,
        maximum=MOST,
        help="Nodes of a Redis cluster: 0 or 1 is one server without a cluster. 3 to 5 are masters without replicas; "
        "from 6 on half of them are masters (rounded down) and the others their replicas. "
        "nself scale redis cluster changes it and moves the keys.",
    )
    node_timeout_ms: int = env(
        "REDIS_CLUSTER_NODE_TIMEOUT",
        default=5000,
        minimum=500,
        maximum=60_000,
        help="Milliseconds a node of the cluster may be silent before its replica takes over.",
    )


def settings(project: Project) -> ClusterSettings:
    found = project.settings(ClusterSettings)
    if 1 < found.nodes < FEWEST:
        message = f"is {found.nodes}: a cluster has {FEWEST} masters at least, or no replica could take over"
        raise ConfigProblemsError([Problem(path="REDIS_CLUSTER_NODES", message=message, hint="set 3, 6 or 0")])
    return found


def wanted(project: Project) -> bool:
    return settings(project).nodes >= FEWEST


def names(first: str, project: Project) -> list[str]:
    """Of its services: `redis`, `redis-2`, …; the first alone where there is no cluster."""
    return named(first, settings(project).nodes)


def named(first: str, count: int) -> list[str]:
    return [first, *(f"{first}-{number}" for number in range(2, count + 1))]


def masters(count: int) -> int:
    """How many of so many nodes have slots; the others are replicas of those."""
    return count // 2 if count >= REPLICATED else count


def node(alone: ServiceSpec, project: Project, network: Network) -> ServiceSpec:
    """A server of its own made one of a cluster. Who needs the first needs them all."""
    first, *others = names("redis", project)
    if alone.name in others and any(each.name == alone.name for each in project.custom):
        problem = Problem(
            path=f"services.{alone.name}", message="is the name of a node of the Redis cluster", hint="choose another"
        )
        raise ConfigProblemsError([problem])
    program, *options = alone.command
    password = alone.secrets["REDIS_PASSWORD"]
    return replace(
        alone,
        description=f"{alone.description}: a node of the cluster",
        command=(program, f"{{secrets}}/{alone.name}/{NODE_FILE}", *options, *_flags(alone.name, project, network)),
        programs=tuple(replace(each, minimum="7.0") for each in alone.programs),
        secret_files={**alone.secret_files, NODE_FILE: f"masterauth {_quoted(password)}\n"},
        ports=(*alone.ports, BUS),
        needs=tuple(others) if alone.name == first else (),
    )


def _flags(name: str, project: Project, network: Network) -> list[str]:
    values = {
        "cluster-enabled": "yes",
        "cluster-config-file": "nodes.conf",
        "cluster-node-timeout": settings(project).node_timeout_ms,
        # Each master has a replica or two: nothing is gained by waiting for more of them before one is sent the keys.
        "repl-diskless-sync-delay": 0,
        "cluster-port": network.listen(name, BUS.name).port,
    }
    at = network.endpoint(name, "redis")
    if network.runtime is Runtime.NATIVE:
        values |= {"cluster-announce-ip": at.host}
    else:
        # Containers get other addresses; clients are told the name, which stays.
        values |= {"cluster-announce-hostname": at.host, "cluster-preferred-endpoint-type": "hostname"}
    return [word for option, value in values.items() for word in (f"--{option}", str(value))]


def _quoted(text: str) -> str:
    """As Redis reads it from a file, whatever characters are in it."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in text.encode()) + '"'
