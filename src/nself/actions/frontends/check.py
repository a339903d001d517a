"""Whether frontends answer: each is asked as a browser asks it, through the project's proxy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nself.actions.door import open_door
from nself.actions.frontends import listing
from nself.actions.frontends.listing import Listed
from nself.errors import NetworkError, NselfError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass

NOT_THERE = frozenset({502, 503, 504})
"""What the proxy answers when nobody listens behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`stopped` is a proxy that does not answer, or does not know this frontend yet."""

    name: str
    url: str
    status: Literal["healthy", "unhealthy", "stopped"]
    details: str
    response_time_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    frontends: tuple[Answer, ...]


def check(project: Project, host: LocalHost, environ: Mapping[str, str], name: str | None = None) -> Checked:
    """All of them, or the one that is named."""
    wanted = {listing.find(project, name).name} if name else {each.name for each in project.frontends}
    found = [each for each in listing.frontends(project, host).frontends if each.name in wanted]
    return Checked(frontends=tuple(_asked(each, project, host, environ) for each in found))


def exit_code(found: Checked) -> int:
    return 0 if all(each.status == "healthy" for each in found.frontends) else 1


def _asked(frontend: Listed, project: Project, host: LocalHost, environ: Mapping[str, str]) -> Answer:
    began = host.monotonic()
    try:
        door = open_door(project, host, environ)
        with door.client() as client:
            code = door.request(client, frontend.name, "GET", "/").status_code
    except NselfError as error:
        what = "the proxy does not know it yet: nself start" if isinstance(error, NetworkError) else error.message
        return Answer(name=frontend.name, url=frontend.url, status="stopped", details=what, response_time_ms=None)
    problem = _problem(frontend, code)
    return Answer(
        name=frontend.name,
        url=frontend.url,
        status="unhealthy" if problem else "healthy",
        details=problem or f"answered {code}",
        response_time_ms=int((host.monotonic() - began) * 1000),
    )


def _problem(frontend: Listed, code: int) -> str | None:
    """What is wrong with an answer. A server may well redirect or ask for a sign-in; files are there or not."""
    if frontend.serves == "server" and code in NOT_THERE:
        return f"nothing listens at {frontend.target}: start its development server"
    if frontend.serves == "files" and code >= 400:
        return f"answered {code}: is {frontend.target} built?"
    return f"answered {code}" if code >= 500 else None
