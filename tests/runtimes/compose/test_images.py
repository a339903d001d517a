"""What a build prints becomes steps and one telling error, whichever builder prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import NselfError
from nself.events import Event, StepStarted, ignore
from nself.host import LocalHost
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import NoDiskError, NotInstalledError, PullError
from nself.runtimes.compose.images import Builder, BuildFailedError, Recipe
from tests.runtimes.compose.programs import scripted

ABSENT = {"image inspect": (1, "", "Error: No such image: x")}
BUILDKIT = """\
#0 building with "default" instance using docker driver
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#5 [build 1/2] FROM docker.io/library/python:3.13
#5 CACHED
#6 [build 2/2] RUN pip install nothing
#6 0.321 ERROR: no such thing as nothing
#6 ERROR: process "/bin/sh -c pip install nothing" did not complete successfully: exit code: 1
------
ERROR: failed to solve: process "/bin/sh -c pip install nothing" did not complete successfully: exit code: 1
"""
MISSING = 'failed to do request: Head "https://r.example/v2/py/manifests/3": dial tcp: lookup r.example: no such host'
UNRESOLVED = f"""\
#2 [internal] load metadata for r.example/py:3
#2 ERROR: {MISSING}
ERROR: failed to solve: r.example/py:3: failed to resolve source metadata for r.example/py:3: {MISSING}
"""


def built(folder: Path, printed: str, events: list[Event] | None = None) -> NselfError:
    """The error of a build that printed this and failed."""
    docker = scripted(folder, {**ABSENT, "build": (1, printed, "")})
    seen: list[Event] = [] if events is None else events
    builder = Builder(docker=docker, host=LocalHost(), logs=folder / "logs", emit=seen.append)
    builder.begin("api")
    (folder / "context").mkdir()
    with pytest.raises(NselfError) as caught:
        builder.build(Recipe(name="api", reference="shop/api:1", context=folder / "context"))
    return caught.value


def test_steps_and_failures_of_buildkit_are_read(tmp_path: Path) -> None:
    events: list[Event] = []
    error = built(tmp_path, BUILDKIT, events)
    assert isinstance(error, BuildFailedError)
    assert error.message.startswith("the image of api could not be built: step 2/2, RUN pip install nothing")
    assert "ERROR: no such thing as nothing" in error.message
    steps = [(event.index, event.total, event.text) for event in events if isinstance(event, StepStarted)]
    assert steps == [(1, 2, "api: FROM docker.io/library/python:3.13"), (2, 2, "api: RUN pip install nothing")]
    assert (tmp_path / "logs" / "api.log").read_text() == BUILDKIT


def test_a_base_that_buildkit_cannot_find_is_a_matter_of_the_network(tmp_path: Path) -> None:
    assert isinstance(built(tmp_path, UNRESOLVED), PullError)


def test_the_network_of_a_step_is_the_steps_own_matter(tmp_path: Path) -> None:
    said = "Step 3/4 : RUN npm ci\nnpm error network request failed: dial tcp: lookup r.example: no such host\n"
    assert isinstance(built(tmp_path, said), BuildFailedError)


def test_a_full_disk_is_told_whoever_met_it(tmp_path: Path) -> None:
    said = "Step 3/4 : RUN npm ci\nnpm error ENOSPC: no space left on device, write\n"
    assert isinstance(built(tmp_path, said), NoDiskError)


def test_only_the_last_lines_are_shown_and_all_are_in_the_log(tmp_path: Path) -> None:
    error = built(tmp_path, "Step 1/2 : RUN much\n" + "".join(f"line {number}\n" for number in range(5000)))
    assert error.message.count("\n") == 12
    assert error.message.endswith("line 4999")
    assert (tmp_path / "logs" / "api.log").read_text().count("\n") == 5001


def test_a_recipe_is_docker_build_in_words(tmp_path: Path) -> None:
    recipe = Recipe(
        name="api",
        reference="shop/api:1",
        context=tmp_path,
        args={"A": "1"},
        passed=("HTTPS_PROXY",),
        labels={"nself.service": "api"},
        no_cache=True,
    )
    words = "--force-rm --tag shop/api:1 --build-arg A=1 --build-arg HTTPS_PROXY --label nself.service=api --no-cache"
    assert recipe.argv() == ["build", *words.split(), "--file", f"{tmp_path}/Dockerfile", str(tmp_path)]


def test_without_docker_the_error_says_so(tmp_path: Path) -> None:
    docker = Docker(LocalHost(), {"PATH": str(tmp_path)})
    builder = Builder(docker=docker, host=LocalHost(), logs=tmp_path / "logs", emit=ignore)
    with pytest.raises(NotInstalledError):
        builder.build(Recipe(name="api", reference="shop/api:1", context=tmp_path))


def test_an_error_holds_what_the_step_said_and_nothing_of_the_builders_own_talk(tmp_path: Path) -> None:
    said = (
        "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n"
        "            Install the buildx component to build images with BuildKit:\n"
        "            https://docs.docker.com/go/buildx/\n\n"
        "Sending build context to Docker daemon  1.9MB\n"
        "Step 1/2 : RUN make\n ---> Running in 6d11b259fa9b\n\x1b[91mno rule to make target\n\x1b[0m\n"
    )
    assert built(tmp_path, said).message == (
        "the image of api could not be built: step 1/2, RUN make\n  no rule to make target"
    )


def test_a_base_that_nobody_could_fetch_is_named(tmp_path: Path) -> None:
    said = (
        "Step 1/5 : FROM --platform=linux/amd64 python:3.13 AS build\n"
        'Get "https://r.example/v2/": dial tcp: lookup r.example on 10.0.0.1:53: connect: network is unreachable\n'
    )
    error = built(tmp_path, said)
    assert isinstance(error, PullError)
    assert error.message.startswith("the image python:3.13 could not be pulled: Get")
