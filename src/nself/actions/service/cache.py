"""What is in the project's Redis: figures, keys, and making room. Asked in Redis' own protocol, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from nself.actions import history
from nself.actions.stack import NotRunningError, open_stack
from nself.errors import ConfigError, NetworkError, PermissionDeniedError
from nself.events import Emit, ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.resp import Connection, Reply
from nself.runtimes.wire import RefusedError
from nself.services import redis

PAGE = 1000
"""Keys a SCAN looks at in one step: Redis answers others in between."""
WAIT_S = 10.0


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
    with connected(project, host, environ) as connection:
        info = figures(connection)
    return Stats(
        memory_bytes=int(info["used_memory"]),
        keys=sum(_keyspace(info).values()),
        hits=int(info["keyspace_hits"]),
        misses=int(info["keyspace_misses"]),
        evicted=int(info["evicted_keys"]),
        clients=int(info["connected_clients"]),
    )


def keys(project: Project, host: LocalHost, environ: Mapping[str, str], pattern: str, *, limit: int) -> Keys:
    """The first `limit` keys that match, of all databases."""
    found: list[Key] = []
    with connected(project, host, environ) as connection:
        for database, page in _pages(connection, pattern):
            found += _described(connection, database, page[: limit + 1 - len(found)])
            if len(found) > limit:
                break
    return Keys(pattern=pattern, keys=tuple(found[:limit]), more=len(found) > limit)


def flush(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit = ignore, pattern: str | None = None
) -> Flushed:
    """Remove every key, or those that match; recorded in the history. Memory is given back in the background."""
    entry = history.Entry("cache.flush", f"removed keys from Redis: {pattern or 'all'}")
    with history.recorded(project, host, emit, entry), connected(project, host, environ) as connection:
        if pattern is None:
            removed = sum(_keyspace(figures(connection)).values())
            connection.call("FLUSHALL", "ASYNC")
        else:
            removed = sum(_int(connection.call("UNLINK", *page)) for _, page in _pages(connection, pattern))
        entry.details["removed"] = removed
    return Flushed(pattern=pattern, removed=removed)


def refuse_missing(project: Project) -> None:
    """Before anybody is asked: a project without Redis."""
    if not redis.wanted(project):
        raise ConfigError("this project has no Redis", fixes=["nself service enable redis", "nself start"])


@contextmanager
def connected(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Iterator[Connection]:
    """Signed in to the project's Redis. What it or the network says no to is an error with a way out."""
    refuse_missing(project)
    opened = open_stack(project, host, environ)
    opened.refuse_stopped()
    at = opened.runtime.network.endpoint(redis.NAME, redis.PORT.name)
    try:
        with Connection(at.host, at.port, redis.settings(project).password, timeout_s=WAIT_S) as connection:
            yield connection
    except ConnectionRefusedError:
        raise NotRunningError(
            f"Redis is not running: nothing listens at {at}", fixes=["nself start redis", "nself status"]
        ) from None
    except RefusedError as error:
        raise _refusal(error) from error
    except OSError as error:
        raise NetworkError(
            f"Redis at {at} does not answer: {error.strerror or error}", fixes=["nself logs redis", "nself status"]
        ) from error


def _refusal(error: RefusedError) -> PermissionDeniedError | NetworkError:
    if error.code in ("WRONGPASS", "NOAUTH"):
        return PermissionDeniedError(
            "Redis runs with another password than REDIS_PASSWORD now says",
            fixes=["nself restart redis", "put the old REDIS_PASSWORD back"],
        )
    return NetworkError(f"Redis refused: {error.code} {error}", fixes=["nself logs redis", "nself doctor"])


def figures(connection: Connection) -> dict[str, str]:
    """Everything it says of itself (INFO): `used_memory`, `connected_clients`, …"""
    reply = connection.call("INFO")
    assert isinstance(reply, bytes)
    lines = reply.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _keyspace(info: Mapping[str, str]) -> dict[int, int]:
    """{database: keys in it}, of `db0:keys=12,expires=0,…`."""
    entries = {name: text for name, text in info.items() if name.startswith("db") and name[2:].isdigit()}
    return {int(name[2:]): int(text.split(",")[0].removeprefix("keys=")) for name, text in entries.items()}


def _pages(connection: Connection, pattern: str) -> Iterator[tuple[int, list[bytes]]]:
    """Matching keys of every database, some at a time; the connection stands in that database meanwhile."""
    for database in sorted(_keyspace(figures(connection))):
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
