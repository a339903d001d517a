"""Signed in to one server of the project's Redis, with its faults as errors that have a way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from nself.actions.stack import NotRunningError, Stack
from nself.errors import NetworkError, PermissionDeniedError
from nself.runtimes.resp import Connection
from nself.runtimes.wire import RefusedError
from nself.services import redis

WAIT_S = 10.0


@contextmanager
def connected(opened: Stack, name: str = redis.NAME, *, wait_s: float = WAIT_S) -> Iterator[Connection]:
    """`name`: which node of a cluster. What it or the network says no to is an error with a way out."""
    at = opened.runtime.network.endpoint(name, redis.PORT.name)
    what = "Redis" if name == redis.NAME else name
    try:
        with Connection(at.host, at.port, redis.settings(opened.project).password, timeout_s=wait_s) as connection:
            yield connection
    except ConnectionRefusedError:
        raise NotRunningError(
            f"{what} is not running: nothing listens at {at}", fixes=[f"nself start {name}", "nself status"]
        ) from None
    except RefusedError as error:
        raise _refusal(error, what, name) from error
    except OSError as error:
        raise NetworkError(
            f"{what} at {at} does not answer: {error.strerror or error}", fixes=[f"nself logs {name}", "nself status"]
        ) from error


def _refusal(error: RefusedError, what: str, name: str) -> PermissionDeniedError | NetworkError:
    if error.code in ("WRONGPASS", "NOAUTH"):
        return PermissionDeniedError(
            f"{what} runs with another password than REDIS_PASSWORD now says",
            fixes=[f"nself restart {name}", "put the old REDIS_PASSWORD back"],
        )
    return NetworkError(f"{what} refused: {error.code} {error}", fixes=[f"nself logs {name}", "nself doctor"])


def figures(connection: Connection) -> dict[str, str]:
    """Everything it says of itself (INFO): `used_memory`, `connected_clients`, …"""
    reply = connection.call("INFO")
    assert isinstance(reply, bytes)
    lines = reply.decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def keyspace(info: Mapping[str, str]) -> dict[int, int]:
    """{database: keys in it}, of `db0:keys=12,expires=0,…`."""
    entries = {name: text for name, text in info.items() if name.startswith("db") and name[2:].isdigit()}
    return {int(name[2:]): int(text.split(",")[0].removeprefix("keys=")) for name, text in entries.items()}


def is_master(connection: Connection) -> bool:
    role = connection.call("ROLE")
    assert isinstance(role, list)
    return role[0] == b"master"
