"""Call a function as the world does: through the project's proxy, and see what it answers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from nself.actions.door import open_door
from nself.actions.functions import listing
from nself.errors import NselfError, UsageError
from nself.functions.settings import FunctionsSettings
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.services import functions as service

GRACE_S = 5.0
"""The proxy and the server each say themselves when a call took too long; we only wait a little longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call. `body` is JSON text; without one it is a GET."""

    name: str
    body: str | None = None
    method: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`body` is JSON when the answer was, else its text. `request_id` is in the function's log lines as well."""

    name: str
    method: str
    url: str
    status: int
    duration_ms: int
    request_id: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    function: str
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The functions service; `problems` are functions that cannot be loaded."""

    enabled: bool
    running: bool
    url: str | None
    functions: int
    problems: tuple[Problem, ...]


def invoke(project: Project, host: LocalHost, environ: Mapping[str, str], wish: Wish) -> Answered:
    function = listing.find(project, wish.name)
    content = _content(wish.body)
    door = open_door(project, host, environ)
    method = (wish.method or ("GET" if content is None else "POST")).upper()
    sent = {"X-Request-Id": secrets.token_hex(8), **wish.headers}
    if content is not None:
        sent.setdefault("Content-Type", "application/json")
    with door.client(timeout_s=_patience(project)) as client:
        began = host.monotonic()
        answer = door.request(client, service.NAME, method, function.route, content=content, headers=sent)
        ended = host.monotonic()
    return Answered(
        name=function.name,
        method=method,
        url=door.url(service.NAME) + function.route,
        status=answer.status_code,
        duration_ms=int((ended - began) * 1000),
        request_id=sent["X-Request-Id"],
        headers=dict(answer.headers),
        body=_shown(answer.headers.get("content-type", ""), answer.text),
    )


def state(project: Project, host: LocalHost, environ: Mapping[str, str]) -> State:
    """What the service says of itself; it is down when nothing answers."""
    enabled = service.SERVICE.wanted(project)
    count = len(listing.functions(project, lambda event: None).functions)
    if not enabled:
        return State(enabled=False, running=False, url=None, functions=count, problems=())
    try:
        door = open_door(project, host, environ)
        with door.client() as client:
            told = door.request(client, service.NAME, "GET", "/healthz").json()
    except (NselfError, ValueError):
        return State(enabled=True, running=False, url=None, functions=count, problems=())
    problems = tuple(Problem(function=each["function"], error=each.get("error")) for each in told["problems"])
    return State(enabled=True, running=True, url=door.url(service.NAME), functions=count, problems=problems)


def _content(body: str | None) -> bytes | None:
    if body is None:
        return None
    try:
        json.loads(body)
    except ValueError as error:
        raise UsageError(
            f"the body is not JSON: {error}", fixes=["""quote it for the shell: '{"name": "Ada"}'"""]
        ) from None
    return body.encode()


def _patience(project: Project) -> float:
    return project.settings(FunctionsSettings, folder="functions").timeout_s + GRACE_S


def _shown(kind: str, text: str) -> Any:
    if "json" in kind:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
