"""Everything that is generated for a project on its runtime: {path below the build folder: text}."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from nself.actions import derived
from nself.host import LocalHost
from nself.model.containers import COMPOSE_FILE
from nself.model.place import POSTGRES, SECRETS, Place
from nself.model.project import Project
from nself.model.resolved import Resolved
from nself.model.spec import Runtime, ServiceSpec
from nself.render import configuration, env, nginx, supervisor
from nself.runtimes.native import binaries
from nself.runtimes.native import programs as wanted

PARTS: Mapping[str, str] = {
    supervisor.FILE: "supervisor",
    COMPOSE_FILE: "compose",
    nginx.FOLDER: "nginx",
    env.FOLDER: "env",
    SECRETS: "env",
}
"""{first step of a path: the part it belongs to}; anything else is a service's."""


def files(project: Project, resolved: Resolved, host: LocalHost) -> dict[str, str]:
    """The same project, folder and machine give the same bytes."""
    if project.runtime is Runtime.NATIVE:
        return _native(project, resolved, host)
    return _compose(project, resolved, host)


def _native(project: Project, resolved: Resolved, host: LocalHost) -> dict[str, str]:
    specs, instances, network = resolved.specs, resolved.instances, resolved.network
    place = Place(layout=project.layout, programs=programs(project, resolved, host))
    return {
        **supervisor.render(instances, network, place),
        **nginx.render(specs, network, project, resolved.proxy),
        **env.render(instances, place.expand),
        **configuration.render(specs, place.expand),
    }


def _compose(project: Project, resolved: Resolved, host: LocalHost) -> dict[str, str]:
    # Each build needs one of the two renderers.
    from nself.render import compose
    from nself.runtimes.compose import ownership

    reads = {path for spec in resolved.specs for path in spec.reads}
    return compose.render(
        resolved.specs,
        resolved.network,
        project,
        resolved.proxy,
        published=resolved.published,
        present={path for path in reads if host.exists(project.root / path)},
        identity=identity.id if (identity := ownership.known(project.layout, host)) else "",
    )


def programs(project: Project, resolved: Resolved, host: LocalHost) -> dict[str, Path]:
    """Where this machine keeps what the services' commands name."""
    found = {"python": _python(), "nginx": binaries.nginx(host)}
    for spec in resolved.specs:
        if spec.name == POSTGRES:
            found["postgres"] = _postgres(project, spec, host) / "postgres"
        venvs = project.layout.venvs
        found |= {program.name: wanted.find(program, spec, host, venvs=venvs) for program in spec.programs}
    return found


def _postgres(project: Project, spec: ServiceSpec, host: LocalHost) -> Path:
    """The folder of PostgreSQL's programs: of the major and with the extensions that the project asks for."""
    wanted = derived.extensions(project, spec.env["POSTGRES_EXTENSIONS"])
    try:
        return binaries.postgres(host, major=int(spec.version), extensions=wanted).bin
    except binaries.LackingError as error:
        from nself.services import extensions

        raise extensions.missing(error.version, error.missing) from None


def _python() -> Path:
    """This Python by one name: it goes by several, and each would make another build."""
    usual = Path(sys.exec_prefix) / "bin" / "python3"
    return usual if usual.exists() else Path(sys.executable)
