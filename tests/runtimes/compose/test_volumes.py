"""Volumes on a real engine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pytest

from nself.host import LocalHost
from nself.model.spec import Category, Image, ServiceSpec, Volume
from nself.runtimes.compose import volumes
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.runtime import Compose
from tests.docker.engine import Engine


@dataclass
class Stack:
    """What `claim` looks at of a stack in containers."""

    project: str
    specs: tuple[ServiceSpec, ...]
    docker: Docker


Make = Callable[..., Compose]


@pytest.fixture
def stack(docker: Engine, debian_image: str) -> Iterator[Make]:
    """A factory of stacks of one service with the volume `files`, which is removed in the end."""
    project = f"volumes-{secrets.token_hex(4)}"

    def make(**image: object) -> Compose:
        found = Image(reference=debian_image, **image)  # type: ignore[arg-type]
        volume = Volume(name="files", target="/not-in-the-image")
        spec = ServiceSpec(name="keeper", category=Category.OPTIONAL, image=found, volumes=(volume,))
        return cast(Compose, Stack(project, (spec,), Docker(LocalHost(), dict(os.environ))))

    yield make
    docker.run("volume", "rm", "--force", f"{project}_files_data")


def owner(docker: Engine, image: str, compose: Compose) -> str:
    mount = f"type=volume,source={volumes.name_of(compose, 'files')},target=/v"
    return docker.run("run", "--rm", "--mount", mount, image, "stat", "-c", "%u:%g %a", "/v").stdout.strip()


def test_a_new_volume_belongs_to_the_account_that_writes_to_it(docker: Engine, debian_image: str, stack: Make) -> None:
    compose = stack(user="1234:4321")
    volumes.claim(compose, compose.specs)
    assert owner(docker, debian_image, compose) == "1234:4321 700"


def test_a_volume_that_is_there_is_left_as_it_is(docker: Engine, debian_image: str, stack: Make) -> None:
    compose = stack(user="1234:4321")
    docker.run("volume", "create", volumes.name_of(compose, "files"))
    volumes.claim(compose, compose.specs)
    assert owner(docker, debian_image, compose).startswith("0:0")


def test_images_of_our_own_have_their_folders(docker: Engine, stack: Make) -> None:
    compose = stack(user="1234:4321", built=True)
    volumes.claim(compose, compose.specs)
    assert volumes.name_of(compose, "files") not in docker.run("volume", "ls", "--quiet").stdout.split()
