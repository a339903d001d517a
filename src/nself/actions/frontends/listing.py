"""The frontends a project names, where each answers, and what the proxy does for it."""

from __future__ import annotations

from typing import Literal

from nself.actions import derived
from nself.errors import UnknownNameError
from nself.host import LocalHost
from nself.model import hosting
from nself.model.loopback import LOOPBACK
from nself.model.project import Frontend, Project
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """`serves` is `files` when the proxy serves what was built, from `target`; `server` when it passes requests on to
    the server at `target`, which you run."""

    name: str
    framework: str | None
    port: int
    route: str
    url: str
    path: str | None
    serves: Literal["files", "server"]
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontends:
    frontends: tuple[Listed, ...]


def frontends(project: Project, host: LocalHost) -> Frontends:
    network = derived.remembered(project, host).network
    return Frontends(
        frontends=tuple(listed(each, project, network.public_url(each.host)) for each in project.frontends)
    )


def listed(frontend: Frontend, project: Project, url: str) -> Listed:
    folder = hosting.folder(frontend, project)
    return Listed(
        name=frontend.name,
        framework=frontend.framework,
        port=frontend.port,
        route=frontend.host,
        url=url,
        path=frontend.path,
        serves="server" if folder is None else "files",
        target=f"http://{LOOPBACK}:{frontend.port}" if folder is None else folder,
    )


def find(project: Project, name: str) -> Frontend:
    """The frontend of that name; UsageError with the nearest."""
    known = {each.name: each for each in project.frontends}
    if name in known:
        return known[name]
    fixes = ["nself frontend list", "nself frontend add NAME --port 5173"]
    raise UnknownNameError(f"there is no frontend {name!r}", name, known, fixes=fixes)
