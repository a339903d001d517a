"""Folders of the project in real containers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from nself.errors import ConfigError
from nself.events import Event, Warned
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.model.spec import Category, Image, Mount, ServiceSpec
from nself.runtimes.compose import folders
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.runtime import Compose
from tests.docker.engine import Engine

UID, GID = 4321, 8765


@dataclass
class Stack:
    """What is looked at of a stack in containers."""

    docker: Docker
    layout: Layout
    host: LocalHost
    said: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.said.append(event)


@pytest.fixture
def stack(docker: Engine, tmp_path: Path) -> Stack:
    host = LocalHost()
    return Stack(Docker(host, os.environ), Layout(tmp_path), host)


def ready(stack: Stack, image: str, path: str, *, read_only: bool = False) -> list[str]:
    """What was warned of."""
    mount = Mount(path=path, target="/app/files", read_only=read_only)
    spec = ServiceSpec(name="web", category=Category.CUSTOM, image=Image(reference=image), mounts=(mount,))
    folders.ready(cast(Compose, stack), [spec])
    return [event.text for event in stack.said if isinstance(event, Warned)]


def test_a_missing_folder_is_made_and_both_sides_can_write_to_it(
    docker: Engine, stack: Stack, app_image: str, tmp_path: Path
) -> None:
    stack.layout = Layout(tmp_path / 'log, "hiking"')
    root = stack.layout.root
    root.mkdir()
    assert ready(stack, app_image, "var/uploads") == []
    found = (root / "var/uploads").stat()
    assert (found.st_uid, found.st_gid, oct(found.st_mode & 0o7777)) == (UID, root.stat().st_gid, "0o2775")
    mount = f'type=bind,"source={str(root).replace(chr(34), chr(34) * 2)}/var/uploads",target=/app/files'
    docker.run("run", "--rm", "--cap-drop", "ALL", "--mount", mount, app_image, "touch", "/app/files/made")
    assert (root / "var/uploads/made").stat().st_gid == root.stat().st_gid
    assert ready(stack, app_image, "var/uploads") == [], "it is there now"


def test_a_folder_that_the_container_may_not_write_to_is_told_of_with_the_way_out(
    stack: Stack, app_image: str, tmp_path: Path
) -> None:
    (tmp_path / "my files").mkdir(mode=0o755)
    (warning,) = ready(stack, app_image, "my files")
    assert "web runs as account 4321:8765, which may not write to ./my files" in warning
    assert "sudo chown -R 4321 'my files'" in warning


@pytest.mark.parametrize(("uid", "gid", "mode"), [(0, 0, 0o777), (UID, 0, 0o700), (0, GID, 0o770)])
def test_one_that_it_may_write_to_is_no_news(
    stack: Stack, app_image: str, tmp_path: Path, uid: int, gid: int, mode: int
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    (tmp_path / "files").mkdir()
    os.chown(tmp_path / "files", uid, gid)
    (tmp_path / "files").chmod(mode)
    assert ready(stack, app_image, "files") == []


def test_what_is_only_read_has_to_be_there(stack: Stack, app_image: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which web reads, is not there"):
        ready(stack, app_image, "in", read_only=True)
    (tmp_path / "in").mkdir(mode=0o500)
    assert ready(stack, app_image, "in", read_only=True) == []


def test_a_link_that_was_made_since_the_build_is_not_followed_out(stack: Stack, app_image: str, tmp_path: Path) -> None:
    (tmp_path / "files").symlink_to("/etc")
    with pytest.raises(ConfigError, match="leads by a link out of the project"):
        ready(stack, app_image, "files")
