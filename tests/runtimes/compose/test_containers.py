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
from nself.runtimes.compose import containers
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.reach import Reach
from nself.runtimes.compose.runtime import Compose
from tests.docker.engine import Engine

PROJECT = f"strangers-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def client(docker: Engine) -> Docker:
    """Ours, of the engine the tests use."""
    return Docker(LocalHost(), {**os.environ, **docker.environ})


@pytest.fixture(scope="module")
def theirs(docker: Engine, debian_image: str) -> Iterator[Path]:
    """The build folder of a project with one container that runs."""
    folder = Path("/somewhere/else/.nself/build/compose")
    values = {containers.PROJECT: PROJECT, containers.SERVICE: "web", containers.FOLDER: str(folder)}
    labels = [word for key, value in values.items() for word in ("--label", f"{key}={value}")]
    docker.run("run", "--detach", "--name", PROJECT, "--network", "none", *labels, debian_image, "sleep", "600")
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
    assert containers.any_of(client, PROJECT, theirs)


def test_a_project_finds_its_own_by_name_and_folder(theirs: Path, client: Docker, tmp_path: Path) -> None:
    assert containers.any_of(client, PROJECT, theirs)
    assert not containers.any_of(client, PROJECT, tmp_path, ended=True)
