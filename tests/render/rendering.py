"""Everything a project renders to, on a machine that exists only here."""

from __future__ import annotations

from pathlib import Path

from nself.model.place import Place
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.render import configuration, env, nginx, supervisor
from nself.services import catalogue
from tests.services.projects import network

PROGRAMS = {name: Path(f"/usr/lib/nself/{name}") for name in ("python", "postgres", "nginx")}


def place(project: Project) -> Place:
    return Place(layout=project.layout, programs=PROGRAMS)


def render(project: Project) -> dict[str, str]:
    """{path below the build folder: text}."""
    net, where = network(project), place(project)
    specs = catalogue.specs(project, net)
    return {
        **supervisor.render(specs, net, where),
        **nginx.render(specs, net, project, proxy_settings(project)),
        **env.render(specs, where.expand),
        **configuration.render(specs, where.expand),
    }
