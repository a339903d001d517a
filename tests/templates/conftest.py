"""One project that runs a service of every template at once: cheaper than one each."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from nself.model import template
from nself.model.template import Template
from tests.cluster import free_port
from tests.e2e.conftest import LEAN, PASSWORD, PORTS, SECRET, Project, open_to_others
from tests.templates import packages

RUNNING = [name for name in template.names() if template.get(name).command]
"""Templates that run as they are."""


class Everything(Project):
    """Package managers find their caches, as they do for a user."""

    @property
    def environ(self) -> dict[str, str]:
        return {**super().environ, **packages.variables()}


@dataclass(frozen=True)
class Service:
    """One running service: `port` is its own, `host` what the proxy knows it by."""

    template: Template
    name: str
    project: Everything
    port: int

    @property
    def folder(self) -> Path:
        return self.project.root / "services" / self.name

    @property
    def host(self) -> str:
        return f"{self.name}.localhost"

    def client(self) -> httpx.Client:
        """To the service itself."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=90)

    def outside(self) -> httpx.Client:
        """Through the proxy."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.project.port('NGINX_PORT')}", headers={"Host": self.host}, timeout=90
        )


def missing(found: Template) -> list[str]:
    return [program.name for program in found.preparation.programs if shutil.which(program.name) is None]


def asked_for(session: pytest.Session) -> list[str]:
    """The templates that tests of this run are about: with `-k go` nothing else is compiled."""
    calls = [
        item.callspec.params
        for item in session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    ]
    return sorted({str(params["service"]) for params in calls if params.get("service") in RUNNING})


@pytest.fixture(scope="session")
def services(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Service]]:
    """{template: its service, started and healthy}. Templates whose programs are not here have none."""
    root = tmp_path_factory.mktemp("templates") / "zoo"
    root.mkdir()
    open_to_others(root)
    project = Everything(root)
    found = {name: Service(template.get(name), name, project, free_port()) for name in asked_for(request.session)}
    here = {name: service for name, service in found.items() if not missing(service.template)}
    ports = {name: str(free_port()) for name in PORTS}
    customs = {f"CS_{n}": f"{one.name}:{name}:{one.port}:{one.name}" for n, (name, one) in enumerate(here.items(), 1)}
    fixed = {f"{key}_PORT": str(one.port) for key, one in zip(customs, here.values(), strict=True)}
    fixed |= {f"{key}_ACCESS": "database" for key in customs}
    project.write(
        PROJECT_NAME="zoo", ENV="dev", BASE_DOMAIN="localhost", JWT_KEY=SECRET, HASURA_GRAPHQL_ADMIN_SECRET=SECRET,
        POSTGRES_PASSWORD=PASSWORD, SSL_MODE="none", HASURA_ENABLED="false", **ports, **LEAN, **customs, **fixed,
    )  # fmt: skip
    # The first time compilers run and packages come over the network; afterwards they come from their caches.
    ran = subprocess.run(
        project.argv("start"), cwd=root, env=project.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    yield here
    project.nself("stop", "--graceful", "5", check=False)


@pytest.fixture
def service(request: pytest.FixtureRequest, services: Mapping[str, Service]) -> Service:
    """The service of the template that the test is parametrised with."""
    found = template.get(request.param)
    if lacking := missing(found):
        pytest.skip(f"{found.name} needs {', '.join(lacking)}: {found.preparation.programs[0].hint}")
    return services[found.name]


def environ(service: Service) -> dict[str, str]:
    """As in the user's own shell, for what they run by hand in a service's folder."""
    return {**service.project.environ, "HOME": os.environ["HOME"]}
