"""Everything a project renders to, on a machine that exists only here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nself.model.place import Place
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.model.spec import ServiceSpec
from nself.render import configuration, env, nginx, supervisor
from nself.services import catalogue
from tests.services.projects import network

PROGRAMS = {name: Path(f"/usr/lib/nself/{name}") for name in ("python", "postgres", "nginx")}


def place(project: Project, specs: Sequence[ServiceSpec] = ()) -> Place:
    theirs = {program.name: Path(f"/usr/lib/nself/{program.name}") for spec in specs for program in spec.programs}
    return Place(layout=project.layout, programs={**PROGRAMS, **theirs})


def render(project: Project) -> dict[str, str]:
    """{path below the build folder: text}."""
    net = network(project)
    specs = catalogue.specs(project, net)
    where = place(project, specs)
    return {
        **supervisor.render(specs, net, where),
        **nginx.render(specs, net, project, proxy_settings(project)),
        **env.render(specs, where.expand),
        **configuration.render(specs, where.expand),
    }
