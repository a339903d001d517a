"""Every template in a container: its image built from its own Dockerfile, run as the compose runtime runs it, asked."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from nself import templates
from nself.model import template
from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import LEAN, PASSWORD, SECRET, Project, wait_until
from tests.proofs import Proved
from tests.templates import contract
from tests.templates.conftest import RUNNING

FIRST_PORT = 8101
"""The same in every run: nothing that is built from it changes, and Docker finds its layers again."""
pytestmark = [pytest.mark.timeout(1800), pytest.mark.e2e]
each = pytest.mark.parametrize("container", RUNNING, indirect=True)
ZOO = f"zoo-{os.getpid()}"


@dataclass(frozen=True)
class Container:
    name: str
    project: Project
    engine: Engine

    @property
    def id(self) -> str:
        label = f"label=com.docker.compose.service={self.name}"
        found = self.engine.run("ps", "--quiet", "--filter", label, "--filter", f"label=nself.project={ZOO}")
        return found.stdout.strip()

    def inspect(self) -> Mapping[str, Any]:
        found: list[Mapping[str, Any]] = json.loads(self.engine.run("inspect", self.id).stdout)
        return found[0]

    @property
    def address(self) -> str:
        networks: Mapping[str, Any] = self.inspect()["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    @property
    def port(self) -> int:
        return FIRST_PORT + RUNNING.index(self.name)

    def log(self) -> str:
        return self.engine.run("logs", self.id).stdout


def bases(name: str, base_image: Callable[[str], str]) -> dict[str, str]:
    """{build argument: an image of this machine} for each base that the template's Dockerfile lets one replace."""
    found = template.get(name)
    arguments = re.findall(r"^ARG ([A-Z_]+_IMAGE)=", (found.folder / "Dockerfile").read_text(encoding="utf-8"), re.M)
    runtime = "java" if found.language == "Java" else "debian"
    return {
        argument: base_image(runtime if argument == "RUNTIME_IMAGE" else argument.removesuffix("_IMAGE").lower())
        for argument in arguments
    }


