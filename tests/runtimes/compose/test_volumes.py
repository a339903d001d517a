"""Volumes on a real engine."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from nself.errors import ConfigError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.spec import Category, Image, ServiceSpec, Volume
from nself.runtimes.compose import ownership, volumes
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.ownership import Identity
from nself.runtimes.compose.runtime import Compose
from nself.runtimes.compose.volumes import ForeignVolumesError
from tests.docker.engine import Engine


@dataclass
class Stack:
    """What is looked at of a stack in containers."""

    project: str
    specs: tuple[ServiceSpec, ...]
    docker: Docker
    layout: Layout
    host: LocalHost

    @property
    def identity(self) -> Identity | None:
        return ownership.known(self.layout, self.host)


Make = Callable[..., Compose]


@pytest.fixture
def stack(docker: Engine, debian_image: str, tmp_path: Path) -> Iterator[Make]:
    """A factory of stacks of one name, in one folder or another, of one service with the volume `files`."""
    project = f"volumes-{secrets.token_hex(4)}"

    def make(folder: str = "here", own: str = "", target: str = "/not-in-the-image", **image: object) -> Compose:
        found = Image(reference=own or debian_image, **image)  # type: ignore[arg-type]
        volume = Volume(name="files", target=target)
        category = Category.CUSTOM if own else Category.OPTIONAL
        spec = ServiceSpec(name="keeper", category=category, image=found, volumes=(volume,))
        host, layout = LocalHost(), Layout(tmp_path / folder)
        ownership.establish(layout, host, ignore)
        return cast(Compose, Stack(project, (spec,), Docker(host, dict(os.environ)), layout, host))

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


def test_a_volume_for_an_image_of_our_own_is_made_with_our_labels_alone(docker: Engine, stack: Make) -> None:
    """The image has the folder: Docker gives the volume its owner when the first container takes it."""
    compose = stack(user="1234:4321", built=True)
    volumes.claim(compose, compose.specs)
    assert volumes.names(compose) == ["files"]
    listed = docker.run("volume", "inspect", volumes.name_of(compose, "files"), "--format", "{{json .Labels}}").stdout
    assert f'"{ownership.FOLDER}":"{compose.layout.root}"' in listed


@pytest.mark.parametrize("target", ["/not/in/the/image", "/srv/empty", "/srv/filled"])
def test_a_user_s_own_service_may_write_to_its_volume_whatever_its_image_has_there(
    docker: Engine, app_image: str, stack: Make, target: str
) -> None:
    """With the mount that is rendered: Docker itself would give an empty folder back to root."""
    compose = stack(own=app_image, target=target)
    volumes.claim(compose, compose.specs)
    mount = f"type=volume,source={volumes.name_of(compose, 'files')},target={target},volume-nocopy"
    run = ("run", "--rm", "--read-only", "--cap-drop", "ALL", "--mount", mount, app_image, "sh", "-ec")
    for _ in range(2):
        docker.run(*run, f"touch {target}/written; id -u > {target}/who; rm {target}/written {target}/who")
    assert ("first" in docker.run(*run, f"cat {target}/*", check=False).stdout) == (target == "/srv/filled")


def test_what_is_filled_from_elsewhere_belongs_to_the_image_s_account(
    docker: Engine, app_image: str, stack: Make, tmp_path: Path
) -> None:
    compose = stack(own=app_image, target="/srv/empty")
    (tmp_path / "from/deep").mkdir(parents=True)
    (tmp_path / "from/deep/file").write_text("moved")
    volumes.fill(compose, "files", tmp_path / "from")
    mount = f"type=volume,source={volumes.name_of(compose, 'files')},target=/v"
    listed = docker.run("run", "--rm", "--mount", mount, app_image, "find", "/v", "-printf", "%U:%G %P\n").stdout
    assert sorted(listed.splitlines()) == ["4321:8765 ", "4321:8765 deep", "4321:8765 deep/file"]


def test_another_folder_with_the_same_project_name_neither_uses_nor_deletes_it(docker: Engine, stack: Make) -> None:
    first, second = stack("first"), stack("second")
    volumes.claim(first, first.specs)
    assert (volumes.names(first), volumes.names(second), volumes.sizes(second)) == (["files"], [], {})
    forbidden: list[Callable[[Compose], object]] = [
        volumes.refuse_foreign,
        volumes.remove,
        lambda compose: volumes.fill(compose, "files", compose.layout.root),
    ]
    for act in forbidden:
        with pytest.raises(ForeignVolumesError, match=f"a project in {first.layout.root}") as raised:
            act(second)
        assert {"PROJECT_NAME", "--adopt-volumes"} <= set(" ".join(raised.value.fixes).split())
    assert volumes.names(first) == ["files"]
    assert volumes.remove(first) == 1


def test_a_volume_is_taken_over_from_a_folder_that_is_gone_and_is_then_this_ones(docker: Engine, stack: Make) -> None:
    first, second = stack("first"), stack("second")
    volumes.claim(first, first.specs)
    with pytest.raises(ConfigError, match=f"{first.layout.root} still has"):
        volumes.adopt(second)
    shutil.rmtree(first.layout.root)
    assert list(volumes.adopt(second).adopted) == [volumes.name_of(second, "files")]
    volumes.refuse_foreign(second)
    assert volumes.remove(second) == 1
    identity = ownership.known(second.layout, second.host)
    assert identity and identity.adopted == {}


def test_a_deleted_state_folder_is_told_apart_from_another_project(stack: Make) -> None:
    compose = stack()
    volumes.claim(compose, compose.specs)
    shutil.rmtree(compose.layout.state)
    with pytest.raises(ForeignVolumesError, match="made from this folder"):
        volumes.refuse_foreign(stack())
    volumes.adopt(compose)
    volumes.refuse_foreign(compose)


def test_a_volume_that_nself_did_not_make_is_not_used_until_it_is_taken_over(docker: Engine, stack: Make) -> None:
    compose = stack()
    docker.run("volume", "create", volumes.name_of(compose, "files"))
    with pytest.raises(ForeignVolumesError, match="not made by nself"):
        volumes.refuse_foreign(compose)
    volumes.adopt(compose)
    assert volumes.names(compose) == ["files"]


def test_a_moved_folder_keeps_its_volumes(tmp_path: Path, stack: Make) -> None:
    before = stack("before")
    volumes.claim(before, before.specs)
    (tmp_path / "before").rename(tmp_path / "after")
    assert volumes.names(stack("after")) == ["files"]


def test_a_volume_removed_by_hand_is_missed_by_those_who_saw_it(docker: Engine, stack: Make) -> None:
    compose = stack()
    volumes.claim(compose, compose.specs)
    seen = {"files": datetime(2026, 1, 2, tzinfo=UTC), "never-wanted": datetime(2026, 1, 2, tzinfo=UTC)}
    assert volumes.lost(compose, seen, ["keeper"]) == []
    docker.run("volume", "rm", volumes.name_of(compose, "files"))
    assert [lost.volume for lost in volumes.lost(compose, seen, ["keeper"])] == ["files"]
    assert volumes.lost(compose, seen, ["another"]) == []
    assert volumes.lost(compose, {}, ["keeper"]) == []
