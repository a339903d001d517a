"""What is in the project's Redis: figures, keys, and making room. Asked in Redis' own protocol, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from nself.actions import history
from nself.actions.redis.connection import connected, figures, is_master, keyspace
from nself.actions.stack import open_stack
from nself.errors import ConfigError
from nself.events import Emit, ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.resp import Connection, Reply
from nself.services import redis, redis_cluster

PAGE = 1000
"""Keys a SCAN looks at in one step: Redis answers others in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """`evicted`, `hits` and `misses` count since Redis was started."""

    memory_bytes: int
    keys: int
    hits: int
    misses: int
    evicted: int
    clients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flushed:
    """`pattern` is None when all keys went."""

    pattern: str | None
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """`database` is the number a service has in its REDIS_URL; `ttl_ms` None: it stays."""

    name: str
    database: int
    type: str
    ttl_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """`more` says that there are others than those shown."""

    pattern: str
    keys: tuple[Key, ...]
    more: bool


def stats(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Stats:
    with connections(project, host, environ) as servers:
        found = [figures(each) for each in servers]

    def total(name: str) -> int:
        return sum(int(info[name]) for info in found)

    return Stats(
        memory_bytes=total("used_memory"),
        keys=sum(sum(keyspace(info).values()) for info in found),
        hits=total("keyspace_hits"),
        misses=total("keyspace_misses"),
        evicted=total("evicted_keys"),
        clients=total("connected_clients"),
    )


def keys(project: Project, host: LocalHost, environ: Mapping[str, str], pattern: str, *, limit: int) -> Keys:
    """The first `limit` keys that match, of all databases."""
    found: list[Key] = []
    with connections(project, host, environ) as servers:
        for server in servers:
            for database, page in _pages(server, pattern):
                found += _described(server, database, page[: limit + 1 - len(found)])
                if len(found) > limit:
                    break
    return Keys(pattern=pattern, keys=tuple(found[:limit]), more=len(found) > limit)


def flush(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit = ignore, pattern: str | None = None
) -> Flushed:
    """Remove every key, or those that match; recorded in the history. Memory is given back in the background."""
    entry = history.Entry("cache.flush", f"removed keys from Redis: {pattern or 'all'}")
    with history.recorded(project, host, emit, entry), connections(project, host, environ) as servers:
        removed = sum(_flushed(each, pattern, cluster=len(servers) > 1) for each in servers)
        entry.details["removed"] = removed
    return Flushed(pattern=pattern, removed=removed)


def refuse_missing(project: Project) -> None:
    """Before anybody is asked: a project without Redis."""
    if not redis.wanted(project):
        raise ConfigError("this project has no Redis", fixes=["nself service enable redis", "nself start"])


@contextmanager
def connections(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Iterator[list[Connection]]:
    """Signed in to the project's Redis: to every server that has keys of its own."""
    refuse_missing(project)
    opened = open_stack(project, host, environ)
    opened.refuse_stopped()
    with ExitStack() as stack:
        names = redis_cluster.names(redis.NAME, project)
        found = [stack.enter_context(connected(opened, name)) for name in names]
        yield [each for each in found if len(found) == 1 or is_master(each)]


def _flushed(connection: Connection, pattern: str | None, *, cluster: bool) -> int:
    if pattern is None:
        removed = sum(keyspace(figures(connection)).values())
        connection.call("FLUSHALL", "ASYNC")
        return removed
    pages = (page for _, page in _pages(connection, pattern))
    if not cluster:
        return sum(_int(connection.call("UNLINK", *page)) for page in pages)
    # Keys of one command must be of one slot there.
    return sum(_int(gone) for page in pages for gone in connection.pipeline([("UNLINK", name) for name in page]))


def _pages(connection: Connection, pattern: str) -> Iterator[tuple[int, list[bytes]]]:
    """Matching keys of every database, some at a time; the connection stands in that database meanwhile."""
    for database in sorted(keyspace(figures(connection))):
        if database:  # there is but one in a cluster
            connection.call("SELECT", database)
        cursor: Reply = b"0"
        while True:
            reply = connection.call("SCAN", _bytes(cursor), "MATCH", pattern, "COUNT", PAGE)
            assert isinstance(reply, list)
            cursor, page = reply
            assert isinstance(page, list)
            if page:
                yield database, [_bytes(name) for name in page]
            if cursor == b"0":
                break


def _described(connection: Connection, database: int, names: list[bytes]) -> list[Key]:
    types = connection.pipeline([("TYPE", name) for name in names])
    lives = connection.pipeline([("PTTL", name) for name in names])
    return [
        Key(name=_shown(name), database=database, type=str(kind), ttl_ms=_int(life) if _int(life) >= 0 else None)
        for name, kind, life in zip(names, types, lives, strict=True)
        if kind != "none"  # gone in between
    ]


def _shown(name: bytes) -> str:
    """Printable, whatever a service put into it."""
    text = name.decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _bytes(reply: Reply) -> bytes:
    assert isinstance(reply, bytes)
    return reply


def _int(reply: Reply) -> int:
    assert isinstance(reply, int)
    return reply
