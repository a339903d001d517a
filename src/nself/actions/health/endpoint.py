"""Ask one URL whether it answers as it should. The project's own hosts are found without any name server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from nself.actions import project as projects
from nself.actions.door import Door, open_door
from nself.actions.health.check import PAUSE_S, Patience
from nself.errors import NselfError, UsageError
from nself.host import LocalHost
from nself.records import dataclass
from nself.tls import place

if TYPE_CHECKING:
    import httpx

LARGEST = 10 * 1024 * 1024
"""Bytes of an answer that are searched for a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    url: str
    status: int = 200
    contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`code` is None when nothing answered."""

    url: str
    status: Literal["healthy", "unhealthy"]
    code: int | None
    details: str
    response_time_ms: int


def endpoint(
    directory: Path, host: LocalHost, environ: Mapping[str, str], expected: Expected, patience: Patience
) -> Answer:
    """Ask until it is well, at most as often as `patience` says. Works without a project as well."""
    _check(expected.url)
    door = _door(directory, host, environ)
    for _ in range(patience.tries - 1):
        found = _ask(host, environ, expected, door, patience)
        if found.status == "healthy":
            return found
        host.sleep(PAUSE_S)
    return _ask(host, environ, expected, door, patience)


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is not a URL", fixes=["nself health endpoint https://example.com/healthz"])


def _door(directory: Path, host: LocalHost, environ: Mapping[str, str]) -> Door | None:
    """The proxy of the project here, if there is one that can be read: the URL may have nothing to do with it."""
    with suppress(NselfError):
        return open_door(projects.load(directory, environ, host=host), host, environ)
    return None


def _ask(
    host: LocalHost, environ: Mapping[str, str], expected: Expected, door: Door | None, patience: Patience
) -> Answer:
    import httpx

    with httpx.Client(verify=_trust(environ, host), timeout=patience.timeout_s, trust_env=False) as client:
        began = host.monotonic()
        try:
            with client.stream("GET", **_target(expected.url, door)) as answer:
                until = began + patience.timeout_s
                code, problem = answer.status_code, _problem(answer, expected, lambda: host.monotonic() > until)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            code, problem = None, str(error) or type(error).__name__
        ended = host.monotonic()
    return Answer(
        url=expected.url,
        status="unhealthy" if problem else "healthy",
        code=code,
        details=problem or f"answered {code}",
        response_time_ms=int((ended - began) * 1000),
    )


def _target(url: str, door: Door | None) -> dict[str, Any]:
    """Where to connect for a URL: hosts of the project are on this machine, whatever a name server says."""
    parts = urlsplit(url)
    if door is None or parts.hostname not in door.hosts.values():
        return {"url": url}
    port = f":{parts.port}" if parts.port else ""
    return {
        "url": parts._replace(netloc=f"{door.address}{port}").geturl(),
        "headers": {"Host": parts.netloc},
        "extensions": {"sni_hostname": parts.hostname},
    }


def _problem(answer: httpx.Response, expected: Expected, late: Callable[[], bool]) -> str:
    """What is wrong with an answer; empty when nothing is."""
    if answer.status_code != expected.status:
        return f"answered {answer.status_code}, expected {expected.status}"
    if expected.contains is None:
        return ""
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if expected.contains.encode() in body:
            return ""
        if late() or len(body) > LARGEST:
            break
    return f"answered {answer.status_code} without {expected.contains!r} in it"


def _trust(environ: Mapping[str, str], host: LocalHost) -> ssl.SSLContext:
    """What the system trusts, and the authority of this machine's projects."""
    context = ssl.create_default_context()
    ca = place.certificate_path(place.folder(environ))
    if host.exists(ca):
        context.load_verify_locations(cafile=str(ca))
    return context
