"""nself build --images: what is built, what is told, and what a build may not leak."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nself.actions.images.make import BuiltImages, Options, build
from nself.errors import ConfigProblemsError, NselfError, UsageError
from nself.events import Event, StepStarted, Warned, ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.runtimes.compose import ownership
from nself.runtimes.compose.docker_errors import NoDiskError, NotInstalledError, PullError, SocketDeniedError
from nself.runtimes.compose.images import BuildFailedError
from nself.runtimes.compose.ownership import Identity
from tests.actions.places import written
from tests.docker.engine import Engine
from tests.runtimes.compose.programs import scripted, version

HELLO = {"CS_1": "hello:custom:8001", "CS_1_COMMAND": "cat greeting"}
DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG PIP_INDEX_URL
ARG UNRELATED=default
RUN echo "index=$PIP_INDEX_URL unrelated=$UNRELATED"
COPY greeting /
USER 10001:10001
CMD ["cat", "/greeting"]
"""


@pytest.fixture
def project(tmp_path: Path, docker: Engine, debian_image: str) -> Iterator[Project]:
    """One service of the user's own, with a Dockerfile."""
    folder = tmp_path / "services" / "hello"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "greeting").write_text("hi\n")
    found = written(tmp_path, {"PROJECT_NAME": f"images{os.getpid()}", **HELLO}, fixed=False)
    yield found
    docker.remove_images(found.name)


def environ(**more: str) -> dict[str, str]:
    return {**os.environ, "BASE_IMAGE": "nself-base:bookworm", **more}


def own(project: Project) -> Identity:
    return ownership.required(ownership.known(project.layout, LocalHost()))


def made(project: Project, *names: str, emit: object = ignore, **more: str) -> BuiltImages:
    assert callable(emit)
    return build(project, LocalHost(), environ(**more), emit, Options(only=names or ("hello",)))


def test_a_service_with_a_dockerfile_becomes_an_image(project: Project, docker: Engine) -> None:
    events: list[Event] = []
    (image,) = made(project, emit=events.append).images
    number = own(project).id
    assert (image.name, image.reference, image.built) == ("hello", f"{project.name}/hello:{number}", True)
    assert image.size_bytes > 1_000_000
    assert docker.run("run", "--rm", image.reference).stdout == "hi\n"
    labels = json.loads(docker.run("image", "inspect", image.reference).stdout)[0]["Config"]["Labels"]
    assert (labels["nself.project"], labels["nself.service"]) == (project.name, "hello")
    steps = [event.text for event in events if isinstance(event, StepStarted)]
    assert "hello: COPY greeting /" in steps
    assert '"images of hello"' in (project.layout.history / "all.jsonl").read_text()
    assert "COPY greeting" in (project.layout.logs / "images" / "hello.log").read_text()


def test_without_a_change_nothing_is_new_and_with_one_the_old_image_goes(project: Project, docker: Engine) -> None:
    (first,) = made(project).images
    (again,) = made(project).images
    assert (again.built, again.id) == (False, first.id)
    (project.root / "services" / "hello" / "greeting").write_text("hello\n")
    (changed,) = made(project).images
    assert (changed.built, changed.id != first.id) == (True, True)
    assert docker.run("image", "inspect", first.id, check=False).returncode != 0


def test_two_folders_of_one_name_have_an_image_each(project: Project, docker: Engine, tmp_path: Path) -> None:
    (mine,) = made(project).images
    other = tmp_path / "other"
    shutil.copytree(project.root / "services", other / "services")
    (other / "services" / "hello" / "greeting").write_text("not mine\n")
    (theirs,) = made(written(other, {"PROJECT_NAME": project.name, **HELLO}, fixed=False)).images
    assert theirs.reference != mine.reference
    assert docker.run("run", "--rm", mine.reference).stdout == "hi\n"
    assert docker.run("run", "--rm", theirs.reference).stdout == "not mine\n"


def test_a_mirror_reaches_the_build_and_a_password_does_not(project: Project, docker: Engine) -> None:
    made(project, PIP_INDEX_URL="https://mirror.example/simple", UNRELATED="secret")
    log = (project.layout.logs / "images" / "hello.log").read_text()
    assert "index=https://mirror.example/simple unrelated=default" in log

    events: list[Event] = []
    (image,) = made(project, emit=events.append, PIP_INDEX_URL="https://me:hunter2@mirror.example/simple").images
    assert "hunter2" not in docker.run("history", "--no-trunc", image.reference).stdout
    (warning,) = [event for event in events if isinstance(event, Warned)]
    assert "PIP_INDEX_URL holds a password" in warning.text
    assert "hunter2" not in str(events)


