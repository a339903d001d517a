"""`configuration.connection_info` of a source -> how to reach its database. No message shows what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final
from urllib.parse import quote, urlencode

from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

_ISOLATION: Final[Mapping[str, str]] = {
    "read-committed": "read committed",
    "repeatable-read": "repeatable read",
    "serializable": "serializable",
}
MOST_CONNECTIONS: Final = 500
_LONGEST_S: Final = 86_400
_PARAMETERS: Final = {
    "host": "host",
    "port": "port",
    "username": "user",
    "password": "password",
    "database": "database",
}
"""{a key of connection_parameters: its name in a connection string}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A database and how its pool behaves; None leaves a choice to the server. Equal ones can share a pool."""

    dsn: str = field(repr=False)
    max_connections: int | None = None
    idle_s: int | None = None
    pool_timeout_s: int | None = None
    lifetime_s: int | None = None
    isolation: str | None = None


class UnknownVariableError(Exception):
    """`{from_env: NAME}` of a variable that is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"environment variable '{name}' not set")


def connection(configuration: Reader, environ: Mapping[str, str]) -> Connection:
    """Raises ApiError (parse-failed) for what has the wrong form, UnknownVariableError for a variable not set."""
    info = configuration.at("connection_info")
    pool = info.get("pool_settings") or Reader({}, info.path)
    if info.get("ssl_configuration"):
        info.at("ssl_configuration").fail("is not supported: put sslmode and sslrootcert into the database URL")
    return Connection(
        dsn=_dsn(info.at("database_url"), environ),
        max_connections=_bounded(pool, "max_connections", MOST_CONNECTIONS),
        idle_s=_bounded(pool, "idle_timeout", _LONGEST_S),
        pool_timeout_s=_bounded(pool, "pool_timeout", _LONGEST_S),
        lifetime_s=_bounded(pool, "connection_lifetime", _LONGEST_S),
        isolation=_isolation(info.get("isolation_level")),
    )


def _dsn(url: Reader, environ: Mapping[str, str]) -> str:
    if isinstance(url.value, str):
        return url.name()
    parameters = url.get("connection_parameters")
    if parameters is not None:
        return _joined(parameters)
    named = url.get("from_env")
    if named is None:
        url.fail("expected a connection string, {from_env} or {connection_parameters}")
    if named.name() not in environ:
        raise UnknownVariableError(named.name())
    return environ[named.name()]


def _joined(parameters: Reader) -> str:
    """Parameters as a query: there a socket's path and every letter of a password have a place."""
    texts: dict[str, Any] = {}
    for key, name in _PARAMETERS.items():
        given = parameters.get(key) if key == "password" else parameters.at(key)
        if given is not None:
            texts[name] = str(given.natural()) if key == "port" else given.text()
    return "postgresql:///?" + urlencode(texts, quote_via=quote, safe="")


def _bounded(pool: Reader, key: str, most: int) -> int | None:
    given = pool.get(key)
    if given is None:
        return None
    if not 1 <= given.natural() <= most:
        given.fail(f"expected a number from 1 to {most}")
    return given.natural()


def _isolation(level: Reader | None) -> str | None:
    if level is None:
        return None
    if level.text() not in _ISOLATION:
        level.fail(f"expected one of {', '.join(_ISOLATION)}")
    return _ISOLATION[level.text()]
