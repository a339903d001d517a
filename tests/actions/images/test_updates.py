"""nself update images, against a registry of our own: what is here, what is there, and what is unknown."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from nself.actions.images.updates import ImageState, Options, State, Updates, update
from nself.errors import ConfigProblemsError, NetworkError, UsageError
from nself.events import ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.runtimes.compose import mounts
from nself.runtimes.compose.docker import Docker
from tests.actions.places import written
from tests.cluster import free_port
from tests.docker.engine import Engine

CONFIG = """\
version: 0.1
storage: {filesystem: {rootdirectory: FOLDER}}
http: {addr: "127.0.0.1:PORT"}
log: {level: error}
"""


@dataclass
class Registry:
    address: str
    docker: Engine

    def push(self, name: str, content: str) -> str:
        """A tiny image under `name:tag`; its reference."""
        reference = f"{self.address}/{name}"
        dockerfile = f"FROM scratch\nLABEL nself.tests=registry content={content}\n"
        self.docker.run("build", "--quiet", "--tag", reference, "-", input=dockerfile)
        self.docker.run("push", "--quiet", reference)
        self.docker.run("image", "rm", "--force", reference)
        return reference


@pytest.fixture(scope="module")
def registry(docker: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real one on loopback, which Docker speaks plain HTTP with."""
    folder, port = tmp_path_factory.mktemp("registry"), free_port()
    (folder / "config.yml").write_text(CONFIG.replace("FOLDER", str(folder / "data")).replace("PORT", str(port)))
    try:
        program = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        pytest.skip("docker-registry is not installed")
    deadline = time.monotonic() + 90
    while not _answers(port):
        assert program.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    yield Registry(f"127.0.0.1:{port}", docker)
    program.terminate()
    program.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v2/").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def running(tmp_path: Path, docker: Engine) -> Iterator[Callable[[str], Project]]:
    """A project with one service of that image; loading it again reads what was written."""
    images = []

    def load(image: str) -> Project:
        images.append(image)
        return written(tmp_path, {"CS_1": "hello:custom:8001", "CS_1_COMMAND": "x", "CS_1_IMAGE": image}, fixed=False)

    yield load
    for image in images:
        repository = image.rpartition(":")[0]
        found = docker.run("image", "ls", "--quiet", "--no-trunc", repository, check=False).stdout.split()
        docker.run("image", "rm", "--force", *found, check=False)


def looked(project: Project, *, plan: bool = True, only: tuple[str, ...] = ()) -> Updates:
    return update(project, LocalHost(), dict(os.environ), ignore, Options(plan=plan, only=only))


def state(found: Updates) -> ImageState:
    (one,) = [each for each in found.images if "hello" in each.services]
    return one


def test_a_plan_tells_what_there_is_and_changes_nothing(
    registry: Registry, running: Callable[[str], Project], docker: Engine
) -> None:
    for tag in ("1.2-slim", "1.3-slim", "1.10-slim", "2.0-slim", "2.1", "latest", "1.3-slim-rc"):
        registry.push(f"plan:{tag}", tag)
    image = f"{registry.address}/plan:1.2-slim"
    found = state(looked(running(image)))
    assert (found.image, found.state, found.pinned, found.local) == (image, State.UNPINNED, None, None)
    assert found.registry is not None
    assert found.newer == ("2.0-slim", "1.10-slim", "1.3-slim")
    assert not docker.has(image)


def test_an_update_pulls_and_pins_and_a_moved_tag_is_seen(
    registry: Registry, running: Callable[[str], Project], docker: Engine
) -> None:
    image = registry.push("moves:1.0", "first")
    project = running(image)
    done = looked(project, plan=False)
    first = state(done)
    assert (first.state, done.written, done.pulled) == (State.CURRENT, (image,), (image,))
    assert docker.has(f"{image}@{first.registry}")
    assert f"{image} {first.registry}\n" in (project.root / "images.lock").read_text()
    pinned = f"{image}@{first.registry}"
    listed = Docker(LocalHost(), dict(os.environ)).ndjson("images", "--no-trunc", "--digests", "--format", "{{json .}}")
    assert list(mounts.image_ids([pinned], listed)) == [pinned], "the compose runtime would pull it again"
    assert '"update"' in (project.layout.history / "all.jsonl").read_text()

    assert state(looked(running(image))).state is State.CURRENT
    again = looked(running(image), plan=False)
    assert (again.written, again.pulled) == ((), ())

    registry.push("moves:1.0", "second")
    behind = state(looked(running(image)))
    assert (behind.state, behind.pinned) == (State.BEHIND, first.registry)
    assert behind.registry != first.registry
    after = state(looked(running(image), plan=False))
    assert (after.state, after.pinned) == (State.CURRENT, behind.registry)


def test_a_digest_in_the_settings_is_left_alone(registry: Registry, running: Callable[[str], Project]) -> None:
    image = registry.push("fixed:1", "content")
    project = running(f"{image}@sha256:{'0' * 64}")
    done = looked(project, plan=False)
    assert (state(done).state, done.written) == (State.FIXED, ())
    assert not (project.root / "images.lock").exists()


def test_what_a_registry_does_not_have_is_unknown_and_says_so(
    registry: Registry, running: Callable[[str], Project]
) -> None:
    found = state(looked(running(f"{registry.address}/nowhere:1"), plan=False))
    assert (found.state, found.registry) == (State.UNKNOWN, None)
    assert f"{registry.address} does not have it" in found.problem


def test_a_registry_that_does_not_answer_is_a_matter_of_the_network(
    docker: Engine, running: Callable[[str], Project]
) -> None:
    project = running(f"127.0.0.1:{free_port()}/none:1")
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        looked(project)
    assert caught.value.exit_code == 6


def test_a_service_without_such_an_image_is_told(docker: Engine, running: Callable[[str], Project]) -> None:
    with pytest.raises(UsageError) as caught:
        looked(running("127.0.0.1:1/none:1"), only=("helo",))
    assert caught.value.fixes[0] == "did you mean hello?"


def test_a_broken_lock_file_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "images.lock").write_text("# ok\nredis:7 sha256:short\n")
    with pytest.raises(ConfigProblemsError, match=r"images\.lock:2: redis:7: is not an image and its digest"):
        written(tmp_path, fixed=False)