@pytest.fixture(scope="session")
def zoo(docker: Engine, server_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project on the compose runtime with a service of every template; their images are made one by one."""
    root = tmp_path_factory.mktemp("contained") / "zoo"
    root.mkdir()
    project = Project(root)
    (root / "nself.yml").write_text('version: "1"\nruntime: compose\n')
    customs = {f"CS_{n}": f"{name}:{name}:{FIRST_PORT + n - 1}:{name}" for n, name in enumerate(RUNNING, 1)}
    access = {f"{key}_ACCESS": "database" for key in customs}
    project.write(
        PROJECT_NAME=ZOO, ENV="dev", BASE_DOMAIN="localhost", JWT_KEY=SECRET, POSTGRES_PASSWORD=PASSWORD,
        HASURA_GRAPHQL_ADMIN_SECRET=SECRET, SSL_MODE="none", HASURA_ENABLED="false", **LEAN, **customs, **access,
        **{name: str(free_port()) for name in ("NGINX_PORT", "NGINX_SSL_PORT", "NGINX_HEALTH_PORT", "POSTGRES_PORT")},
    )  # fmt: skip
    nself(project, "build")
    name_no_run(root / "services")
    yield project
    nself(project, "stop", "--volumes", "--yes", check=False)
    docker.remove_images(ZOO)


def name_no_run(folder: Path) -> None:
    """Sources that are the same in every run: Docker finds the layers of the last one, and compiles nothing anew."""
    for file in (path for path in folder.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(ZOO, "zoo"), encoding="utf-8")


@pytest.fixture
def container(
    request: pytest.FixtureRequest, zoo: Project, docker: Engine, base_image: Callable[[str], str]
) -> Container:
    """The template's service, its image built and it itself healthy."""
    found = Container(request.param, zoo, docker)
    arguments = bases(found.name, base_image)
    nself(zoo, "build", "--images", found.name, environ=arguments)
    keep_compiled(docker, found.name, zoo.root / "services" / found.name, arguments)
    nself(zoo, "start", found.name, "nginx")
    return found


def keep_compiled(docker: Engine, name: str, folder: Path, arguments: Mapping[str, str]) -> None:
    """Give the stage that compiles a name: it is kept for the next run, and makes way for its successor."""
    tag = f"nself-test/compiled-{name}"
    before = docker.run("image", "ls", "--quiet", tag).stdout.split()
    given = [word for argument in arguments.items() for word in ("--build-arg", "=".join(argument))]
    docker.run("build", "--target", "build", "--tag", tag, *given, str(folder))
    for old in set(before) - set(docker.run("image", "ls", "--quiet", tag).stdout.split()):
        docker.run("image", "rm", old, check=False)


def nself(project: Project, *arguments: str, environ: Mapping[str, str] | None = None, check: bool = True) -> None:
    kept = {name: text for name, text in os.environ.items() if name.startswith("DOCKER_")}
    ran = subprocess.run(
        project.argv(*arguments), cwd=project.root, env={**project.environ, **kept, **(environ or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert not check or ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"


@each
def test_it_keeps_every_promise_to_the_end_with_nothing_but_what_it_needs(container: Container, proved: Proved) -> None:
    with httpx.Client(base_url=f"http://{container.address}:{container.port}", timeout=90) as client:
        contract.check(client, container.name)
        assert contract.answer(client.get("/api/info")).get("database", "17").startswith("17")
    contract.check_log(container.log(), container.name)
    found = container.inspect()
    limits = found["HostConfig"]
    assert limits["ReadonlyRootfs"] and limits["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in limits["SecurityOpt"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", found["Config"]["User"])
    assert not found["HostConfig"]["PortBindings"] or all(
        binding["HostIp"] == "127.0.0.1" for bindings in limits["PortBindings"].values() for binding in bindings
    )
    # The proxy learns within seconds where a container is that came after it.
    wait_until(lambda: through_proxy(container).status_code == 200)
    assert contract.answer(through_proxy(container)) == {"echo": [1]}
    check_own_health(container)
    for what in ("built", "compose", "probed"):
        proved(container.name, what)
    check_stop(container)


def through_proxy(container: Container) -> httpx.Response:
    url = f"http://127.0.0.1:{container.project.port('NGINX_PORT')}/api/echo"
    return httpx.post(url, headers={"Host": f"{container.name}.localhost"}, json=[1], timeout=90)


def check_own_health(container: Container) -> None:
    """The image's own check works with what is in the image, and fails when nobody answers."""
    image: Mapping[str, Any] = json.loads(
        container.engine.run("image", "inspect", container.inspect()["Image"]).stdout
    )[0]
    kind, *argv = image["Config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    asked = container.engine.run("exec", container.id, *argv, check=False)
    assert asked.returncode == 0, asked.stderr
    asked = container.engine.run("exec", "--env", "PORT=1", container.id, *argv, check=False)
    assert asked.returncode != 0


def check_stop(container: Container) -> None:
    """What `docker stop` sends loses no request that is under way."""
    before, host = len(container.log()), container.address
    one = container.id
    answer = contract.request_during_stop(
        host, container.port, lambda: container.engine.run("kill", "--signal", "TERM", one)
    )
    assert answer == {"echo": {"half": "way"}}
    # Java ends with 128 + SIGTERM, however orderly it was.
    assert container.engine.run("wait", one).stdout.strip() in {"0", "143"}
    contract.check_stop(container.engine.run("logs", one).stdout[before:])


def test_the_page_of_the_demo_runs_in_a_container_too(docker: Engine, base_image: Callable[[str], str]) -> None:
    folder = Path(templates.__file__).parent / "demo/services/web"
    image = "nself-test/demo-web:latest"
    docker.run("build", "--build-arg", f"PYTHON_IMAGE={base_image('python')}", "--tag", image, str(folder))
    hardened = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--env", "PORT=8001")
    one = docker.container(*hardened, image)
    try:
        address = (
            f"http://{docker.run('inspect', '--format', '{{.NetworkSettings.IPAddress}}', one).stdout.strip()}:8001"
        )
        wait_until(lambda: is_up(f"{address}/health"))
        assert "<html" in httpx.get(address).text
        assert docker.run("exec", one, "python3", "server.py", "--check").returncode == 0
        docker.run("kill", "--signal", "TERM", one)
        assert docker.run("wait", one).stdout.strip() == "0"
    finally:
        docker.run("rm", "--force", one)
        docker.run("image", "rm", "--force", image)


def is_up(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
