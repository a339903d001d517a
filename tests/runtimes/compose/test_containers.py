"""Whose containers these are, on a real engine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from nself.errors import DockerError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.containers import ContainerNetwork
from nself.model.layout import Layout
from nself.runtimes.compose import containers, ownership
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.reach import Reach
from nself.runtimes.compose.runtime import Compose
from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.runtimes.compose.programs import scripted

PROJECT = f"strangers-{secrets.token_hex(4)}"
NUMBER = secrets.token_hex(8)
PORTS = (free_port(), free_port())


@pytest.fixture(scope="module")
def client(docker: Engine) -> Docker:
    """Ours, of the engine the tests use."""
    return Docker(LocalHost(), {**os.environ, **docker.environ})


@pytest.fixture(scope="module")
def theirs(docker: Engine, debian_image: str) -> Iterator[Path]:
    """The build folder of a project with one container that runs."""
    folder = Path("/somewhere/else/.nself/build/compose")
    values = {containers.PROJECT: PROJECT, containers.SERVICE: "web", containers.FOLDER: str(folder)}
    values[ownership.LABEL] = NUMBER
    words = [word for key, value in values.items() for word in ("--label", f"{key}={value}")]
    words += [word for number in PORTS for word in ("--publish", f"127.0.0.1:{number}:{number}")]
    docker.run("run", "--detach", "--name", PROJECT, *words, debian_image, "sleep", "600")
    yield folder
    docker.run("rm", "--force", PROJECT)


@pytest.fixture
def ours(client: Docker, tmp_path: Path) -> Compose:
    """Another project by the same name."""
    network = ContainerNetwork(project=PROJECT, numbers={}, copies={}, scheme="https", proxy_port=443)
    return Compose(
        project=PROJECT,
        layout=Layout(tmp_path),
        specs=[],
        network=Reach(inside=network, published={}, docker=client),
        host=LocalHost(),
        docker=client,
        emit=ignore,
    )


def test_containers_of_another_project_of_this_name_are_not_shown_as_ours(theirs: Path, ours: Compose) -> None:
    with pytest.raises(DockerError, match=f"made from {theirs}"):
        ours.observe()
    assert not ours.running()


def test_nor_are_they_removed(theirs: Path, client: Docker, ours: Compose) -> None:
    with pytest.raises(DockerError, match="another project"):
        ours.shutdown()
    assert containers.any_of(client, PROJECT, theirs, None)


def test_a_project_finds_its_own_by_name_and_folder(theirs: Path, client: Docker, tmp_path: Path) -> None:
    assert containers.published(client, PROJECT, theirs, None) == set(PORTS)
    assert not containers.any_of(client, PROJECT, tmp_path, None)


def test_after_its_folder_was_moved_a_project_finds_its_own_and_makes_them_anew(theirs: Path, ours: Compose) -> None:
    ownership.save(Identity(id=NUMBER, root=str(ours.layout.root), key="k"), ours.layout, ours.host)
    assert ours.running()
    assert ours.observe()["web"].fingerprint == {"folder": str(theirs)}


def test_ports_are_read_as_docker_prints_them(tmp_path: Path) -> None:
    """A row of ports that lead to the same numbers inside is printed as one."""
    printed = "\t/b\t80/tcp, 127.0.0.1:8088-8090->8088-8090/tcp, [::1]:5432->5432/tcp\n\t/other\t0.0.0.0:1->1/tcp\n"
    docker = scripted(tmp_path, {"ps --filter": (0, printed, "")})
    assert containers.published(docker, "shop", Path("/b"), None) == {8088, 8089, 8090, 5432}