def test_a_failing_step_is_shown_with_its_last_words_and_leaves_nothing(project: Project, docker: Engine) -> None:
    dockerfile = project.root / "services" / "hello" / "Dockerfile"
    dockerfile.write_text(DOCKERFILE + "RUN echo 'dial tcp 10.0.0.1:443: i/o timeout' && echo broken >&2 && exit 3\n")
    with pytest.raises(BuildFailedError) as caught:
        made(project)
    message = caught.value.message
    assert message.startswith("the image of hello could not be built: step 9/")
    assert "broken" in message
    assert str(project.layout.logs / "images" / "hello.log") in caught.value.fixes[0]
    left = docker.run("ps", "--all", "--no-trunc", "--filter", "status=exited", "--format", "{{.Command}}").stdout
    assert "echo broken" not in left


def test_a_base_that_cannot_be_pulled_is_a_matter_of_the_network(project: Project) -> None:
    with pytest.raises(PullError) as caught:
        made(project, BASE_IMAGE="127.0.0.1:1/none:1")
    assert caught.value.exit_code == 6


def test_our_own_base_names_the_way_to_another(project: Project) -> None:
    with pytest.raises(PullError) as caught:
        build(project, LocalHost(), environ(), ignore, Options(only=("server",), base="127.0.0.1:1/none:1"))
    assert "127.0.0.1:1/none:1 could not be pulled" in caught.value.message
    assert "--base-image" in caught.value.fixes[0]


def test_our_image_is_known_by_name(project: Project, server_image: str, debian_image: str) -> None:
    found = build(project, LocalHost(), environ(), ignore, Options(only=("server",), base=debian_image))
    assert [(image.name, image.reference, image.built) for image in found.images] == [("server", server_image, False)]


def test_a_second_build_of_one_project_is_told_of_the_first(project: Project) -> None:
    other = LocalHost().lock(project.layout.run / "images.lock", wait_s=0, holder="nself build --images")
    with other, pytest.raises(NselfError, match="still at work") as caught:
        made(project)
    assert caught.value.exit_code == 10


def test_a_folder_without_a_dockerfile_is_a_mistake_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "services" / "hello").mkdir(parents=True)
    project = written(tmp_path, HELLO, fixed=False)
    with pytest.raises(ConfigProblemsError, match=r"services\.hello: has no Dockerfile in services/hello"):
        build(project, LocalHost(), {"PATH": "/nowhere"}, ignore)


def test_an_unknown_name_is_told_the_nearest(tmp_path: Path) -> None:
    project = written(tmp_path, HELLO, fixed=False)
    with pytest.raises(UsageError) as caught:
        build(project, LocalHost(), {"PATH": "/nowhere"}, ignore, Options(only=("helo",)))
    assert caught.value.fixes[0] == "did you mean hello?"


REFUSALS = [
    ("Cannot connect… permission denied while trying to connect to the Docker daemon socket", SocketDeniedError, 7),
    ("write /var/lib/docker/tmp/x: no space left on device", NoDiskError, 4),
]


@pytest.mark.parametrize(("said", "error", "exit_code"), REFUSALS)
def test_what_docker_refuses_midway_is_explained(
    tmp_path: Path, said: str, error: type[NselfError], exit_code: int
) -> None:
    (tmp_path / "services" / "hello").mkdir(parents=True)
    (tmp_path / "services" / "hello" / "Dockerfile").write_text("FROM scratch\n")
    project = written(tmp_path, HELLO, fixed=False)
    answers = {
        "version": (0, version(), ""),
        "image inspect": (1, "", "Error: No such image: x"),
        "build": (1, "Step 1/3 : COPY . .\n", said),
    }
    docker = scripted(tmp_path, answers)
    with pytest.raises(error) as caught:
        build(project, LocalHost(), docker.environ, ignore, Options(only=("hello",)))
    assert caught.value.exit_code == exit_code


def test_without_docker_the_exit_code_is_dockers(tmp_path: Path) -> None:
    project = written(tmp_path, fixed=False)
    with pytest.raises(NotInstalledError) as caught:
        build(project, LocalHost(), {"PATH": str(tmp_path)}, ignore)
    assert caught.value.exit_code == 4
