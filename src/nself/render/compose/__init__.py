"""Service specs -> the compose runtime's files: `docker-compose.yml` and what it mounts. Text out, nothing touched.

The file stands by itself: `docker compose -f docker-compose.yml up` starts the same containers without us.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nself.model.containers import COMPOSE_FILE, ContainerPlace
from nself.model.place import SECRETS
from nself.model.project import Project
from nself.model.proxy import ProxySettings
from nself.model.spec import Network, ServiceSpec
from nself.render import nginx
from nself.render.compose import document, environment
from nself.render.compose.publish import Published


def render(
    specs: Sequence[ServiceSpec],
    network: Network,
    project: Project,
    proxy: ProxySettings,
    *,
    published: Published,
    present: Collection[str],
    identity: str,
) -> dict[str, str]:
    """{path below the build folder: text}. `present`: which of the paths that specs read are there to be mounted;
    `identity`: the number that tells this project from others of its name."""
    contained = [spec for spec in specs if spec.image is not None]
    text = document.render(contained, network, project, published=published, present=present, identity=identity)
    files = {COMPOSE_FILE: text}
    for spec in contained:
        place = ContainerPlace(spec)
        if environment.takes_variables(spec):
            files[environment.path(spec)] = environment.render(spec, place.expand)
        files |= {f"{spec.name}/{name}": place.expand(text) for name, text in sorted(spec.files.items())}
        files |= {f"{SECRETS}/{spec.name}/{name}": text for name, text in sorted(spec.secret_files.items())}
    return files | nginx.render(contained, network, project, proxy)
