"""What must be so before one server becomes a cluster, or a cluster gets smaller: no key may be lost on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nself.actions.redis.connection import figures, keyspace
from nself.actions.redis.members import tolerating, wait_for
from nself.errors import ConfigError, NselfError
from nself.runtimes.resp import Connection
from nself.services.redis import Persistence, RedisSettings

OLDEST = 7
NOT_COUNTED = ("used_memory_startup", "mem_clients_normal", "mem_total_replication_buffers")


def for_cluster(server: Connection, found: RedisSettings, *, wait_s: float) -> None:
    """The one server, which keeps its keys as the first node."""
    told = figures(server)
    if int(told["redis_version"].split(".")[0]) < OLDEST:
        raise ConfigError(
            f"Redis {told['redis_version']} is too old: a cluster needs {OLDEST}.0 or later",
            fixes=["install a newer one, or set REDIS_VERSION for containers"],
        )
    others = {number: count for number, count in keyspace(told).items() if number}
    if others:
        where = ", ".join(f"database {number} has {count}" for number, count in sorted(others.items()))
        raise ConfigError(
            f"a Redis cluster has database 0 alone, and there are keys in others: {where}",
            fixes=["let services use prefixes: CS_N_REDIS_DB=0, CS_N_REDIS_PREFIX", "nself service cache flush"],
        )
    if found.persistence is Persistence.NONE:
        if keyspace(told):
            raise ConfigError(
                f"Redis has {sum(keyspace(told).values())} keys and keeps none over the restart that this takes "
                "(REDIS_PERSISTENCE=none)",
                fixes=["nself service cache flush, if they are not needed"],
            )
        return
    _write_down(server, append_only=told["aof_enabled"] == "1", wait_s=wait_s)


def _write_down(server: Connection, *, append_only: bool, wait_s: float) -> None:
    """Its data as it is now. An append-only file may speak of databases that a cluster does not have, long after the
    last key of those is gone, and would be read as if it spoke of the first."""
    word, prefix = ("BGREWRITEAOF", "aof_rewrite") if append_only else ("BGSAVE", "rdb_bgsave")
    status = "aof_last_bgrewrite_status" if append_only else "rdb_last_bgsave_status"
    with tolerating("in progress"):
        server.call(word)

    def amiss() -> str:
        told = figures(server)
        busy = told[f"{prefix}_in_progress"] == "1" or told.get("aof_rewrite_scheduled") == "1"
        return "Redis still writes its data down" if busy else ""

    wait_for(amiss, wait_s, fixes=["nself logs redis"])
    if figures(server)[status] != "ok":
        raise NselfError(
            "Redis could not write its data down, so it is not restarted", fixes=["nself logs redis", "df -h"]
        )


def refuse_too_much(servers: Iterable[Mapping[str, str]], masters: int) -> None:
    """What so many masters have no room for would be evicted, or refused. `servers`: what each master now says."""
    told = list(servers)
    limit = int(told[0]["maxmemory"])
    used = sum(int(each["used_memory"]) - sum(int(each.get(name, 0)) for name in NOT_COUNTED) for each in told)
    if limit and used > limit * masters:
        room = f"{masters} × {limit / 1024**2:.0f} MB"  # noqa: RUF001 - the sign is meant
        raise ConfigError(
            f"the keys take {used / 1024**2:.0f} MB, and would have {room}",
            fixes=["raise REDIS_MAX_MEMORY, then: nself start", "nself service cache flush --pattern GLOB"],
        )
