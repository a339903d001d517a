"""Service specs -> nginx configuration: one main file, three that others include, one site a host.

All paths are relative: nginx resolves those of included files and certificates from the configuration's folder, the
others from its prefix, which is the project's folder.
"""

from __future__ import annotations

from collections.abc import Sequence

from nself.model.project import Project
from nself.model.proxy import ProxySettings
from nself.model.spec import Network, ServiceSpec
from nself.render.nginx import answers, main, sites
from nself.render.nginx.syntax import text

FOLDER = "nginx"


def render(specs: Sequence[ServiceSpec], network: Network, project: Project, settings: ProxySettings) -> dict[str, str]:
    """{path below the build folder: text}."""
    hosts = sites.hosts(specs, network, project, settings)
    files = {
        "nginx.conf": main.main(hosts, network, settings),
        "headers.conf": answers.headers(project, settings),
        "proxy.conf": main.proxy(settings),
        "answers.conf": answers.locations(),
        **{f"sites/{site.name}.conf": sites.server(site, network, settings) for site in hosts},
    }
    return {f"{FOLDER}/{name}": text(lines) for name, lines in files.items()}
